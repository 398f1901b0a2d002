# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gethostlatency against calls of the C library that the test makes, and against a name server that takes its time."""

from __future__ import annotations

import collections.abc
import contextlib
import ctypes
import pathlib
import shutil
import socket
import threading
import time
import typing as t

import named
import pytest
from alone import Alone
from collecting import Collection, answered, asking, native
from truth import EXACT, tiers

CALLS = {"getaddrinfo": 300, "gethostbyname": 200, "gethostbyname2": 100}
IN_VAIN = 25
DELAY, NAMES = 0.3, 6  # seconds that the name server takes, at the lower end of a bucket


def rows_of(data: dict[str, t.Any], comm: str) -> dict[str | None, dict[str, t.Any]]:
    """Return a name's distributions by function."""
    return {row["labels"]["function"]: row for row in data["series"] if row["labels"]["comm"] == comm}


@tiers("gethostlatency", {3: EXACT + "; time at most what the process took", 2: "at least the test's calls"})
def test_counts_each_call_by_process_and_function(tier: int) -> None:
    libc = ctypes.CDLL(None)
    libc.gethostbyname.restype = libc.gethostbyname2.restype = ctypes.c_void_p

    def work() -> None:
        for _ in range(CALLS["getaddrinfo"] - IN_VAIN):
            socket.getaddrinfo("127.0.0.1", 80)
        for _ in range(IN_VAIN):
            with contextlib.suppress(socket.gaierror):
                socket.getaddrinfo("no.number", 80, flags=socket.AI_NUMERICHOST)
        for _ in range(50):
            socket.getaddrinfo(None, 80)  # asks for no name
        for _ in range(CALLS["gethostbyname"]):
            assert libc.gethostbyname(b"127.0.0.1")
        for _ in range(CALLS["gethostbyname2"]):
            assert libc.gethostbyname2(b"::1", socket.AF_INET6)

    collection = Collection(duration=5, collectors=["gethostlatency"], **asking(tier))
    begun = time.monotonic()
    assert named.run(b"ebpffleet_host", work) == 0
    taken = (time.monotonic() - begun) * 1e6
    result = collection.result("gethostlatency")
    data = answered(result, tier)
    rows = rows_of(data, "ebpffleet_host")
    if tier == 2:  # whose tool does not tell the function, nor calls for no name apart
        assert sum(CALLS.values()) <= rows[None]["count"] <= sum(CALLS.values()) + 50
        return
    assert {function: row["count"] for function, row in rows.items()} == CALLS
    assert 0 < sum(row["total"] for row in rows.values()) < taken
    for row in data["series"]:
        assert row["count"] == sum(count for _lo, _hi, count in row["buckets"])
    (note,) = [note for note in result["notes"] if "found no address" in note]
    assert int(note.split()[0]) >= IN_VAIN
    assert result["cost"]["attach"] == "uprobe+uretprobe"


def test_threads_are_their_process_s() -> None:
    def ask() -> None:
        with open("/proc/thread-self/comm", "wb") as comm:
            comm.write(b"ebpffleet_other")
        for _ in range(100):
            socket.getaddrinfo("127.0.0.1", 80)

    def work() -> None:
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    collection = Collection(duration=5, collectors=["gethostlatency"])
    assert named.run(b"ebpffleet_main", work) == 0
    data = native(collection.result("gethostlatency"))
    assert rows_of(data, "ebpffleet_main")["getaddrinfo"]["count"] == 800
    assert not rows_of(data, "ebpffleet_other")


# A name server with one address for every name, late; a name that begins with "never" gets no answer.
_NAME_SERVER = """
import socket, sys, threading
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
print("listening", flush=True)
while True:
    query, client = server.recvfrom(512)
    question = query[12 : query.index(0, 12) + 5]
    head = query[:2] + b"\\x81\\x80\\0\\1\\0\\1\\0\\0\\0\\0"
    answer = head + question + b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\0\\0\\4\\xc0\\0\\2\\1"
    if not question[1:].startswith(b"never"):
        threading.Timer(float(sys.argv[1]), server.sendto, (answer, client)).start()
"""
_ASK = """
import socket, sys
with open("/proc/self/comm", "wb") as comm:
    comm.write(sys.argv[1].encode())
print("asking", flush=True)
for number in range(int(sys.argv[3])):
    found = socket.getaddrinfo(sys.argv[2] % number, 80, socket.AF_INET, socket.SOCK_STREAM)
    assert found[0][4] == ("192.0.2.1", 80), found
"""


@pytest.fixture
def served() -> collections.abc.Iterator[Alone]:
    """A namespace with the name server; `ip netns exec` puts these files in the place of those in /etc."""
    namespace = Alone("names")
    folder = pathlib.Path("/etc/netns", namespace.name)
    mine = not folder.parent.exists()
    try:
        folder.mkdir(parents=True)
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:1\n")
        (folder / "nsswitch.conf").write_text("hosts: files dns\n")
        server = namespace.start(_NAME_SERVER, str(DELAY))
        try:
            yield namespace
        finally:
            server.kill()
            server.communicate()
    finally:
        shutil.rmtree(folder)
        if mine:
            folder.parent.rmdir()
        namespace.close()


def test_a_name_takes_as_long_as_its_server(served: Alone) -> None:
    collection = Collection(duration=8, collectors=["gethostlatency"])
    hanging = served.start(_ASK, "ebpffleet_never", "never%d.example.", "1")
    served.python(_ASK, "ebpffleet_late", "name%d.example.", str(NAMES))
    hanging.kill()
    hanging.communicate()
    data = native(collection.result("gethostlatency"))
    (row,) = rows_of(data, "ebpffleet_late").values()
    assert row["count"] == NAMES
    assert [tuple(one) for one in row["buckets"]] == [(262144, 524288, NAMES)]
    assert NAMES * DELAY * 1e6 <= row["total"] < NAMES * 524288
    assert not rows_of(data, "ebpffleet_never"), "it never came back"
