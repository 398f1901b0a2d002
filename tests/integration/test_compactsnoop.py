# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""compactsnoop against a compaction of all memory, which the test asks for: each zone that has memory, once for each time."""

from __future__ import annotations

import pathlib
import subprocess
import sys

from collecting import Collection, native
from truth import EXACT, truth

TIMES = 2

_COMPACT = """
import sys, time
open("/proc/self/comm", "w").write("ef-compacter")
begun = time.monotonic()
for _ in range(int(sys.argv[1])):
    open("/proc/sys/vm/compact_memory", "w").write("1")
print(time.monotonic() - begun)
"""


def zones() -> int:
    """Return how many zones have memory: Documentation/filesystems/proc.rst, /proc/zoneinfo."""
    text = pathlib.Path("/proc/zoneinfo").read_text(encoding="ascii")
    return sum(int(line.split()[1]) > 0 for line in text.splitlines() if line.split()[:1] == ["present"])


@truth("compactsnoop", EXACT)
def test_each_zone_at_each_time() -> None:
    collection = Collection(duration=25, collectors=["compactsnoop"])
    done = subprocess.run([sys.executable, "-c", _COMPACT, str(TIMES)], check=True, stdout=subprocess.PIPE, text=True)
    data = native(collection.result("compactsnoop"))
    (row,) = [row for row in data["series"] if row["labels"] == {"process": "ef-compacter"}]
    assert row["count"] == TIMES * zones() == sum(count for _lo, _hi, count in row["buckets"])
    assert 0 < row["total"] <= float(done.stdout) * 1e6
