# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""numa: do the nodes have the memory that is wanted of them?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, grown, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure

_NODES = "/sys/devices/system/node/"
_SYSCTL = "/proc/sys/vm/numa_stat"
_NOTES = (
    (
        "allocations of memory from each node, mostly of one page; misses: those that were wanted of another node, which had none"
        " left; share: misses"
    ),
    (
        "foreign: those wanted of this node that went to another; other: those for tasks that ran on another node"
        " (Documentation/admin-guide/numastat.rst)"
    ),
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract node by node."""
    if after.get(_SYSCTL, "").strip() == "0":
        raise TierFailure(
            Reason("not_accounted", "the kernel does not count: vm.numa_stat is 0", "sysctl vm.numa_stat=1")
        )
    rows: list[Row] = []
    notes: tuple[str, ...] = _NOTES
    for path in sorted(before.keys() & after.keys() - {_SYSCTL}):
        found, reset = grown(counters(before[path]), counters(after[path]))
        notes += reset
        misses = found.get("numa_miss", 0)
        wanted = found.get("numa_hit", 0) + misses
        foreign, other = found.get("numa_foreign"), found.get("other_node")
        if wanted or foreign:
            row: Row = {"labels": {"node": path[len(_NODES) :].partition("/")[0]}, "count": wanted, "of": wanted}
            share = round(misses / wanted, 6) if wanted else 0.0
            rows.append({**row, "misses": misses, "share": share, "foreign": foreign, "other": other})
    return counts(rows, limits, notes=notes)


def counters(text: str) -> dict[str, int]:
    """Return a node's counters by name; ValueError when there is no numa_hit."""
    pairs = [line.split() for line in text.splitlines()]
    found = {pair[0]: natural(pair[1]) for pair in pairs if len(pair) == 2}
    if "numa_hit" not in found:
        raise ValueError("a numastat of %s has no numa_hit" % _NODES)
    return found


COLLECTOR = Collector(
    name="numa",
    category="memory",
    question="Do the nodes have the memory that is wanted of them?",
    kind="counts",
    unit="allocations",
    native=None,
    bcc=None,
    procfs=Procfs(
        files=(_NODES + "*/numastat", _SYSCTL), difference=difference, remedy="boot a kernel with CONFIG_NUMA"
    ),
)
