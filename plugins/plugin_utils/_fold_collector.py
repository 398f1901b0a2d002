# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One collector's results over many hosts, added up: counts, distributions, top items, and how they were come by."""

from __future__ import annotations

import collections
import json
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _histogram
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

STATUSES = ("ok", "idle", "truncated", "failed", "unsupported")
_TOP = 20  # items that are shown
_VIEWS = {"peer": "daddr", "process": "process"}  # what flows are also added up by, whatever their other labels
_KEEP = 5000  # items that are remembered when their number grows past four times that


class Items:
    """The largest items by label, in bounded memory."""

    def __init__(self) -> None:
        """Begin with no item."""
        self._found: dict[str, tuple[int, int]] = {}  # labels as JSON: (count, hosts)
        self._omitted = 0

    def add(self, items: t.Iterable[t.Mapping[str, t.Any]], omitted: int) -> None:
        """Add a host's items."""
        mine: collections.Counter[str] = collections.Counter()
        for one in items:
            labels = {one_line(k, 60): one_line(v, 200) if isinstance(v, str) else v for k, v in one["labels"].items()}
            mine[json.dumps(labels, sort_keys=True)] += one["count"]
        for key, count in mine.items():
            known, hosts = self._found.get(key, (0, 0))
            self._found[key] = (known + count, hosts + 1)
        self._omitted += omitted
        if len(self._found) > 4 * _KEEP:
            ranked = self._ranked()
            self._omitted += len(ranked) - _KEEP
            self._found = dict(ranked[:_KEEP])

    def _ranked(self) -> list[tuple[str, tuple[int, int]]]:
        return sorted(self._found.items(), key=lambda one: (-one[1][0], -one[1][1], one[0]))

    def as_dict(self) -> dict[str, t.Any]:
        """Return the rows to show, and how many are not shown."""
        ranked = self._ranked()
        rows = [{"labels": json.loads(key), "count": count, "hosts": hosts} for key, (count, hosts) in ranked[:_TOP]]
        return {"items": rows, "omitted": self._omitted + max(len(ranked) - _TOP, 0)}


class Distribution:
    """Histograms of many hosts added bucket by bucket; hosts that know only count and total are added beside."""

    def __init__(self) -> None:
        """Begin with no host."""
        self._hosts = 0
        self._buckets: list[_histogram.Bucket] = []
        self._other_hosts = 0
        self._other_count = 0
        self._other_total: float | None = None

    def add(self, result: t.Mapping[str, t.Any]) -> None:
        """Add a host's histogram."""
        buckets = _row.distribution_of(result)
        if buckets is not None:
            self._hosts += 1
            self._buckets = _histogram.merge([self._buckets, buckets])
        elif result["data"]["count"] is not None:
            self._other_hosts += 1
            self._other_count += result["data"]["count"]
            total = result["data"]["total"]
            if total is not None:
                self._other_total = (self._other_total or 0) + total

    def as_dict(self) -> dict[str, t.Any]:
        """Return the shape `histogram` of docs/schemas/survey.v1.json."""
        return {
            "hosts": self._hosts,
            "count": sum(count for _lo, _hi, count in self._buckets),
            "buckets": [list(bucket) for bucket in self._buckets],
            "quantiles": _row.quantiles(self._buckets),
            "without_distribution": {
                "hosts": self._other_hosts,
                "count": self._other_count,
                "total": self._other_total,
            },
        }


class Merged:
    """One collector over the hosts of a scope."""

    def __init__(self, result: t.Mapping[str, t.Any]) -> None:
        """Begin with no host, and with what all results of the collector have in common."""
        self._common = {key: result[key] for key in ("collector", "category", "question", "kind", "unit")}
        self._statuses: collections.Counter[str] = collections.Counter()
        self._tiers: collections.Counter[str] = collections.Counter()
        self._sources: collections.Counter[str] = collections.Counter()
        self._hosts = 0
        self._count = 0
        self._tier_counts: collections.Counter[str] = collections.Counter()
        self._total: float | None = None
        self._lost: collections.Counter[str] = collections.Counter()
        self._items = Items()
        self._views = {name: Items() for name in _VIEWS}
        self._distribution = Distribution()

    def add(self, result: t.Mapping[str, t.Any]) -> None:
        """Add a host's result."""
        self._statuses[result["status"]] += 1
        self._tiers[str(result["tier"] or "unknown")] += 1
        source = "none" if result["source"] is None else one_line(result["source"], 120)
        self._sources[source if source in self._sources or len(self._sources) < 200 else "(others)"] += 1
        data = result["data"]
        if data is None:
            return
        if result["lost"] is None:
            self._lost["unknown_hosts"] += 1
        elif result["lost"]:
            self._lost["hosts"] += 1
            self._lost["count"] += result["lost"]
        if data["count"] is not None:
            self._hosts += 1
            self._count += data["count"]
            self._tier_counts[str(result["tier"])] += data["count"]
        if data.get("total") is not None:
            self._total = (self._total or 0) + data["total"]
        if result["kind"] == "histogram":
            self._distribution.add(result)
        else:
            self._items.add(data["items"], data["omitted"])
            for name, label in _VIEWS.items():
                self._views[name].add(_by(label, data["items"]), 0)

    def as_dict(self) -> dict[str, t.Any]:
        """Return the shape `merged` of docs/schemas/survey.v1.json."""
        views = [(name, items.as_dict()) for name, items in self._views.items()]
        return {
            **self._common,
            "statuses": {name: self._statuses[name] for name in STATUSES},
            "tiers": {name: self._tiers[name] for name in ("3", "2", "1", "unknown")},
            "sources": [{"source": name, "hosts": hosts} for name, hosts in self._sources.most_common()],
            "hosts": self._hosts,
            "count": self._count if self._hosts else None,
            "tier_counts": dict(sorted(self._tier_counts.items(), reverse=True)),
            "total": self._total,
            "lost": {key: self._lost[key] for key in ("count", "hosts", "unknown_hosts")},
            "histogram": self._distribution.as_dict() if self._common["kind"] == "histogram" else None,
            **self._items.as_dict(),
            "views": [{"view": name, **found} for name, found in views if found["items"]],
        }


def _by(label: str, items: t.Iterable[t.Mapping[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    """Yield items by one of their labels only, those that have others too and know this one."""
    for one in items:
        if len(one["labels"]) > 1 and one["labels"].get(label) is not None:
            yield {"labels": {label: one["labels"][label]}, "count": one["count"]}
