# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""thp: does the kernel find large blocks of memory when they are wanted?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._stalls import VMSTAT, grown

# Each attempt is in one of a pair: (it failed, it did not).
_PAIRS = (
    ("thp_fault_fallback", "thp_fault_alloc"),
    ("thp_collapse_alloc_failed", "thp_collapse_alloc"),
    ("compact_fail", "compact_success"),
)
_NOTES = (
    (
        "thp_fault: huge pages wanted at a fault, of which those that fell back got small ones; thp_collapse: huge pages wanted"
        " by khugepaged, to put small ones together; compact: compactions by tasks that wanted a large block themselves"
    ),
    "share: of a pair's attempts, those that failed",
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract the counters of /proc/vmstat."""
    found = grown(before, after, lambda name: any(name in pair for pair in _PAIRS))
    rows: list[Row] = []
    for failed, done in _PAIRS:
        attempts = found.get(failed, 0) + found.get(done, 0)
        if found.get(failed):
            share = round(found[failed] / attempts, 6)
            rows.append({"labels": {"counter": failed}, "count": found[failed], "share": share, "of": attempts})
        if found.get(done):
            rows.append({"labels": {"counter": done}, "count": found[done]})
    return counts(rows, limits, notes=_NOTES)


COLLECTOR = Collector(
    name="thp",
    category="memory",
    question="Does the kernel find large blocks of memory when they are wanted?",
    kind="counts",
    unit="attempts",
    native=None,
    bcc=None,
    procfs=Procfs(files=(VMSTAT,), difference=difference),
)
