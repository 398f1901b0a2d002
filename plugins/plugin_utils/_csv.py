# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""survey.csv: a row for each host, for a spreadsheet that must not take any text of a host for a formula."""

from __future__ import annotations

import csv
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Survey
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import printable

_COLLECTORS = 50  # that get columns; survey.json has all
_QUANTILES = ("p50", "p90", "p99")
_HOST = ("host", "fleets", "outcome", "message", "tier", "published_tier", "differs")
_SYSTEM = ("kernel", "machine", "distribution", "python")
_REST = (
    "healthy",
    "ailing",
    "unknown",
    "findings",
    "blockers",
    "remedies",
    "outliers",
    "window_seconds",
    "cpu_ms",
    "children_cpu_ms",
    "max_rss_kib",
)

Cell = str | int | float | None
Key = tuple[str, str]  # collector, unit


def cell(value: Cell) -> Cell:
    """Return a cell that no spreadsheet evaluates: text that begins like a formula gets an apostrophe before it.

    The characters are those of OWASP's page "CSV Injection"; blanks before them are looked through.

    >>> cell("=cmd|' /C calc'!A0"), cell("plain"), cell(-1), cell(None)
    ("'=cmd|' /C calc'!A0", 'plain', -1, None)
    """
    if not isinstance(value, str):
        return value
    raw = value.lstrip(" ")
    if raw[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"):
        return "'" + printable(value)
    return printable(value)


def write(survey: Survey, stream: t.IO[str]) -> None:
    """Write a header and a row for each host (RFC 4180)."""
    merged = survey.head["inventory"]["collectors"]
    keys = [(one["collector"], one["unit"]) for one in merged[:_COLLECTORS]]
    histograms = {(one["collector"], one["unit"]) for one in merged if one["kind"] == "histogram"}
    writer = csv.writer(stream, lineterminator="\r\n")
    header = [*_HOST, *_SYSTEM, *_REST]
    for key in keys:
        header += ["%s.%s" % (key[0], column) for column in _columns(key, key in histograms)]
    writer.writerow([cell(name) for name in header])
    for row in survey.rows():
        results = {(one["collector"], one["unit"]): one for one in row["results"]}
        cells = _host(row)
        for key in keys:
            cells += _result(results.get(key), key in histograms)
        writer.writerow([cell(one) for one in cells])


def _columns(key: Key, histogram: bool) -> list[str]:
    below = ["%s_below_%s" % (name, key[1]) for name in _QUANTILES] if histogram else []
    return ["status", "tier", "count", "lost", *below]


def _host(row: Row) -> list[Cell]:
    cost = row["cost"] or {}
    return [
        row["host"],
        "; ".join(row["fleets"]),
        *(row[name] for name in (*_HOST[2:], *_SYSTEM)),
        *(row["health"] and row["health"][part] for part in ("healthy", "ailing", "unknown")),
        "; ".join(dict.fromkeys("%s %s" % (one["severity"], one["rule"]) for one in row["findings"])),
        "; ".join(one["requirement"] for one in row["blockers"]),
        "; ".join(" and ".join(way["remedies"]) for way in row["ways"]),
        "; ".join(one["collector"] for one in row["comparisons"] if one["outlier"]),
        row["window"] and row["window"]["seconds"],
        *(cost.get(name) for name in _REST[-3:]),
    ]


def _result(result: Row | None, histogram: bool) -> list[Cell]:
    """Return a result's cells; the quantiles are the upper bounds of their buckets, which the values lie below."""
    if result is None:
        return [None] * (7 if histogram else 4)
    found = result["quantiles"] or {}
    below = [found[name]["hi"] if found.get(name) else None for name in _QUANTILES] if histogram else []
    return [result["status"], result["tier"], result["count"], result["lost"], *below]
