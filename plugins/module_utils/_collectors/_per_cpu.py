# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Tables of /proc with a column for each CPU: /proc/softirqs and /proc/interrupts."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import growth, natural

_CPU = re.compile(r"CPU[0-9]+")


class Line(t.NamedTuple):
    """A line: the counter of each CPU, and the text after them."""

    counts: dict[str, int]
    text: str


def table(text: str) -> dict[str, Line]:
    """Return the lines by what stands before their colon; ValueError where the first one does not name CPUs.

    A line with fewer numbers than CPUs, such as ERR of /proc/interrupts, is of no CPU and left out.
    """
    head, _newline, body = text.partition("\n")
    cpus = head.split()
    if not cpus or not all(_CPU.fullmatch(cpu) for cpu in cpus):
        raise ValueError("the first line does not name CPUs")
    found = {}
    for line in body.splitlines():
        name, colon, rest = line.partition(":")
        words = rest.split(None, len(cpus))
        if not colon:
            raise ValueError("a line has no name before a colon")
        if len(words) >= len(cpus):
            numbers = dict(zip(cpus, map(natural, words)))
            found[name.strip()] = Line(numbers, words[len(cpus)].rstrip() if len(words) > len(cpus) else "")
    return found


def cpus(lines: t.Mapping[str, Line]) -> set[str]:
    """Return the CPUs of a table."""
    return {cpu for line in lines.values() for cpu in line.counts}


def grown(before: Line | None, after: Line, of: t.Iterable[str]) -> int:
    """Return how far a line's counters have grown, all of these CPUs together.

    A line that was not there before has grown from zero; so has what was reset, such as an interrupt that was set up anew.
    """
    total = 0
    for cpu in of:
        now = after.counts[cpu]
        was = before.counts[cpu] if before is not None else 0
        by = growth(was, now)
        total += now if by is None else by
    return total
