# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drsnoop against a cgroup that is too small for what its process reads, and the kernel's own count of hits of the limit."""

from __future__ import annotations

import os
import pathlib

from collecting import Collection, native
from memory import Limited
from truth import truth

MIB = 1 << 20

# Reads a file that is larger than the limit: pages of the cache must go for others to come.
_READER = """
import sys, time
open("/proc/self/comm", "w").write("ef-reclaimer")
begun = time.monotonic()
with open(sys.argv[1], "rb", buffering=0) as stream:
    while stream.read(1 << 16):
        pass
print(time.monotonic() - begun)
"""


@truth("drsnoop", "a third to all of the cgroup's hits of its limit; time at most what the reader took")
def test_stalls_at_a_cgroups_limit(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(96 * MIB))
    with open(file, "rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # else its pages are here, and another cgroup's
    limited = Limited("reclaim", 24 * MIB)
    try:
        collection = Collection(duration=8, collectors=["drsnoop"])
        before = limited.failed_charges()
        done = limited.python(_READER, str(file))
        after = limited.failed_charges()
        data = native(collection.result("drsnoop"))
    finally:
        limited.close()
    assert done.returncode == 0
    hits = after - before
    assert hits > 10
    (row,) = [row for row in data["series"] if row["labels"] == {"process": "ef-reclaimer", "cause": "cgroup"}]
    # A charge that fails is tried again for fewer pages before anything is freed, so that two hits may be one stall.
    assert hits / 3 <= row["count"] <= hits, (row["count"], hits)
    assert row["count"] == sum(count for _lo, _hi, count in row["buckets"])
    assert 0 < row["total"] <= float(done.stdout) * 1e6, "it was not held up for longer than it ran"
