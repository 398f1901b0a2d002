# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reclaim and thp against a file that is read page by page, and memory that is wanted in huge pages."""

from __future__ import annotations

import mmap
import os
import pathlib

from collecting import Collection
from disk import loop
from memory import vmstat
from truth import truth

PAGES, HUGE = 200, 8
_SIZE = pathlib.Path("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")


@truth("reclaim", "at least what /proc/vmstat counts within the window, at most around it", tier=1)
def test_pages_that_a_program_waits_for(tmp_path: pathlib.Path) -> None:
    with loop(tmp_path) as device:
        (before,) = vmstat("pgmajfault")
        collection = Collection(duration=3, collectors=["reclaim"])
        file = os.open(device, os.O_RDONLY)
        mapped = mmap.mmap(file, PAGES * mmap.PAGESIZE, prot=mmap.PROT_READ)
        mapped.madvise(mmap.MADV_RANDOM)  # no page is read ahead
        (was,) = vmstat("pgmajfault")
        assert not any(mapped[page * mmap.PAGESIZE] for page in range(PAGES))
        (now,) = vmstat("pgmajfault")
        mapped.close()
        os.close(file)
        result = collection.result("reclaim")
        (after,) = vmstat("pgmajfault")
    assert (result["tier"], result["status"]) == (1, "ok")
    found = {row["labels"]["counter"]: row["count"] for row in result["data"]["items"]}
    assert PAGES <= now - was <= found["pgmajfault"] <= after - before


@truth("thp", "at least the test's huge pages, at most what /proc/vmstat counts around the window", tier=1)
def test_huge_pages() -> None:
    names = ("thp_fault_alloc", "thp_fault_fallback")
    size = int(_SIZE.read_text(encoding="ascii"))
    before = vmstat(*names)
    collection = Collection(duration=3, collectors=["thp"])
    memory = mmap.mmap(-1, (HUGE + 1) * size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    for at in range(0, len(memory), mmap.PAGESIZE):
        memory[at] = 1
    memory.close()
    result = collection.result("thp")
    after = vmstat(*names)
    found = {row["labels"]["counter"]: row for row in result["data"]["items"]}
    counts = [found[name]["count"] if name in found else 0 for name in names]
    # Of nine sizes that begin anywhere, eight are aligned; each is a huge page, or an attempt at one that fell back.
    assert HUGE <= sum(counts) <= sum(after) - sum(before)
    if counts[1]:
        assert found["thp_fault_fallback"]["of"] == sum(counts)
