# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""numa against a child that takes memory page by page."""

from __future__ import annotations

import mmap
import pathlib
import subprocess
import sys

from collecting import Collection
from truth import truth

PAGES = 5000
_TAKE = """
import mmap, sys
memory = mmap.mmap(-1, int(sys.argv[1]) * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(15)  # MADV_NOHUGEPAGE, which mmap of Python has no name for
for page in range(int(sys.argv[1])):
    memory[page * mmap.PAGESIZE] = 1
"""


def allocated() -> int:
    """Return the allocations of all nodes since boot."""
    total = 0
    for path in pathlib.Path("/sys/devices/system/node").glob("node*/numastat"):
        numbers = dict(line.split() for line in path.read_text(encoding="ascii").splitlines())
        total += int(numbers["numa_hit"]) + int(numbers["numa_miss"])
    return total


@truth("numa", "at least the test's pages, at most what the kernel counts around the window", tier=1)
def test_pages_are_allocated_on_nodes() -> None:
    assert mmap.PAGESIZE
    before = allocated()
    collection = Collection(duration=3, collectors=["numa"])
    subprocess.run([sys.executable, "-c", _TAKE, str(PAGES)], check=True)
    result = collection.result("numa")
    outside = allocated() - before
    assert (result["tier"], result["status"]) == (1, "ok")
    assert PAGES <= result["data"]["count"] <= outside
    assert all(0 <= row["misses"] <= row["count"] for row in result["data"]["items"])
