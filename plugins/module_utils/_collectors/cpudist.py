# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""cpudist: how long do tasks run before they leave the CPU?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _decode, _schedstat
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import log2_histograms
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import histogram, series
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    TASKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import cpudist as program

_WHOLE_NOTE = "turns that began before the window or had not ended with it are not in it"

# --- tier 3 -----------------------------------------------------------------------------------------------------------


def read(maps: Maps, limits: Limits) -> Answer:
    """Add up the CPUs' histograms."""
    row = _decode.series(maps.per_cpu("hists"), {})
    return histogram([row] if row["count"] else [], limits, lost=maps.variable("lost"), notes=(_WHOLE_NOTE,))


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Tracing on-CPU time"
_IDLE_NOTE = "bcc before 0.25 counts the idle task's time too"


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Read the histogram that bcc's cpudist prints at its end; without -m, -P or -L it is one, in microseconds."""
    found = list(log2_histograms(text_after(text, _READY), "usecs", None))
    if len(found) > 1:
        raise ValueError("the tool printed %d histograms where one was expected" % len(found))
    rows = [series({}, sum(n for _lo, _hi, n in buckets), None, buckets) for _name, buckets in found]
    return histogram(rows, limits, notes=(_IDLE_NOTE,))


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_MEAN = (
    "a mean, not a distribution: the kernel adds up the time that tasks ran, and counts how often they were given a CPU"
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Add up over all CPUs (/proc/schedstat) or, where the kernel has no such file, over all threads."""
    total, notes = _schedstat.grown(before, after, "how long tasks run", "ran")
    rows = [series({}, total.runs, round(total.ran / 1000, 3), None)] if total.runs else []
    return histogram(rows, limits, notes=(_MEAN, *notes))


COLLECTOR = Collector(
    name="cpudist",
    category="cpu",
    question="How long do tasks run before they leave the CPU?",
    kind="histogram",
    unit="us",
    native=Native(narrows=TASKS, program=program, read=read),
    bcc=Command(tool="cpudist", args=(), ready=_READY, parse=parse),
    procfs=Procfs(files=(_schedstat.SCHEDSTAT,), difference=difference, instead=(_schedstat.TASKS,)),
)
