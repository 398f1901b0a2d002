# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""pressure: how much time do tasks lose for want of CPU, memory or I/O?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, grown, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs

_PRESSURE = "/proc/pressure/"
_NOTES = (
    (
        "PSI of the whole host (Documentation/accounting/psi.rst): some is time in which at least one task stalled, full time in"
        " which all that were not idle did, and which is a part of some"
    ),
    "the count adds up the resources, so that it can be longer than the window; share: of the window",
)
_REMEDY = "boot with psi=1, on a kernel from 4.20 on with CONFIG_PSI; see that a container does not hide /proc/pressure"


def difference(before: Sample, after: Sample, seconds: float, limits: Limits) -> Answer:
    """Subtract `total` of each resource; the averages beside it are of other windows than this one."""
    rows: list[Row] = []
    count = 0
    notes: tuple[str, ...] = _NOTES
    for path in sorted(before.keys() & after.keys()):
        found, reset = grown(*(totals(sample[path], path[len(_PRESSURE) :]) for sample in (before, after)))
        notes += reset
        count += max(found.values(), default=0)
        for stall, us in found.items():
            if us:
                share = min(round(us / 1e6 / seconds, 6), 1.0)
                rows.append({"labels": {"stall": stall}, "count": us, "share": share})
    return counts(rows, limits, count=count, notes=notes)


def totals(text: str, resource: str) -> dict[str, int]:
    """Return the microseconds of a resource's stalls, some and full; ValueError when a line has none."""
    found = {}
    for line in text.splitlines():
        kind, _space, rest = line.partition(" ")
        _averages, total, number = rest.rpartition("total=")
        if kind not in ("some", "full") or not total:
            raise ValueError("a line of %s is not of some or full stalls with their total" % _PRESSURE)
        found[resource + " " + kind] = natural(number)
    return found


COLLECTOR = Collector(
    name="pressure",
    category="cpu",
    question="How much time do tasks lose for want of CPU, memory or I/O?",
    kind="counts",
    unit="us",
    native=None,
    bcc=None,
    procfs=Procfs(
        files=tuple(_PRESSURE + name for name in ("cpu", "memory", "io", "irq")), difference=difference, remedy=_REMEDY
    ),
)
