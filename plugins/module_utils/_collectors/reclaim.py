# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""reclaim: how many pages does the kernel reclaim, swap, and read again?"""

from __future__ import annotations

import re

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._stalls import VMSTAT, grown

# Before 4.8 pgscan and pgsteal were one counter for each zone of memory: pgscan_direct_normal.
_COUNTER = re.compile(
    r"(pgscan_(?:kswapd|direct|khugepaged|proactive)|pgsteal_(?:kswapd|direct|khugepaged|proactive))(?:_(?:dma|dma32|normal|high|movable))?"
    r"|(pswpin|pswpout|workingset_refault(?:_anon|_file)?|pgmajfault)"
)
_NOTES = (
    (
        "pgscan: pages looked at, pgsteal: of these, pages freed; by kswapd in the background, or direct, by tasks that want"
        " memory and wait meanwhile; for want of free memory on the host, not for a cgroup's limit"
    ),
    (
        "pswpin, pswpout: pages read from swap and written to it; workingset_refault: pages read again soon after they were"
        " freed; pgmajfault: faults that had to read"
    ),
    "the counters overlap, and the count is their sum; share of pgsteal: of the pages looked at",
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract the counters of /proc/vmstat, zones of memory together."""
    found: dict[str, int] = {}
    for name, by in grown(before, after, lambda name: _COUNTER.fullmatch(name) is not None).items():
        match = _COUNTER.fullmatch(name)
        if match:
            key = match.group(1) or match.group(2)
            found[key] = found.get(key, 0) + by
    rows: list[Row] = []
    for name, by in found.items():
        scanned = found.get(name.replace("pgsteal", "pgscan"), 0) if name.startswith("pgsteal") else 0
        if scanned:
            rows.append(
                {"labels": {"counter": name}, "count": by, "share": min(round(by / scanned, 6), 1.0), "of": scanned}
            )
        elif by:
            rows.append({"labels": {"counter": name}, "count": by})
    return counts(rows, limits, notes=_NOTES)


COLLECTOR = Collector(
    name="reclaim",
    category="memory",
    question="How many pages does the kernel reclaim, swap, and read again?",
    kind="counts",
    unit="pages",
    native=None,
    bcc=None,
    procfs=Procfs(files=(VMSTAT,), difference=difference),
)
