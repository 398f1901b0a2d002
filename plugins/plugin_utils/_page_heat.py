# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The heat map's data: of each host, what share of its events each bucket of a collector's histogram holds."""

from __future__ import annotations

import math
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _histogram
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _page_text
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row

_LEVELS = 40  # shades
_COLUMNS = 64  # log2 buckets of 64-bit values are no more
_MAPS = 100  # collectors; hostile hosts can invent more
_QUANTILES = ("p50", "p90", "p99")

Buckets = t.Sequence[t.Sequence[int]]
Key = tuple[str, str]


def columns(buckets: Buckets) -> list[tuple[int, int]]:
    """Return the bounds of a heat map's columns: the buckets of all hosts and the empty ones between them.

    >>> columns([[2, 4, 1], [8, 16, 5]])
    [(2, 4), (4, 8), (8, 16)]
    """
    given = [(lo, hi) for lo, hi, _count in buckets]
    if not given or any(one != _histogram.bounds(_histogram.slot_of(one[0])) for one in given):
        return given[:_COLUMNS]
    slots = [_histogram.slot_of(lo) for lo, _hi in given]
    return [_histogram.bounds(slot) for slot in range(min(slots), max(slots) + 1)]


def shade(count: int, total: int) -> str:
    """Return a share as one character, "0" for none; the scale is that of its square root, so that tails are seen.

    >>> shade(0, 9), shade(1, 1000000), shade(9, 9)
    ('0', '1', 'X')
    """
    return "0" if not count else chr(ord("1") + round((_LEVELS - 1) * math.sqrt(count / total)))


def _compared(one: t.Mapping[str, t.Any]) -> list[t.Any]:
    """Return a comparison as web/src/data.ts has it."""
    return [one["distance"], one["shift"], one["threshold"], int(one["outlier"]), one["against"]]


class Heat:
    """One collector's heat map, and its distributions over the inventory and the fleets."""

    def __init__(self, merged: t.Mapping[str, t.Any]) -> None:
        """Begin with no host; `merged` is the collector over the whole inventory."""
        self._columns = columns(merged["histogram"]["buckets"])
        self._place = {bounds: index for index, bounds in enumerate(self._columns)}
        self._hosts: list[int] = []
        self._shades: list[str] = []
        self._counts: list[int] = []
        self._quantiles: list[int | None] = []
        self._compared: list[t.Any] = []

    def add(self, host: int, result: Row, comparison: t.Mapping[str, t.Any] | None) -> None:
        """Add a host by its place in the table."""
        total = sum(count for _lo, _hi, count in result["buckets"])
        counts = [0] * len(self._columns)
        for lo, hi, count in result["buckets"]:
            if (lo, hi) in self._place:
                counts[self._place[lo, hi]] += count
        self._hosts.append(host)
        self._counts.append(total)
        self._shades.append("".join(shade(count, total) for count in counts))
        self._quantiles += self._at(result["quantiles"])
        self._compared.append(comparison and _compared(comparison))

    def block(self) -> dict[str, t.Any]:
        """Return the hosts as the page's script reads them."""
        return {
            "hosts": self._hosts,
            "shades": "".join(self._shades),
            "counts": self._counts,
            "quantiles": self._quantiles,
            "compared": _page_text.clean(self._compared),
        }

    def columns(self) -> list[tuple[int, int]]:
        """Return the columns' bounds."""
        return self._columns

    def distribution(self, merged: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Return the collector over one scope: a count for each column, and the columns of the quantiles."""
        histogram = merged["histogram"]
        counts = [0] * len(self._columns)
        for lo, hi, count in histogram["buckets"]:
            if (lo, hi) in self._place:
                counts[self._place[lo, hi]] += count
        return {
            "hosts": histogram["hosts"],
            "counts": counts,
            "quantiles": self._at(histogram["quantiles"]),
            "without": histogram["without_distribution"],
        }

    def _at(self, quantiles: t.Mapping[str, t.Mapping[str, int] | None]) -> list[int | None]:
        found = (quantiles[name] for name in _QUANTILES)
        return [None if one is None else self._place.get((one["lo"], one["hi"])) for one in found]


class Heats:
    """The heat maps of all collectors that know distributions."""

    def __init__(self, head: t.Mapping[str, t.Any]) -> None:
        """Begin with no host."""
        known = [one for one in head["inventory"]["collectors"] if one["histogram"] and one["histogram"]["buckets"]]
        self._merged = {(one["collector"], one["unit"]): one for one in known[:_MAPS]}
        self._heats = {key: Heat(one) for key, one in self._merged.items()}

    def add(self, host: int, row: Row) -> None:
        """Add a host by its place in the table."""
        compared = {(one["collector"], one["unit"]): one for one in row.get("comparisons", ())}
        for result in row["results"]:
            key = (result["collector"], result["unit"])
            if result["buckets"] and key in self._heats:
                self._heats[key].add(host, result, compared.get(key))

    def blocks(self) -> t.Iterator[dict[str, t.Any]]:
        """Yield each map's block."""
        for heat in self._heats.values():
            yield heat.block()

    def describe(self, fleets: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
        """Return what is known of each map beside its hosts; distributions of the whole, then of `fleets`, by place."""
        found = []
        for (collector, unit), heat in self._heats.items():
            mine = {
                place: heat.distribution(one)
                for place, scope in enumerate(fleets)
                for one in scope["collectors"]
                if (one["collector"], one["unit"]) == (collector, unit) and one["histogram"]
            }
            merged = self._merged[collector, unit]
            found.append(
                {
                    "collector": _page_text.clean(collector, 100),
                    "unit": _page_text.clean(unit, 40),
                    "category": _page_text.clean(merged["category"], 60),
                    "question": _page_text.clean(merged["question"], 300),
                    "columns": heat.columns(),
                    "whole": heat.distribution(merged),
                    "fleets": mine,
                }
            )
        return found
