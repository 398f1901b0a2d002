# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Counters that the kernel prints: reading numbers strictly, and how far a counter has grown between two samples."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

Sample = t.Mapping[str, str]  # what was read: path to text


def natural(text: str) -> int:
    """Return a number as the kernel prints it: ASCII digits that fit 64 bits; ValueError for all else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise ValueError("not a number: %r" % clean(text, 40))
    return int(text)


def growth(before: int, after: int) -> int | None:
    """Return how far an unsigned counter has grown, across one wrap; None when it was reset instead.

    A counter that was below 2**32 is taken to be one of 32 bits. A smaller value is a wrap when the growth that follows
    from it is under half the counter's range, and a reset otherwise.

    >>> growth(5, 9), growth(2**32 - 6, 10), growth(100, 50)
    (4, 16, None)
    """
    if after >= before:
        return after - before
    width = 32 if before < 1 << 32 else 64
    wrapped = after - before + (1 << width)
    return wrapped if wrapped < 1 << (width - 1) else None


def of_one(first: t.Sequence[int] | None, last: t.Sequence[int]) -> list[int]:
    """Return how far the counters of one thing have grown: from zero where it was not there, or was made anew.

    It was made anew when none of its counters is ahead of where it was. One that alone went backwards has grown by nothing.

    >>> of_one([5, 70], [9, 80]), of_one([5, 70], [2, 0]), of_one([5, 70], [9, 69]), of_one(None, [9, 80])
    ([4, 10], [2, 0], [4, 0], [9, 80])
    """
    if first is None or len(first) != len(last):
        return list(last)
    steps = [growth(*pair) for pair in zip(first, last)]
    if None in steps and all(now <= was for was, now in zip(first, last)):
        return list(last)
    return [step or 0 for step in steps]


def grown(first: t.Mapping[str, int], last: t.Mapping[str, int]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return how far each counter that is in both samples has grown, and a note of those that were reset, which are left out.

    >>> grown({"a": 1, "b": 9, "c": 0}, {"a": 4, "b": 3})
    ({'a': 3}, ('not counted, because they went backwards in the window: b',))
    """
    found = {name: growth(first[name], value) for name, value in last.items() if name in first}
    known = {name: by for name, by in found.items() if by is not None}
    lost = ", ".join(sorted(name for name in found if name not in known))
    return known, ("not counted, because they went backwards in the window: %s" % lost,) if lost else ()


def shared(first: t.Iterable[str], last: t.Iterable[str]) -> tuple[set[str], tuple[str, ...]]:
    """Return the CPUs that are in both samples, and a note of the others.

    A CPU that goes offline takes along what it counted in the window; one that comes brings what it ever counted.
    """
    found = set(first) & set(last)
    return found, came_or_went((set(first) | set(last)) - found)


def came_or_went(cpus: t.Collection[str]) -> tuple[str, ...]:
    """Return the note of CPUs that are left out."""
    return ("not counted, because they came or went in the window: %s" % ", ".join(sorted(cpus)),) if cpus else ()


def both(path: str, before: Sample, after: Sample, remedy: str | None = None) -> tuple[str, str]:
    """Return a file's text in both samples; TierFailure when one of them lacks it."""
    if path not in before or path not in after:
        raise TierFailure(Reason("no_file", "%s cannot be read" % path, remedy))
    return before[path], after[path]


def mib(text: str, section: str) -> dict[str, int]:
    """Return the counters of a section of /proc/net/snmp or /proc/net/netstat: a line of names, then one of values.

    Values that are not counters (MaxConn may be -1) are left out; ValueError when the section is missing or its lines
    do not match.
    """
    rows = [line.split()[1:] for line in text.splitlines() if line.startswith(section + ":")]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        raise ValueError("no pair of matching %s: lines" % section)
    return {name: natural(value) for name, value in zip(*rows) if not value.startswith("-")}
