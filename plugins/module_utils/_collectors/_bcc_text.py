# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What bcc's tools have in common in what they print: the text after their greeting, and log2 histograms.

The formats are those of `print_log2_hist` in bcc's src/python/bcc/table.py, the same from 0.9 to 0.37.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Labels, Row, series
from ansible_collections.ebpf.fleet.plugins.module_utils._histogram import Bucket, bounds, merge, slot_of
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

_HEADER = re.compile(r" +(\S.*?) +: count +distribution")
_ROW = re.compile(r" *([0-9]{1,20}) -> ([0-9]{1,20}) *: ([0-9]{1,20}) *\|[*+ ]*\|")
_SECTION = re.compile(r"(\w+) = ?(.*)")


def after(text: str, ready: str) -> str:
    """Return what follows the line that holds `ready`; ValueError when there is no such line."""
    _before, found, rest = text.partition(ready)
    if not found:
        raise ValueError("the tool did not print %r" % ready)
    return rest.partition("\n")[2]


def log2_histograms(text: str, unit: str, section: str | None) -> t.Iterator[tuple[str, list[Bucket]]]:
    """Yield (section's value, buckets) of each histogram, "" as the value where `section` is None.

    A tool that saw nothing prints an empty line and no histogram. Raises ValueError where not even that was printed,
    where a line is not understood, where the tool's unit is not `unit`, and where a histogram has a section although
    none was asked for, or has none although one was.
    """
    if "\n" not in text:
        raise ValueError("the tool ended without printing what it had counted")
    value: str | None = None
    current = ""
    buckets: list[Bucket] | None = None
    for line in text.splitlines():
        row = _ROW.fullmatch(line)
        header = _HEADER.fullmatch(line)
        named = _SECTION.fullmatch(line)
        if not line.strip():
            continue
        if row and buckets is not None:
            buckets.extend(_bucket(*(int(number) for number in row.groups())))
        elif header and header.group(1) == unit and (value is not None) == (section is not None):
            if buckets is not None:
                yield current, buckets
            current, value, buckets = value or "", None, []
        elif named and named.group(1) == section and value is None:
            value = named.group(2)
        else:
            raise ValueError("a line of the tool's output is not understood: %r" % clean(line, 120))
    if value is not None:
        raise ValueError(
            "the tool's output ends after %r, without a histogram" % clean("%s = %s" % (section, value), 120)
        )
    if buckets is not None:
        yield current, buckets


def _bucket(low: int, high: int, count: int) -> list[Bucket]:
    """Return bcc's inclusive row as our half-open bucket, nothing for an empty one; ValueError if it is none of log2."""
    if bounds(slot_of(low)) != (low, high + 1):
        raise ValueError("%d -> %d is not a row of a log2 histogram" % (low, high))
    return [(low, high + 1, count)] if count else []


def distribution(values: t.Iterable[float], labels: Labels) -> Row:
    """Return the distribution of single values that a tool printed, each in its whole unit."""
    listed = list(values)
    buckets = merge([(*bounds(slot_of(int(value))), 1)] for value in listed)
    return series(labels, len(listed), round(sum(listed), 3), buckets)


_BYTES = re.compile("b(['\"])(.*?)\\1?", re.DOTALL)


def plain(text: str) -> str:
    """Return a text that may be padded, and that some versions print as Python writes bytes (b'read'), or cut so."""
    text = text.strip(" ")
    written = _BYTES.fullmatch(text)
    return clean(written.group(2) if written else text, 256)


def unread_note(lines: int) -> tuple[str, ...]:
    """Return the note about lines that could not be read, none where all could."""
    return ("%d lines of the tool's output could not be read and are counted as lost" % lines,) if lines else ()
