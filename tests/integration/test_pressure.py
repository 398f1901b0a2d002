# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pressure against more busy processes than there are CPUs, bounded by what the kernel adds up around the window."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import time

from collecting import Collection
from truth import truth

_BUSY = "import time\nend = time.monotonic() + 1.5\nwhile time.monotonic() < end: pass"


def stalled() -> int:
    """Return for how many microseconds some task has waited for a CPU since boot."""
    return int(pathlib.Path("/proc/pressure/cpu").read_text(encoding="ascii").splitlines()[0].rpartition("=")[2])


@truth("pressure", "between counts of /proc/pressure/cpu within and around the window", tier=1)
def test_more_work_than_cpus() -> None:
    before = stalled()
    collection = Collection(duration=7, collectors=["pressure"])
    inside, began = stalled(), time.monotonic()
    busy = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(2 * (os.cpu_count() or 0))]
    for process in busy:
        assert process.wait() == 0
    inside, took = stalled() - inside, time.monotonic() - began
    result = collection.result("pressure")
    outside = stalled() - before
    assert (result["tier"], result["status"]) == (1, "ok")
    found = {row["labels"]["stall"]: row for row in result["data"]["items"]}
    some = found["cpu some"]
    assert 1_000_000 <= inside <= some["count"] <= outside
    assert inside <= 1e6 * took
    assert some["share"] == round(some["count"] / 1e6 / result["window"]["seconds"], 6)
    assert "cpu full" not in found  # of the whole host there is none: something always runs
