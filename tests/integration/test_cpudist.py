# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cpudist against the scheduler's own account of how long each task ran (/proc/PID/schedstat), and of all CPUs (/proc/stat)."""

from __future__ import annotations

import os
import pathlib
import time

import named
from collecting import Collection, answered, asking, native
from truth import tiers

WORKERS, SECONDS = 3, 1.5


def ran(pid: int) -> tuple[int, int]:
    """Return a thread's (time run in ns, number of times run): Documentation/scheduler/sched-stats.rst."""
    time_ns, _delay, count = pathlib.Path("/proc/%d/schedstat" % pid).read_text(encoding="ascii").split()
    return int(time_ns), int(count)


def busy_us() -> float:
    """Return what all CPUs have done since boot but be idle, in microseconds."""
    user, nice, system, _idle, _iowait, *rest = map(
        int, pathlib.Path("/proc/stat").read_text(encoding="ascii").split("\n")[0].split()[1:]
    )
    return (user + nice + system + sum(rest[:3])) * 1e6 / os.sysconf("SC_CLK_TCK")


def burn() -> None:
    """Spin on CPU 0 for a while, then sleep until killed."""
    os.sched_setaffinity(0, {0})
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        pass
    time.sleep(60)


@tiers("cpudist", dict.fromkeys((3, 2, 1), "at least /proc/PID/schedstat of the test's processes, at most /proc/stat"))
def test_agrees_with_the_scheduler(tier: int) -> None:
    busy = busy_us()
    collection = Collection(duration=4, collectors=["cpudist"], **asking(tier))
    children = [named.fork(b"ebpffleet_burn", burn) for _ in range(WORKERS)]
    try:
        time.sleep(SECONDS + 0.5)
        accounts = [ran(pid) for pid in children]
        # Meanwhile they sleep: of threads that have ended, some kernels tell tier 1 nothing.
        data = answered(collection.result("cpudist"), tier)
    finally:
        for pid in children:
            named.kill(pid)
    busy = busy_us() - busy
    own_us, own_count = sum(time_ns for time_ns, _ in accounts) / 1000, sum(count for _, count in accounts)
    # Three spinning tasks share one CPU with whoever else wants it.
    assert own_us > 0.1 * SECONDS * 1e6
    # Each turn of theirs is in the histogram: a moment's difference in where the clocks are read is what the 2% allow.
    assert data["count"] >= own_count
    (row,) = data["series"]
    if tier != 2:  # whose tool does not tell the sum
        assert data["total"] >= own_us * 0.98
        # And nothing but what the CPUs did: the kernel's own figure is sampled at ticks, which the 15% and the tenth allow.
        assert data["total"] <= busy * 1.15 + 1e5
    if tier == 1:
        return
    long_turns = sum(count for lo, _hi, count in row["buckets"] if lo >= 1024)
    assert long_turns >= own_us / 100000, (
        "whoever spins leaves the CPU after milliseconds, and not after tenths of a second"
    )


def test_idle_time_is_nobodys() -> None:
    collection = Collection(duration=2, collectors=["cpudist"])
    for _ in range(100):
        time.sleep(0.01)
    data = native(collection.result("cpudist"))
    (row,) = data["series"]
    assert row["count"] == data["count"] == sum(count for _lo, _hi, count in row["buckets"]) >= 100
    low = sum(lo * count for lo, _hi, count in row["buckets"])
    high = sum(hi * count for _lo, hi, count in row["buckets"])
    assert low <= row["total"] <= high
    assert row["total"] < 2.1e6 * (os.cpu_count() or 1)
