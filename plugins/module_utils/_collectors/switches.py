# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""switches: how often do the CPUs change what they do?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, grown, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.cpustat import STAT, lines

_COUNTERS = ("ctxt", "intr", "softirq", "processes")
_NOTE = "ctxt: context switches; intr, softirq: interrupts; processes: processes and threads begun; all as /proc/stat counts them"


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract the counters of /proc/stat that are no times."""
    found, notes = grown(*(events(text) for text in both(STAT, before, after)))
    rows: list[Row] = [{"labels": {"counter": name}, "count": by} for name, by in found.items() if by]
    return counts(rows, limits, notes=(_NOTE, *notes))


def events(text: str) -> dict[str, int]:
    """Return the counters by name; the first number of `intr` and `softirq` is their sum. ValueError when there is none."""
    found = lines(text)
    numbers = {name: natural(found[name][0]) for name in _COUNTERS if found.get(name)}
    if not numbers:
        raise ValueError("%s has none of %s" % (STAT, ", ".join(_COUNTERS)))
    return numbers


COLLECTOR = Collector(
    name="switches",
    category="cpu",
    question="How often do the CPUs change what they do?",
    kind="counts",
    unit="events",
    native=None,
    bcc=None,
    procfs=Procfs(files=(STAT,), difference=difference),
)
