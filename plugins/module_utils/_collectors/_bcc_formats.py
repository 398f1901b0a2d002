# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The families of what bcc's tools print, and one reader for each: histograms, events, counts, totals, stacks.

A format is data (_tools.py). The lines of a tool with columns are given as a row of words, one for each column:

    name        a word              name:=16    a text padded to 16 characters, which may hold spaces and line ends
    name:d      a whole number      name:~12    the same of a tool that pads bytes, so that characters can be fewer
    name:f      a number            name:b      the same, or as Python writes bytes: b'cat'
    name:e      an errno            name:.      a text that may hold spaces
    name:a      an IP address       name:*      the line's rest
    name:c      a call: sync()      name:?      a word, or nothing
    name:7      a whole number of up to seven digits, which the next column may touch

A column named `-` is not kept.
"""

from __future__ import annotations

import errno
import re
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _shape
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_sections import TABLE_SIZE, full
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import (
    log2_histograms,
    plain,
    unread_note,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._histogram import Bucket, bounds, merge, slot_of
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

Values = t.Dict[str, t.Any]


class Histogram(t.NamedTuple):
    """Log2 histograms of values that the tool calls `header`, each below a line `section = name` where there are several.

    Lines that match `aside` stand beside them, and become notes where they end in a number.
    """

    header: str = "usecs"
    section: str | None = None
    label: str = ""
    aside: str = "(?!)"  # matches nothing


class Linear(t.NamedTuple):
    """A histogram of small whole numbers, a row for each."""

    header: str


class Events(t.NamedTuple):
    """A line for each event, one column of which is `comm`."""

    row: str
    comma: bool = False  # between the columns, instead of spaces


class Counts(t.NamedTuple):
    """Lines that are added up by the columns `by`.

    A row's count is the sum of the columns `counted`, or one for each line. `sums` are added up too, of `most` the largest
    is kept. `share` is a column in percent, and the name of the sum of that part of the count. A line of `headers`
    begins a table, whose word goes into the column `table`; with `headline` only the rows of that table are counted.
    """

    rows: tuple[str, ...]  # which are tried in turn: versions differ
    by: tuple[str, ...]
    counted: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    most: tuple[str, ...] = ()
    share: tuple[str, str] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    headline: str = ""


class Totals(t.NamedTuple):
    """Lines each of whose columns counts something else; the columns of `headline` together are all."""

    row: str
    label: str
    headline: tuple[str, ...]


class Stacks(t.NamedTuple):
    """Blocks of a frame a line, from the first that is named to the last, and then what they took."""

    numbers: bool = False  # a task's name is followed by its number


Format = t.Union[Histogram, Linear, Events, Counts, Totals, Stacks]


def read(form: Format, body: str, limits: Limits) -> Answer:
    """Return what a tool has printed after its greeting. Raise ValueError where that cannot be."""
    return _READERS[type(form)](form, body, limits)


# --- histograms -------------------------------------------------------------------------------------------------------


def _histogram(form: Histogram, body: str, limits: Limits) -> Answer:
    asides = [line for line in body.splitlines() if re.fullmatch(form.aside, line)]
    rest = "".join(line + "\n" for line in body.splitlines() if line not in asides)
    found: dict[str, list[list[Bucket]]] = {}
    rows = 0
    for value, buckets in log2_histograms(rest, form.header, form.section):
        found.setdefault(plain(value), []).append(buckets)
        rows += len(buckets)
    merged = {name: merge(several) for name, several in found.items()}
    answer = _shape.histogram(
        [
            _shape.series({form.label: name} if form.section else {}, sum(n for _lo, _hi, n in one), None, one)
            for name, one in merged.items()
        ],
        limits,
        notes=tuple(clean(line, 120) for line in asides if line[-1:].isdigit()),
    )
    return answer if form.section is None else full(answer, rows, TABLE_SIZE, form.section)


_LINEAR_ROW = re.compile(r" *([0-9]{1,10}) *: ([0-9]{1,20}) *\|[*+ ]*\|")


def _linear(form: Linear, body: str, limits: Limits) -> Answer:
    """Return the distribution in log2 buckets, as all are, and what the values add up to, which is exact."""
    if "\n" not in body:
        raise ValueError("the tool ended without printing what it had counted")
    counted: dict[int, int] = {}
    for line in body.splitlines():
        row = _LINEAR_ROW.fullmatch(line)
        if row:
            counted[int(row.group(1))] = counted.get(int(row.group(1)), 0) + int(row.group(2))
        elif line.strip() and not re.fullmatch(r" +%s +: count +distribution" % re.escape(form.header), line):
            raise ValueError("a line of the tool's output is not understood: %r" % clean(line, 120))
    buckets = merge([(*bounds(slot_of(value)), n)] for value, n in counted.items() if n)
    total = sum(value * n for value, n in counted.items())
    rows = [_shape.series({}, sum(counted.values()), total, buckets)] if buckets else []
    return _shape.histogram(rows, limits)


# --- columns ----------------------------------------------------------------------------------------------------------

# Bounded, so that no output, whatever it is, is read in more than linear time.
_GAP = " {1,64}"
_COLUMNS = {
    "": r"\S{1,512}",
    "d": r"-?[0-9]{1,20}",
    "f": r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?",
    "?": r"\S{0,64}",
    ".": r"[^\n]{1,512}?",
    "*": r"[^\n]*",
    "c": r"[a-z_]{1,40}\(\)",
    "e": r"[0-9]{1,5}",
    "a": r"\S{1,64}",
    "b": r"b'[^'\n]{0,64}'|b\"[^\"\n]{0,64}\"|.{16}",
    "7": r"[0-9]{1,7}",
}
# Between tables and at the end: what tools print of the time, of the load, and of all together.
_BETWEEN = re.compile(
    r"(?:[0-9:]{8} loadavg: .*|[0-9:]{8}|\[[0-9/]{6,10} [0-9:]{8}\]|-{8}|Total References: .*|Detaching\.\.\.|)"
)


def _column(word: str) -> tuple[str, str, str]:
    """Return a column's name, kind and pattern."""
    name, _colon, kind = word.partition(":")
    if kind.startswith("="):
        pattern = ".{%s}" % kind[1:]
    elif kind.startswith("~"):
        pattern = ".{0,%s}?" % kind[1:]
    else:
        pattern = _COLUMNS[kind]
    return name, kind, pattern


def _pattern(columns: t.Sequence[tuple[str, str, str]], gap: str) -> t.Pattern[str]:
    parts = ["(%s)%s" % (pattern, " {0,64}" if kind == "7" else gap) for _name, kind, pattern in columns]
    return re.compile(" {0,64}" + "".join(parts)[: -len(gap)] + " {0,64}\n", re.DOTALL)


class _Lines:
    """The lines of a row's form among what a tool has printed; `unread` counts those of no known form."""

    def __init__(self, rows: t.Sequence[str], comma: bool = False, headers: t.Iterable[tuple[str, str]] = ()) -> None:
        self._columns = [[_column(word) for word in row.split()] for row in rows]
        self._patterns = [_pattern(row, "," if comma else _GAP) for row in self._columns]
        self._headers = dict(headers)
        self.table = ""
        self.unread = 0

    def read(self, body: str) -> t.Iterator[Values]:
        """Yield the columns of each line, by name; a text with a line end in it goes over two."""
        position = 0
        while position < len(body):
            found = None
            for columns, pattern in zip(self._columns, self._patterns):
                found = pattern.match(body, position)
                if found:
                    position = found.end()
                    yield _values(columns, found.groups())
                    break
            if found:
                continue
            end = body.find("\n", position) + 1 or len(body)
            line = body[position:end].rstrip("\n")
            words = " ".join(line.split())
            self.table = self._headers.get(words, self.table)
            if words not in self._headers and not _BETWEEN.fullmatch(line.rstrip(" ")):
                self.unread += 1
            position = end


def _values(columns: t.Iterable[tuple[str, str, str]], texts: t.Iterable[str]) -> Values:
    values: Values = {}
    for (name, kind, _pattern), text in zip(columns, texts):
        if name != "-":
            values[name] = _value(kind, text)
    return values


def _value(kind: str, text: str) -> t.Any:
    if kind in ("d", "7"):
        return int(text)
    if kind == "f":
        return float(text)
    if kind == "e":
        return errno.errorcode.get(int(text), text) if int(text) else None
    if kind == "a":
        address = text.strip("[]")
        return address[7:] if address.startswith("::ffff:") and "." in address else clean(address, 64)
    return text[:-2] if kind == "c" else plain(text)


def _events(form: Events, body: str, limits: Limits) -> Answer:
    lines = _Lines([form.row], form.comma)
    answer = _shape.events(lines.read(body), limits)
    return answer._replace(lost=lines.unread, notes=answer.notes + unread_note(lines.unread))


def _counts(form: Counts, body: str, limits: Limits) -> Answer:
    lines = _Lines(form.rows, headers=form.headers)
    rows: dict[tuple[t.Any, ...], Values] = {}
    for values in lines.read(body):
        key = tuple(lines.table if name == "table" else values.get(name) for name in form.by)
        row = rows.get(key)
        if row is None:
            extra = (*form.sums, *form.most, *(form.share[1:] if form.share else ()))
            row = rows[key] = {"labels": dict(zip(form.by, key)), "count": 0, **dict.fromkeys(extra, 0)}
        count = sum(values[name] for name in form.counted) if form.counted else 1
        row["count"] += count
        for name in form.sums:
            row[name] += values[name]
        for name in form.most:
            row[name] = max(row[name], values[name])
        if form.share:
            row[form.share[1]] += round(count * values[form.share[0]] / 100)
    heads = [row["count"] for row in rows.values() if not form.headline or row["labels"]["table"] == form.headline]
    return _shape.counts(rows.values(), limits, sum(heads), lines.unread, unread_note(lines.unread))


def _totals(form: Totals, body: str, limits: Limits) -> Answer:
    lines = _Lines([form.row])
    sums: dict[str, int] = {}
    for values in lines.read(body):
        for name, value in values.items():
            sums[name] = sums.get(name, 0) + value
    rows = [{"labels": {form.label: name}, "count": number} for name, number in sums.items() if number]
    count = sum(sums.get(name, 0) for name in form.headline)
    return _shape.counts(rows, limits, count, lines.unread, unread_note(lines.unread))


# --- stacks -----------------------------------------------------------------------------------------------------------

_TAKEN = re.compile(r" {8}([0-9]{1,20})")
_TASK = re.compile(r"(?:target|waker): +(.*?)")
_TASK_NUMBERED = re.compile(r"(?:target|waker): +(.*) [0-9]+")
_FRAME = re.compile(r"(?:[0-9a-f]{8,16} +)?(.*?)")


def _stacks(form: Stacks, body: str, limits: Limits) -> Answer:
    """Return what each stack took; a stack is folded as flame graphs have it, the outermost frame first."""
    taken: dict[str, int] = {}
    frames: list[str] = []
    unread = 0
    for line in body.split("\n"):
        end = _TAKEN.fullmatch(line)
        if end and frames:
            stack = ";".join(reversed(frames))
            taken[stack] = taken.get(stack, 0) + int(end.group(1))
            frames = []
        elif line.startswith("    ") and not end:
            frames.append(_frame(form, line[4:].rstrip(" ")))
        elif not _BETWEEN.fullmatch(line):
            unread += 1
    rows = [{"labels": {"stack": stack}, "count": number} for stack, number in taken.items()]
    return _shape.counts(rows, limits, lost=unread + bool(frames), notes=unread_note(unread + bool(frames)))


def _frame(form: Stacks, text: str) -> str:
    """Return a frame's name; what parts frames in a folded stack cannot be in it."""
    task = (_TASK_NUMBERED if form.numbers else _TASK).fullmatch(text)
    if task:
        name = task.group(1)
    elif text.split() == ["--", "--"]:
        name = "--"
    else:
        frame = _FRAME.fullmatch(text)
        name = frame.group(1) if frame else text
    return plain(name).replace(";", ":") or "unknown"


_READERS: dict[type, t.Callable[..., Answer]] = {
    Histogram: _histogram,
    Linear: _linear,
    Events: _events,
    Counts: _counts,
    Totals: _totals,
    Stacks: _stacks,
}
