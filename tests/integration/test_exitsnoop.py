# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""exitsnoop against processes whose end the test knows: it is their parent."""

from __future__ import annotations

import collections
import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import typing as t

import named
import pytest
from collecting import Collection, answered, asking, native
from truth import EXACT, tiers, truth

ENDS: dict[str, tuple[int, t.Callable[[], None]]] = {
    "well": (40, lambda: None),
    "3": (30, lambda: os._exit(3)),
    "255": (5, lambda: os._exit(255)),
    "killed": (7, lambda: os.kill(os.getpid(), signal.SIGKILL)),
    "fault": (4, lambda: os.kill(os.getpid(), signal.SIGSEGV)),
    "realtime": (2, lambda: os.kill(os.getpid(), signal.SIGRTMIN + 3)),
}

FLOOD = """
import os
for number in range(%d):
    pid = os.fork()
    if not pid:
        with open("/proc/self/comm", "wb", 0) as comm:
            comm.write(b"flood%%d" %% number)
        os._exit(0)
    os.waitpid(pid, 0)
"""


def reasons(data: dict[str, t.Any], process: str) -> dict[tuple[int | None, str | None], int]:
    """Return how often a process ended with (code, signal)."""
    return {
        (row["labels"]["code"], row["labels"]["signal"]): row["count"]
        for row in data["items"]
        if row["labels"]["process"] == process
    }


@pytest.fixture(autouse=True)
def _no_cores() -> None:
    """Leave no core files."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


@tiers("exitsnoop", {3: EXACT, 2: EXACT})
def test_tells_each_end_and_its_reason(tier: int) -> None:
    collection = Collection(duration=6, collectors=["exitsnoop"], max_items=10000, **asking(tier))
    statuses: collections.Counter[int] = collections.Counter()
    for times, end in ENDS.values():
        statuses.update(named.run(b"ebpffleet_end", end) for _ in range(times))
    data = answered(collection.result("exitsnoop"), tier)
    expected = {
        (os.WEXITSTATUS(status), None) if os.WIFEXITED(status) else (None, _name(os.WTERMSIG(status))): times
        for status, times in statuses.items()
    }
    assert reasons(data, "ebpffleet_end") == expected
    assert len(expected) == len(ENDS)
    assert sum(row["count"] for row in data["items"]) == data["count"]


def _name(number: int) -> str:
    realtime = number - signal.SIGRTMIN
    return "SIGRTMIN+%d" % realtime if realtime > 0 else signal.Signals(number).name


def test_a_process_ends_once_however_many_threads_it_has() -> None:
    def work() -> None:
        for _ in range(8):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        threading.Thread(target=os._exit, args=(9,)).start()
        time.sleep(60)

    collection = Collection(duration=3, collectors=["exitsnoop"], max_items=10000)
    for _ in range(20):
        assert os.WEXITSTATUS(named.run(b"ebpffleet_many", work)) == 9
    assert reasons(native(collection.result("exitsnoop")), "ebpffleet_many") == {(9, None): 20}


@pytest.mark.skipif(
    tuple(map(int, os.uname().release.split(".")[:2])) < (6, 16), reason="the tracepoint does not tell the last thread"
)
def test_a_process_that_outlives_its_first_thread() -> None:
    def later() -> None:
        time.sleep(0.3)
        os._exit(5)

    def work() -> None:
        threading.Thread(target=later).start()
        ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)  # exit: of this thread only

    collection = Collection(duration=3, collectors=["exitsnoop"], max_items=10000)
    assert os.WEXITSTATUS(named.run(b"ebpffleet_first", work)) == 5
    assert reasons(native(collection.result("exitsnoop")), "ebpffleet_first") == {(5, None): 1}


@pytest.mark.parametrize(
    ("name", "shown"), [(b"\xff\xfeend", "\ufffd\ufffdend"), (b"<b>&\"'", "<b>&\"'"), (b"a\x1b[31m b", "a\ufffd[31m b")]
)
def test_names_of_any_bytes(name: bytes, shown: str) -> None:
    collection = Collection(duration=2, collectors=["exitsnoop"], max_items=10000)
    named.run(name, lambda: os._exit(77))
    assert reasons(native(collection.result("exitsnoop")), shown) == {(77, None): 1}


def test_a_flood_of_names_is_counted_as_lost() -> None:
    names = 4500
    collection = Collection(duration=30, collectors=["exitsnoop"], max_items=10000)
    subprocess.run(
        [sys.executable, "-I", "-S", "-c", FLOOD % names], check=True
    )  # forks faster than all of pytest does
    result = collection.result("exitsnoop")
    assert (result["status"], result["reason"]["code"]) == ("truncated", "lost")
    data = result["data"]
    assert len(data["items"]) == 4096
    assert sum(row["count"] for row in data["items"]) + result["lost"] == data["count"]
    mine = sum(row["count"] for row in data["items"] if row["labels"]["process"].startswith("flood"))
    assert mine + result["lost"] >= names


@truth("exitsnoop", "at least the test's processes", tier=1)
def test_tier_1_knows_how_many_at_least() -> None:
    collection = Collection(duration=8, collectors=["exitsnoop"], tier="1")
    for _ in range(100):
        named.run(b"ebpffleet_end", lambda: None)
    result = collection.result("exitsnoop")
    assert (result["tier"], result["status"], result["lost"]) == (1, "ok", None)
    assert result["data"]["count"] >= 100 - 5, "the two files are not read at the same moment"
