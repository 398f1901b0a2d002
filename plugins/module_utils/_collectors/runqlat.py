# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""runqlat: how long do runnable tasks wait for a CPU?"""

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
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import runqlat as program

# --- tier 3 -----------------------------------------------------------------------------------------------------------


def read(maps: Maps, limits: Limits) -> Answer:
    """Add up the CPUs' histograms."""
    return histogram([_decode.series(maps.per_cpu("hists"), {})], limits, lost=maps.variable("lost"))


_NATIVE = Native(
    narrows=TASKS,
    program=program,
    read=read,
)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Tracing run queue latency"


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Read the histogram that bcc's runqlat prints at its end; without -m, -P or -L it is one, in microseconds."""
    found = list(log2_histograms(text_after(text, _READY), "usecs", None))
    if len(found) > 1:
        raise ValueError("the tool printed %d histograms where one was expected" % len(found))
    return histogram((series({}, sum(n for _lo, _hi, n in buckets), None, buckets) for _name, buckets in found), limits)


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_MEAN = "a mean, not a distribution: the kernel adds up the waiting time and counts the runs that followed"


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Add up over all CPUs (/proc/schedstat) or, where the kernel has no such file, over all threads."""
    total, notes = _schedstat.grown(before, after, "how long tasks wait", "waited")
    rows = [series({}, total.runs, round(total.waited / 1000, 3), None)] if total.runs else []
    return histogram(rows, limits, notes=(_MEAN, *notes))


_COMMAND = Command(
    tool="runqlat", args=(), ready=_READY, parse=parse
)  # of bcc and of libbpf-tools, whose forms are the same

COLLECTOR = Collector(
    name="runqlat",
    category="cpu",
    question="How long do runnable tasks wait for a CPU?",
    kind="histogram",
    unit="us",
    native=_NATIVE,
    bcc=_COMMAND,
    libbpf_tools=_COMMAND,
    procfs=Procfs(files=(_schedstat.SCHEDSTAT,), difference=difference, instead=(_schedstat.TASKS,)),
)
