# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs whose maps are made too small for what happens: what finds no room is counted as lost, and nothing before the window."""

from __future__ import annotations

import collections.abc
import contextlib
import mmap
import pathlib
import socket
import struct
import subprocess
import sys
import time

import collecting
import disk
import named
import pytest

sys.path.insert(0, str(collecting.COLLECTIONS))

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import loader
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import by_name
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits

TIMES = 400


class Small:
    """A collector's programs, attached, with less room than they have otherwise."""

    def __init__(self, collector: str, **sizes: int) -> None:
        """`sizes` are entries by map."""
        spec = by_name(collector).native
        assert spec is not None
        self._spec = spec
        self._loaded = loader.load(spec.program, sizes)
        self._loaded.attach(spec.targets() if spec.targets else None)

    def open(self) -> None:
        """Begin to count."""
        now = time.monotonic_ns()
        self._loaded.maps.set_variable("window", struct.pack("=QQ", now, now + 60 * 10**9))

    def answer(self) -> Answer:
        """Return what was found."""
        self._loaded.detach()
        answer: Answer = self._spec.read(self._loaded.maps, Limits())
        self._loaded.close()
        return answer


def knock(address: str) -> None:
    """Send datagrams to a closed port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as knocker:
        for _ in range(TIMES):
            knocker.sendto(b"x", (address, 9))


def touch() -> None:
    """Have page faults."""
    pages = mmap.mmap(-1, TIMES * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    pages.madvise(mmap.MADV_NOHUGEPAGE)
    for at in range(0, len(pages), mmap.PAGESIZE):
        pages[at] = 1
    pages.close()


def connect() -> None:
    """Connect, and close again."""
    with socket.create_server(("127.0.0.1", 0), backlog=TIMES) as server, contextlib.ExitStack() as opened:
        for _ in range(TIMES):
            opened.enter_context(socket.create_connection(server.getsockname()))


Work = collections.abc.Callable[[], None]


def overflow(small: Small, first: Work, second: Work) -> Answer:
    """Work once before the window and once, by two kinds of work, in it."""
    second()
    small.open()
    first()
    second()
    return small.answer()


def test_skbdrop() -> None:
    answer = overflow(Small("skbdrop", drops=1), lambda: knock("127.0.0.1"), lambda: knock("::1"))
    assert answer.lost is not None
    assert answer.lost >= TIMES
    assert len(answer.data["items"]) == 1
    assert answer.data["count"] + answer.lost >= 2 * TIMES


@pytest.mark.parametrize(("collector", "sizes"), [("bitesize", {"hists": 1}), ("biotop", {"uses": 1})])
def test_disks(tmp_path: pathlib.Path, collector: str, sizes: dict[str, int]) -> None:
    with disk.loop(tmp_path) as device:
        answer = overflow(
            Small(collector, **sizes),
            lambda: disk.direct(device, 4096, writes=1, reads=0),
            lambda: disk.direct(device, 4096, writes=TIMES, reads=TIMES),
        )
    # Of reads and writes one kind at most found room, if not another device's.
    assert answer.lost is not None
    assert answer.lost >= TIMES
    assert len(answer.data.get("series", answer.data.get("items"))) == 1


def test_pagefaults() -> None:
    # One process finds room; whichever it is, what another meets is lost: this one, or the one that it starts.
    started = "import mmap\np = mmap.mmap(-1, %d * 4096)\nfor a in range(0, len(p), 4096): p[a] = 1" % TIMES
    answer = overflow(
        Small("pagefaults", processes=1),
        touch,
        lambda: subprocess.run([sys.executable, "-c", started], check=True) and None,
    )
    assert answer.lost is not None
    assert answer.lost >= TIMES
    assert len(answer.data["items"]) == 1


def test_tcpconnlat() -> None:
    # Connections within the host come about while connect() runs, one after the other: room for one is room for all.
    answer = overflow(Small("tcpconnlat", start=1), lambda: None, connect)
    assert answer.data["count"] + answer.lost >= TIMES
    assert answer.data["count"] >= TIMES // 2
    assert answer.data["count"] < 2 * TIMES, "those before the window were counted"


def test_tcplife() -> None:
    answer = overflow(Small("tcplife", names=1, lives=1, first=4096), lambda: None, connect)
    sessions, events = answer.data["count"], answer.data["events"]
    assert 2 * TIMES <= sessions < 4 * TIMES, "both ends, and those before the window not"
    assert answer.lost == sessions - len(events) > 0
    # Who found no room is not known by age.
    assert sum(event["us"] is None for event in events) > len(events) // 2


def test_tcpstates() -> None:
    # Two sockets of each connection stay open until all are closed: of their changes, one finds room.
    answer = overflow(Small("tcpstates", last=1), lambda: None, connect)
    assert answer.lost is not None
    assert answer.lost >= 2 * TIMES
    assert any("found no room" in note for note in answer.notes)


def ask(name: bytes) -> None:
    """Look up numbers, as a process of that name."""
    assert named.run(name, lambda: [socket.getaddrinfo("127.0.0.1", 80) for _ in range(TIMES)]) == 0


def test_gethostlatency() -> None:
    answer = overflow(Small("gethostlatency", hists=1), lambda: ask(b"ebpffleet_one"), lambda: ask(b"ebpffleet_two"))
    assert answer.lost is not None
    assert answer.lost >= TIMES
    assert len(answer.data["series"]) == 1
    assert 2 * TIMES <= answer.data["count"] + answer.lost < 3 * TIMES, "those before the window were counted"
