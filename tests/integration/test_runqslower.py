# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""runqslower against waits of a known length, and the scheduler's own account of them (/proc/PID/schedstat)."""

from __future__ import annotations

import os
import pathlib
import time

import named
import truth
from collecting import Collection, answered, asking, native
from truth import tiers

LONG_US = 10000
TURNS, TURN = 10, 0.05
WORKERS, SECONDS = 8, 2.0


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def victim() -> None:
    """Want CPU 0 all the time."""
    os.sched_setaffinity(0, {0})
    spin(TURNS * TURN * 2 + 2)


def bully() -> None:
    """Keep CPU 0 for a while, several times, from everybody who is not in a real-time class."""
    os.sched_setaffinity(0, {0})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    named.call_me(b"ebpffleet_bully")  # not before: until now it had to wait as all do
    for _ in range(TURNS):
        spin(TURN)
        time.sleep(TURN)


def test_who_is_kept_from_the_cpu_waits_that_long() -> None:
    collection = Collection(duration=6, collectors=["runqslower"])
    pid = named.fork(b"ebpffleet_victm", victim)
    try:
        time.sleep(0.2)
        assert named.run(b"ebpffleet_begin", bully) == 0
    finally:
        named.kill(pid)
    rows = {row["labels"]["comm"]: row for row in native(collection.result("runqslower"))["items"]}
    row = rows["ebpffleet_victm"]
    assert row["count"] >= TURNS
    assert row["total_us"] >= TURNS * TURN * 1e6 * 0.95
    assert row["longest_us"] >= TURN * 1e6 * 0.95
    assert (row["tid"], row["threads"]) == (pid, 1)
    assert rows.get("ebpffleet_bully", {"count": 0})["count"] == 0, "it waits for nobody"


def burn(gate: int) -> None:
    """Wait until the gate is closed, spin on CPU 0 together with the others, then sleep until killed."""
    os.sched_setaffinity(0, {0})
    os.read(gate, 1)
    spin(SECONDS)
    time.sleep(60)


def accounts(pids: list[int]) -> tuple[int, int]:
    """Return for how many nanoseconds processes have waited, and how often they ran."""
    lines = [pathlib.Path("/proc/%d/schedstat" % pid).read_text(encoding="ascii").split() for pid in pids]
    return sum(int(delay) for _ran, delay, _count in lines), sum(int(count) for _ran, _delay, count in lines)


@tiers(
    "runqslower",
    dict.fromkeys(
        (3, 2), "at most /proc/PID/schedstat of the test's processes, at least that but for waits below 10 ms"
    ),
)
def test_agrees_with_the_scheduler(tier: int) -> None:
    collection = Collection(duration=6, collectors=["runqslower"], **asking(tier))
    gate, opener = os.pipe()

    def work() -> None:
        os.close(opener)
        burn(gate)

    children = [named.fork(b"ebpffleet_queue", work) for _ in range(WORKERS)]
    try:
        time.sleep(0.5 * truth.SLOW)  # until all have their name and wait at the gate
        before = accounts(children)
        os.close(opener)
        time.sleep(SECONDS + 1)
        after = accounts(children)
    finally:
        os.close(gate)
        for pid in children:
            named.kill(pid)
    waited_us, waits = (after[0] - before[0]) / 1000, after[1] - before[1]
    (row,) = [
        row
        for row in answered(collection.result("runqslower"), tier)["items"]
        if row["labels"] == {"comm": "ebpffleet_queue"}
    ]
    assert row["threads"] <= WORKERS
    assert row["count"] <= waits
    assert row["count"] * LONG_US <= row["total_us"] <= waited_us * 1.02
    # All that they waited is what is given here and, of each other wait, 10 ms at most.
    assert row["total_us"] >= (waited_us - (waits - row["count"]) * LONG_US) * 0.98
    assert row["total_us"] > 0.2 * waited_us, "eight that spin on one CPU wait long"
