# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's row in a report: the small part of its record that a page shows."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _histogram
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _values, _what_if
from ansible_collections.ebpf.fleet.plugins.plugin_utils._record import Record
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

Row = dict[str, t.Any]
Buckets = t.Sequence[t.Sequence[int]]

_SERIES = 12  # rows of a page, largest first; the record has them all
_ITEMS = 20


def silent(host: str, fleets: list[str], outcome: str, message: str | None, file: str | None = None) -> Row:
    """Return the row of a host of which there is no record to show."""
    return {
        "host": host,
        "fleets": fleets,
        "outcome": outcome,
        "message": message,
        "file": file,
        "received": None,
        **_capability(None),
        "window": None,
        "cost": None,
        "warnings": [],
        "results": [],
        "values": _values.silent(outcome),
    }


def of_record(record: Record, fleets: list[str], file: str) -> Row:
    """Return the row of a record."""
    window = record["window"]
    return {
        "host": record["host"],
        "fleets": fleets,
        "outcome": record["outcome"],
        "message": record["message"],
        "file": file,
        "received": record["received"],
        **_capability(record["capability"]),
        "window": window and {"start": window["start"], "seconds": window["seconds"]},
        "cost": record["cost"],
        "warnings": record["warnings"],
        "results": [_result(result) for result in record["results"]],
        "values": _values.of_record(record),
    }


def distribution_of(result: t.Mapping[str, t.Any]) -> list[_histogram.Bucket] | None:
    """Return a result's buckets over all its series; None when it is no histogram or its tier knows no distribution."""
    data = result["data"]
    if result["kind"] != "histogram" or data is None:
        return None
    known = [one["buckets"] for one in data["series"] if one["buckets"] is not None]
    if not known and data["series"]:
        return None
    return _histogram.merge(known)


def quantiles(buckets: Buckets) -> dict[str, dict[str, int] | None]:
    """Return p50, p90 and p99, each with the bounds of the bucket that holds it."""
    found = {}
    for name, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
        quantile = _histogram.quantile(buckets, q)
        found[name] = None if quantile is None else {"lo": quantile.lo, "hi": quantile.hi}
    return found


def _capability(capability: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    if capability is None:
        nothing = ("tier", "published_tier", "differs", "kernel", "machine", "distribution", "python", "proof")
        return {**dict.fromkeys(nothing), "blockers": [], "unseen": [], "requirements": [], "probes": {}, "ways": []}
    kernel, userland, proof = capability["kernel"], capability.get("userland") or {}, capability["proof"]
    return {
        "tier": capability["tier"],
        "published_tier": capability["published_tier"],
        "differs": capability["differs"],
        "blockers": [
            {key: one[key] for key in ("requirement", "state", "message", "remedy")} for one in capability["blockers"]
        ],
        "kernel": one_line(kernel["release"], 200),
        "machine": kernel.get("machine"),
        "distribution": _distribution(userland.get("distribution") or {}),
        "python": userland.get("python"),
        "proof": {"state": proof["state"], "loader": proof.get("loader"), "ms": proof.get("ms")},
        "unseen": capability.get("unseen", []),
        "requirements": [
            {key: one[key] for key in ("name", "tier", "state", "evidence", "remedy")}
            for one in capability["requirements"]
        ],
        "probes": {one["name"]: one["state"] for one in capability.get("probes", [])},
        "ways": _what_if.ways(capability),
    }


def _distribution(found: t.Mapping[str, str | None]) -> str | None:
    name, version = found.get("name") or found.get("id") or "", found.get("version") or ""
    text = name if version in name else "%s %s" % (name, version)  # os-release's pretty name holds the version already
    return one_line(text, 120) or None


def _result(result: t.Mapping[str, t.Any]) -> Row:
    same = (
        "collector",
        "question",
        "kind",
        "unit",
        "tier",
        "source",
        "status",
        "reason",
        "attempts",
        "lost",
        "window",
        "notes",
        "cost",
    )
    data = result["data"] or {}
    buckets = distribution_of(result)
    items, series = data.get("items", []), data.get("series", [])
    return {
        **{key: result[key] for key in same},
        "count": data.get("count"),
        "total": data.get("total"),
        "quantiles": None if buckets is None else quantiles(buckets),
        "buckets": buckets,
        "series": _largest(series, _SERIES),
        "items": [{"labels": one["labels"], "count": one["count"]} for one in _largest(items, _ITEMS)],
        "omitted": data.get("omitted", 0) + max(len(items) - _ITEMS, 0) + max(len(series) - _SERIES, 0),
    }


def _largest(rows: t.Sequence[t.Mapping[str, t.Any]], number: int) -> list[t.Mapping[str, t.Any]]:
    return sorted(rows, key=lambda one: -(one["count"] or 0))[:number]
