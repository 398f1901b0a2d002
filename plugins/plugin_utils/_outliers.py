# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose latencies are unlike those of their fleet, by a robust distance between distributions.

A host's distribution is held against its fleet's pooled one: the mean of its hosts' cumulative distributions, each host
with the same weight, so that one busy host does not make the norm. The distance is the first Wasserstein distance on a
log2 scale, the area between the two cumulative distributions (Vallender, "Calculation of the Wasserstein distance
between probability distributions on the line", 1974). Its unit is doublings: 1 means that values are, on average, a
factor of two away. The signed area, the shift, says which way: above zero, the host is slower.

A host is an outlier where its distance is

- at least FLOOR doublings more than its fleet's median one, which keeps hosts apart that are alike, where the MAD is next
  to nothing;
- that far out that its modified z-score, 0.6745 * (distance - median) / MAD over the fleet's hosts, is at least 3.5
  (Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993);
- CHANCE times, at least, what a host with as few events would have by chance alone: on average at most the integral of
  sqrt(F (1 - F)) by the square root of the number of events (Bobkov and Ledoux, "One-dimensional empirical measures,
  order statistics, and Kantorovich transport distances", 2019, theorem 3.2).
"""

from __future__ import annotations

import array
import itertools
import math
import statistics
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row

FLOOR = 1.0  # doublings
SCORE = 3.5  # modified z-score
CHANCE = 3.0  # times what chance makes on average
HOSTS = 8  # that can be compared in a fleet, at least
EVENTS = 100  # of a host, at least
WHOLE = None  # the fleet of all hosts of the inventory

Buckets = t.Sequence[t.Sequence[int]]
Key = tuple[str, str]  # collector, unit
Place = tuple[str | None, Key]  # fleet, what is compared
_PLACES = 20000  # pairs of fleet and collector that are kept; hostile hosts can invent collectors


class Pool:
    """The mean of many hosts' distributions."""

    def __init__(self) -> None:
        """Begin with no host."""
        self.hosts = 0
        self.shares: dict[float, float] = {}

    def add(self, shares: t.Mapping[float, float]) -> None:
        """Add a host's distribution."""
        self.hosts += 1
        for at, share in shares.items():
            self.shares[at] = self.shares.get(at, 0.0) + share


class Threshold(t.NamedTuple):
    """From which distance on a host of a fleet is an outlier, where it has more events than chance needs."""

    hosts: int
    median: float
    mad: float
    distance: float


def shares_of(buckets: Buckets) -> dict[float, float]:
    """Return which share of values lies at which place of the log2 scale, a bucket's being its upper bound.

    >>> shares_of([[0, 2, 1], [4, 8, 3]])
    {1.0: 0.25, 3.0: 0.75}
    """
    total = sum(count for _lo, _hi, count in buckets)
    shares: dict[float, float] = {}
    for _lo, hi, count in buckets:
        at = math.log2(hi)
        shares[at] = shares.get(at, 0.0) + count / total
    return shares


def compare(mine: t.Mapping[float, float], pool: Pool) -> tuple[float, float]:
    """Return (distance, shift) of a host's distribution from the pooled one, in doublings.

    >>> pool = Pool()
    >>> pool.add({1.0: 1.0})
    >>> compare({1.0: 1.0}, pool), compare({4.0: 1.0}, pool), compare({1.0: 0.5, 3.0: 0.5}, pool)
    ((0.0, 0.0), (3.0, 3.0), (1.0, 1.0))
    """
    places = sorted(mine.keys() | pool.shares.keys())
    distance = shift = height = 0.0  # height: how far the pool's cumulative distribution is above the host's
    for at, after in zip(places, [*places[1:], places[-1]], strict=True):
        height += pool.shares.get(at, 0.0) / pool.hosts - mine.get(at, 0.0)
        distance += abs(height) * (after - at)
        shift += height * (after - at)
    return round(distance, 6), round(shift, 6)


def threshold(distances: t.Sequence[float]) -> Threshold:
    """Return a fleet's threshold from the distances of all of its hosts.

    >>> threshold([0.1, 0.2, 0.3, 0.2, 5.0])
    Threshold(hosts=5, median=0.2, mad=0.1, distance=1.2)
    """
    median = statistics.median(distances)
    mad = statistics.median(abs(one - median) for one in distances)
    edge = median + max(FLOOR, SCORE * mad / 0.6745)
    return Threshold(len(distances), round(median, 3), round(mad, 3), round(edge, 3))


def chance(pool: Pool, events: int) -> float:
    """Return a bound on the mean distance, in doublings, of `events` values that are drawn from the pool itself.

    >>> pool = Pool()
    >>> pool.add({1.0: 0.5, 3.0: 0.5})
    >>> chance(pool, 100)
    0.1
    """
    places = sorted(pool.shares)
    height = area = 0.0
    for at, after in itertools.pairwise(places):
        height += pool.shares[at] / pool.hosts
        area += math.sqrt(max(height * (1 - height), 0.0)) * (after - at)
    return area / math.sqrt(events)


class Outliers:
    """Three passes over the rows of all hosts: `pool` them, `measure` them, then `judge` each."""

    def __init__(self) -> None:
        """Begin with no host."""
        self._pools: dict[Place, Pool] = {}
        self._distances: dict[Place, array.array[float]] = {}
        self._thresholds: dict[Place, Threshold] = {}

    def pool(self, row: Row) -> None:
        """Take a host into the pools of its fleets, and of the whole."""
        for key, _events, shares in _comparable(row):
            for fleet in (*row["fleets"], WHOLE):
                if (fleet, key) in self._pools or len(self._pools) < _PLACES:
                    self._pools.setdefault((fleet, key), Pool()).add(shares)

    def measure(self, row: Row) -> None:
        """Measure a host's distance from each of its fleets that has enough hosts."""
        for key, _events, shares in _comparable(row):
            for fleet in (*row["fleets"], WHOLE):
                place = (fleet, key)
                if self._size(place) >= HOSTS:
                    distance = compare(shares, self._pools[place])[0]
                    self._distances.setdefault(place, array.array("d")).append(distance)

    def judge(self, row: Row) -> list[dict[str, t.Any]]:
        """Return the shape `comparison` of docs/schemas/survey.v1.json, for each histogram that can be compared.

        A host is compared with the smallest of its fleets that has enough hosts, or else with the whole inventory.
        """
        found = []
        for key, events, shares in _comparable(row):
            homes = self._homes(key, row["fleets"])
            if homes:
                found.append(self._judged((homes[0], key), events, shares))
        return found

    def thresholds(self, fleet: str | None) -> list[dict[str, t.Any]]:
        """Return each collector's threshold in a fleet."""
        return [
            {"collector": key[0], "unit": key[1], **self._threshold((name, key))._asdict()}
            for name, key in self._distances
            if name == fleet
        ]

    def _judged(self, place: Place, events: int, shares: t.Mapping[float, float]) -> dict[str, t.Any]:
        fleet, (collector, unit) = place
        pool, limit = self._pools[place], self._threshold(place)
        distance, shift = compare(shares, pool)
        edge = max(limit.distance, CHANCE * chance(pool, events))
        return {
            "collector": collector,
            "unit": unit,
            "against": fleet,
            "hosts": limit.hosts,
            "distance": round(distance, 3),
            "shift": round(shift, 3),
            "threshold": round(edge, 3),
            "outlier": distance >= edge,
        }

    def _homes(self, key: Key, fleets: t.Sequence[str]) -> list[str | None]:
        """Return the fleets that a host can be compared with, the nearest first."""
        known = [fleet for fleet in (*fleets, WHOLE) if self._size((fleet, key)) >= HOSTS]
        return sorted(known, key=lambda fleet: (self._size((fleet, key)), fleet is WHOLE, fleet or ""))

    def _size(self, place: Place) -> int:
        return self._pools[place].hosts if place in self._pools else 0

    def _threshold(self, place: Place) -> Threshold:
        if place not in self._thresholds:
            self._thresholds[place] = threshold(self._distances[place])
        return self._thresholds[place]


def _comparable(row: Row) -> t.Iterator[tuple[Key, int, dict[float, float]]]:
    """Yield what is compared, the number of events, and the distribution, where a host has enough events."""
    for result in row["results"]:
        events = sum(count for _lo, _hi, count in result["buckets"] or ())
        if events >= EVENTS:
            yield (result["collector"], result["unit"]), events, shares_of(result["buckets"])
