# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""syscount against programs that make a known number of calls."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import platform
import time
import typing as t

import named
import pytest
from collecting import Collection, answered, asking, native
from truth import EXACT, tiers

CALLS, FAILURES, NAPS, NAP = 30000, 700, 10, 0.05


def rows_of(data: dict[str, t.Any], process: str) -> dict[str, dict[str, t.Any]]:
    """Return a process's rows by call."""
    return {row["labels"]["syscall"]: row for row in data["items"] if row["labels"]["process"] == process}


def call() -> None:
    """Call, call in vain, and sleep."""
    for _ in range(CALLS):
        os.getppid()
    for _ in range(FAILURES):
        with contextlib.suppress(OSError):
            os.close(1000000)
    libc = ctypes.CDLL(None)  # Python's sleep is another call in other versions
    nap = (ctypes.c_long * 2)(0, round(NAP * 1e9))
    for _ in range(NAPS):
        assert libc.clock_nanosleep(time.CLOCK_MONOTONIC, 0, nap, None) == 0


@tiers("syscount", {3: EXACT + "; time at most what the process took", 2: "at least the test's calls and their time"})
def test_counts_each_call_and_its_time(tier: int) -> None:
    collection = Collection(duration=8, collectors=["syscount"], max_items=10000, **asking(tier))
    begun = time.monotonic()
    assert named.run(b"ebpffleet_call", call) == 0
    took_us = (time.monotonic() - begun) * 1e6
    data = answered(collection.result("syscount"), tier)
    if tier == 2:  # whose tool does not tell the process
        every = {row["labels"]["syscall"]: row for row in data["items"]}
        assert every["getppid"]["count"] >= CALLS
        assert every["clock_nanosleep"]["count"] >= NAPS
        assert every["clock_nanosleep"]["total_us"] >= NAPS * NAP * 1e6
        return
    rows = rows_of(data, "ebpffleet_call")
    assert (rows["getppid"]["count"], rows["getppid"]["errors"]) == (CALLS, 0)
    assert 0 < rows["getppid"]["total_us"] < took_us
    assert rows["close"]["errors"] == FAILURES
    assert rows["close"]["count"] >= FAILURES
    assert rows["clock_nanosleep"]["count"] == NAPS
    # They slept all that time, and not more than there was.
    assert NAPS * NAP * 1e6 <= rows["clock_nanosleep"]["total_us"] <= took_us
    assert rows["exit_group"]["count"] == 1, "a call that does not return ends with the thread"
    assert sum(row["count"] for row in data["items"]) == data["count"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the machine's own way to make a call of 32-bit programs")
def test_calls_of_32_bit_programs_are_not_taken_for_others() -> None:
    # mov eax, 20 (getpid in their table, writev in that of 64 bits); int 0x80; ret
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    getpid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))

    def work() -> None:
        assert getpid() == os.getpid()
        for _ in range(99):
            getpid()

    collection = Collection(duration=3, collectors=["syscount"], max_items=10000)
    assert named.run(b"ebpffleet_32bit", work) == 0
    rows = rows_of(native(collection.result("syscount")), "ebpffleet_32bit")
    assert rows["32-bit call 20"]["count"] == 100
    assert "writev" not in rows


def test_a_flood_of_names_is_counted_as_lost() -> None:
    names = 5000

    def work() -> None:
        for number in range(names):
            named.call_me(b"flood%d" % number)
            os.getppid()

    collection = Collection(duration=8, collectors=["syscount"], max_items=4096)
    assert named.run(b"ebpffleet_flood", work) == 0
    result = collection.result("syscount")
    assert (result["status"], result["reason"]["code"]) == ("truncated", "lost")
    data = result["data"]
    kept = sum(row["count"] for row in data["items"])
    assert len(data["items"]) <= 4096
    assert kept + result["lost"] == data["count"], "what is not kept by name is counted all the same"
    mine = sum(row["count"] for row in data["items"] if row["labels"]["process"].startswith("flood"))
    assert mine + result["lost"] >= 2 * names, "at least a getppid and a write under each name"
