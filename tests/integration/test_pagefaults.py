# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pagefaults against pages that a process touches for the first time, and the kernel's own count of its faults."""

from __future__ import annotations

import platform
import subprocess
import sys
import time

import pytest
from collecting import Collection
from truth import truth

PAGES = 20000

# Pages of its own, none of them a part of a huge one. What it says are its faults by the kernel's count, before and after.
_TOUCH = """
import mmap, os, resource, sys
count = int(sys.argv[1])
def faults():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_minflt + usage.ru_majflt
pages = mmap.mmap(-1, count * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
pages.madvise(mmap.MADV_NOHUGEPAGE)
print("ready", flush=True)
sys.stdin.readline()
before = faults()
for at in range(0, count * mmap.PAGESIZE, mmap.PAGESIZE):
    pages[at] = 1
print(faults() - before, flush=True)
sys.stdin.readline()
"""


def touched(collection_options: dict[str, object]) -> tuple[dict[str, object], int, int]:
    """Return a result, the toucher's process id, and its faults by the kernel's count while it touched the pages."""
    with subprocess.Popen(
        [sys.executable, "-c", _TOUCH, str(PAGES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as toucher:
        assert toucher.stdin is not None
        assert toucher.stdout is not None
        toucher.stdout.readline()
        collection = Collection(duration=8, collectors=["pagefaults"], max_items=10000, **collection_options)
        time.sleep(1)  # the first sample of all processes takes its time at tier 1
        toucher.stdin.write("go\n")
        toucher.stdin.flush()
        counted = int(toucher.stdout.readline())
        result = collection.result("pagefaults")
        toucher.communicate("end\n", timeout=10)
    return result, toucher.pid, counted


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the kernel has this tracepoint on x86 alone")
@truth("pagefaults", "at least the test's pages, at most the kernel's count of the process and 100")
def test_first_touches() -> None:
    result, pid, counted = touched({})
    assert (result["tier"], result["attempts"]) == (3, [])
    rows = result["data"]["items"]  # type: ignore[index]
    # Where thousands of processes start within seconds, the faults of the last ones find no room, and that is said.
    assert bool(result["lost"]) == (len(rows) == 4096)
    (row,) = [row for row in rows if row["labels"]["pid"] == pid]
    assert counted >= PAGES
    # Each page is one fault, by writing, of a page that is not there. A few more are the interpreter's own, before and after.
    assert PAGES <= row["count"] <= counted + 100, (row, counted)
    assert row["write"] >= PAGES
    assert row["present"] <= 100


@truth("pagefaults", "at least the kernel's count of the process, at most 100 more", tier=1)
def test_at_tier_1_it_is_the_kernels_count() -> None:
    result, pid, counted = touched({"tier": "1"})
    assert result["tier"] == 1
    (row,) = [row for row in result["data"]["items"] if row["labels"]["pid"] == pid]  # type: ignore[index]
    assert counted <= row["count"] <= counted + 100
