# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""runqlat against the scheduler's own account of how long each task waited (/proc/PID/schedstat)."""

from __future__ import annotations

import os
import pathlib
import time

from collecting import Collection, answered, asking, native
from truth import tiers

WORKERS, SECONDS = 4, 1.5


def waited(pid: int) -> tuple[int, int]:
    """Return a thread's (time waited in ns, number of times run): Documentation/scheduler/sched-stats.rst."""
    _ran, delay, count = pathlib.Path("/proc/%d/schedstat" % pid).read_text(encoding="ascii").split()
    return int(delay), int(count)


def burn() -> int:
    """Start a child that spins on CPU 0 for a while, then sleeps until it is killed; return its process id."""
    pid = os.fork()
    if pid == 0:
        os.sched_setaffinity(0, {0})
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            pass
        time.sleep(60)
        os._exit(0)
    return pid


@tiers("runqlat", dict.fromkeys((3, 2, 1), "at least /proc/PID/schedstat of the test's processes"))
def test_agrees_with_the_scheduler(tier: int) -> None:
    collection = Collection(duration=4, collectors=["runqlat"], **asking(tier))
    children = [burn() for _ in range(WORKERS)]
    try:
        time.sleep(SECONDS + 0.5)
        delays = [waited(pid) for pid in children]
        # Meanwhile they sleep: of threads that have ended, some kernels tell tier 1 nothing.
        data = answered(collection.result("runqlat"), tier)
    finally:
        for pid in children:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    own_us, own_count = sum(delay for delay, _ in delays) // 1000, sum(count for _, count in delays)
    # Four spinning tasks share one CPU: each waits three quarters of the time.
    assert own_us > 0.5 * SECONDS * (WORKERS - 1) * 1e6
    # Every wait of theirs is in the histogram, and the rest of the machine's besides: a moment's difference in where the two
    # clocks are read is what the 5% allow.
    if tier != 2:  # whose tool does not tell the sum
        assert data["total"] >= own_us * 0.95
    assert data["count"] >= own_count * 0.95
    if tier == 1:
        return
    # The rest of the machine waits too, but not for longer than its CPUs could have been shared.
    (row,) = data["series"]
    long_waits = sum(count for lo, _hi, count in row["buckets"] if lo >= 1024)
    assert long_waits >= own_count / 4, "waiting behind a spinning task takes milliseconds"


def test_histogram_adds_up() -> None:
    collection = Collection(duration=1, collectors=["runqlat"])
    for _ in range(200):
        time.sleep(0.001)
    data = native(collection.result("runqlat"))
    (row,) = data["series"]
    assert row["count"] == data["count"] == sum(count for _lo, _hi, count in row["buckets"]) >= 200
    low = sum(lo * count for lo, _hi, count in row["buckets"])
    high = sum(hi * count for _lo, hi, count in row["buckets"])
    assert low <= row["total"] <= high
