# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Build an Answer in the shape of its kind (histogram, counts, events, stacks), bounded by the limits, whichever tier found it."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._histogram import Bucket

Labels = t.Dict[str, t.Any]
Row = t.Dict[str, t.Any]


def series(labels: Labels, count: int, total: float | None, buckets: list[Bucket] | None) -> Row:
    """Return one distribution. `total` and `buckets` are None where the tier does not know them."""
    return {"labels": labels, "count": count, "total": total, "buckets": buckets}


def histogram(rows: t.Iterable[Row], limits: Limits, lost: int | None = None, notes: tuple[str, ...] = ()) -> Answer:
    """Return an Answer of kind `histogram`; `count` and `total` are over all series, those beyond the limit included."""
    ordered = sorted(rows, key=lambda row: -row["count"])
    totals = [row["total"] for row in ordered]
    data = {
        "count": sum(row["count"] for row in ordered),
        "total": None if None in totals else sum(totals),
        "series": ordered[: limits.max_items],
    }
    left_out = len(ordered) - len(data["series"])
    return Answer(data, lost, notes + _left_out("series", len(ordered), limits.max_items), left_out=left_out)


def counts(
    rows: t.Iterable[Row],
    limits: Limits,
    count: int | None = None,
    lost: int | None = None,
    notes: tuple[str, ...] = (),
) -> Answer:
    """Return an Answer of kind `counts`. `count` is the headline, by default the sum over all rows."""
    ordered = sorted(rows, key=lambda row: -row["count"])
    data = {
        "count": sum(row["count"] for row in ordered) if count is None else count,
        "items": ordered[: limits.max_items],
        "omitted": max(len(ordered) - limits.max_items, 0),
    }
    return Answer(data, lost, notes)


def events(rows: t.Iterable[Row], limits: Limits, lost: int | None = None, notes: tuple[str, ...] = ()) -> Answer:
    """Return an Answer of kind `events`, with items by the rows' `comm`; `omitted` is how many events are not listed."""
    listed: list[Row] = []
    by_comm: dict[str, int] = {}
    seen = 0
    for row in rows:
        seen += 1
        by_comm[row["comm"]] = by_comm.get(row["comm"], 0) + 1
        if len(listed) < limits.max_events:
            listed.append(row)
    items = [{"labels": {"comm": comm}, "count": n} for comm, n in sorted(by_comm.items(), key=lambda pair: -pair[1])]
    data = {"count": seen, "items": items[: limits.max_items], "events": listed, "omitted": seen - len(listed)}
    return Answer(data, lost, notes + _left_out("items", len(items), limits.max_items))


def stacks(rows: t.Iterable[Row], limits: Limits, lost: int | None = None, notes: tuple[str, ...] = ()) -> Answer:
    """Return an Answer of kind `stacks`, with items by process. As many stacks are listed as events may be."""
    ordered = sorted(rows, key=lambda row: -row["count"])
    by_process: dict[str, int] = {}
    for row in ordered:
        by_process[row["process"]] = by_process.get(row["process"], 0) + row["count"]
    answer = counts(
        ({"labels": {"process": name}, "count": n} for name, n in by_process.items()), limits, None, lost, notes
    )
    answer.data["stacks"] = ordered[: limits.max_events]
    said = notes + _left_out("stacks", len(ordered), limits.max_events)
    return answer._replace(notes=said, left_out=len(ordered) - len(answer.data["stacks"]))


def _left_out(what: str, found: int, limit: int) -> tuple[str, ...]:
    if found <= limit:
        return ()
    return ("%d of %d %s are left out, the smallest ones (the limit is %d)" % (found - limit, found, what, limit),)
