# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""cpustat: what do the CPUs spend their time on?"""

from __future__ import annotations

import re

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import (
    Sample,
    both,
    came_or_went,
    grown,
    natural,
    shared,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs

STAT = "/proc/stat"
_CPU = re.compile(r"cpu[0-9]+")
_TICK = 10  # ms: USER_HZ is 100 on all architectures of today, whatever CONFIG_HZ is
# Documentation/filesystems/proc.rst; old kernels have fewer.
_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
_NOTE = "of all CPUs together, in ticks of 10 ms; share: of all their time, idle included"


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract the line of all CPUs."""
    first, last = (lines(text) for text in both(STAT, before, after))
    ticks, notes = _grown(first, last)
    for whole, part in (("user", "guest"), ("nice", "guest_nice")):  # the kernel counts a guest's time as both
        ticks[whole] = max(ticks.get(whole, 0) - ticks.get(part, 0), 0)
    total = sum(ticks.values())
    rows: list[Row] = [
        {"labels": {"mode": mode}, "count": n * _TICK, "share": round(n / total, 6)}
        for mode, n in ticks.items()
        if n or (mode == "idle" and total)
    ]
    return counts(rows, limits, notes=(_NOTE, *notes, *_now(last)))


def _grown(first: dict[str, list[str]], last: dict[str, list[str]]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return the ticks by mode, from the line of all CPUs unless one of them came, went, or began anew.

    The kernel adds up all CPUs that are possible, and takes idle time from elsewhere while a CPU is offline; before 6.8
    (71fee48fb772) a CPU that comes back counts its idle time from zero.
    """
    names = [{name for name in found if _CPU.fullmatch(name)} for found in (first, last)]
    cpus, notes = shared(*names)
    pairs = {cpu: (modes(first, cpu), modes(last, cpu)) for cpu in cpus}
    anew = {cpu for cpu, (was, now) in pairs.items() if now["idle"] < was["idle"]}
    if not notes and not anew:
        return grown(modes(first), modes(last))
    sums: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for cpu in cpus - anew:
        for total, one in zip(sums, pairs[cpu]):
            for mode, number in one.items():
                total[mode] = total.get(mode, 0) + number
    ticks, reset = grown(*sums)
    return ticks, (*came_or_went((names[0] | names[1]) - cpus | anew), *reset)


def lines(text: str) -> dict[str, list[str]]:
    """Return the words of each line of /proc/stat by its first one."""
    return {words[0]: words[1:] for words in (line.split() for line in text.splitlines()) if words}


def modes(found: dict[str, list[str]], cpu: str = "cpu") -> dict[str, int]:
    """Return the ticks of a CPU, or of all, by what they went into; ValueError when they are not there."""
    if len(found.get(cpu, ())) < 4:
        raise ValueError("%s has no line `%s`" % (STAT, cpu))
    return dict(zip(_MODES, map(natural, found[cpu])))


def _now(found: dict[str, list[str]]) -> tuple[str, ...]:
    running, blocked = (found.get("procs_" + name) for name in ("running", "blocked"))
    if not running or not blocked:
        return ()
    gauges = natural(running[0]), natural(blocked[0])
    return ("at the end of the window %d tasks ran or waited for a CPU, and %d waited for I/O" % gauges,)


COLLECTOR = Collector(
    name="cpustat",
    category="cpu",
    question="What do the CPUs spend their time on?",
    kind="counts",
    unit="ms",
    native=None,
    bcc=None,
    procfs=Procfs(files=(STAT,), difference=difference),
)
