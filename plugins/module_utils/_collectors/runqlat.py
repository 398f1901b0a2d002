# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""runqlat: how long do runnable tasks wait for a CPU?"""

from __future__ import annotations

import re

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _decode
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import log2_histograms
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, growth, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import histogram, series
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    Answer,
    Bcc,
    Collector,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import runqlat as program
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure

# --- tier 3 -----------------------------------------------------------------------------------------------------------


def read(maps: Maps, limits: Limits) -> Answer:
    """Add up the CPUs' histograms."""
    return histogram([_decode.series(maps.per_cpu("hists"), {})], limits, lost=maps.variable("lost"))


_NATIVE = Native(
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

_SCHEDSTAT = "/proc/schedstat"
_TASKS = "/proc/*/task/*/schedstat"
_KNOWN_VERSIONS = (15, 16, 17)  # 16 and 17 changed the lines of domains only
_CPU = re.compile(r"cpu[0-9]+")
_MEAN = "a mean, not a distribution: the kernel adds up the waiting time and counts the runs that followed"


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Add up over all CPUs (/proc/schedstat) or, where the kernel has no such file, over all threads."""
    if _SCHEDSTAT in before and _SCHEDSTAT in after:
        runs, waited, notes = _over_cpus(before[_SCHEDSTAT], after[_SCHEDSTAT])
    else:
        runs, waited, notes = _over_threads(before, after)
    rows = [series({}, runs, round(waited / 1000, 3), None)] if runs else []
    return histogram(rows, limits, notes=(_MEAN, *notes))


def cpus(text: str) -> dict[str, tuple[int, int]]:
    """Return (times that a task was run, nanoseconds that tasks waited for it) of each CPU, from /proc/schedstat.

    Both are fields 9 and 8 of a `cpu` line: Documentation/scheduler/sched-stats.rst and show_schedstat() of
    kernel/sched/stats.c. They do not depend on the sysctl kernel.sched_schedstats. ValueError on an unknown version.
    """
    lines = [line.split() for line in text.splitlines()]
    versions = [words[1:] for words in lines if words[:1] == ["version"]]
    if len(versions) != 1 or [natural(word) for word in versions[0]] not in ([version] for version in _KNOWN_VERSIONS):
        raise ValueError("%s has an unknown version: %.40r" % (_SCHEDSTAT, versions))
    found = {words[0]: words[1:] for words in lines if words and _CPU.fullmatch(words[0])}
    if not found or any(len(fields) < 9 for fields in found.values()):
        raise ValueError("%s lacks fields of a cpu" % _SCHEDSTAT)
    return {cpu: (natural(fields[8]), natural(fields[7])) for cpu, fields in found.items()}


def task(text: str) -> tuple[int, int]:
    """Return (times run, nanoseconds waited) of one thread's schedstat: "time on a CPU, time waiting, times run"."""
    words = text.split()
    if len(words) != 3:
        raise ValueError("a task's schedstat has %d fields, not 3" % len(words))
    return natural(words[2]), natural(words[1])


def _over_cpus(before: str, after: str) -> tuple[int, int, tuple[str, ...]]:
    first, last = cpus(before), cpus(after)
    runs = waited = 0
    unknown = set(first) ^ set(last)
    for cpu in set(first) & set(last):
        grown = [growth(*pair) for pair in zip(first[cpu], last[cpu])]
        if grown[0] is None or grown[1] is None:
            unknown.add(cpu)
        else:
            runs, waited = runs + grown[0], waited + grown[1]
    notes = (
        ("not counted, because they came or went in the window: %s" % ", ".join(sorted(unknown)),) if unknown else ()
    )
    return runs, waited, notes


def _over_threads(before: Sample, after: Sample) -> tuple[int, int, tuple[str, ...]]:
    """A thread that is only in the second sample began in the window; one only in the first took its counters along."""
    last = {path: task(text) for path, text in after.items() if path != _SCHEDSTAT}
    if not any(runs for runs, _waited in last.values()):
        raise TierFailure(
            Reason(
                "not_accounted",
                "neither %s nor the schedstat of any thread says how long tasks wait" % _SCHEDSTAT,
                "boot a kernel with CONFIG_SCHEDSTATS or CONFIG_SCHED_INFO",
            )
        )
    runs = waited = 0
    for path, (ran, delay) in last.items():
        ran_before, delay_before = task(before[path]) if path in before else (0, 0)
        if ran < ran_before or delay < delay_before:  # the number of an ended thread, given to a new one
            ran_before = delay_before = 0
        runs, waited = runs + ran - ran_before, waited + delay - delay_before
    ended = sum(path not in after for path in before if path != _SCHEDSTAT)
    return (
        runs,
        waited,
        (
            "added up over the %d threads that could be seen at the end, because there is no %s"
            % (len(last), _SCHEDSTAT),
            "what threads that ended in the window waited is not in it (%d of those seen at the start ended)" % ended,
        ),
    )


COLLECTOR = Collector(
    name="runqlat",
    category="cpu",
    question="How long do runnable tasks wait for a CPU?",
    kind="histogram",
    unit="us",
    native=_NATIVE,
    bcc=Bcc(tool="runqlat", args=(), ready=_READY, parse=parse),
    procfs=Procfs(files=(_SCHEDSTAT,), difference=difference, instead=(_TASKS,)),
)
