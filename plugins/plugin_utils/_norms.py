# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is usual in a host's fleet: the median of a figure over the fleet's hosts whose results are of the same tier."""

from __future__ import annotations

import array
import statistics
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row

HOSTS = 8  # that have the figure, at least
WHOLE = None  # the fleet of all hosts of the inventory

Place = tuple[str | None, str, int | None]  # fleet, value, tier


class Norm(t.NamedTuple):
    """The median of a fleet."""

    fleet: str | None
    hosts: int
    median: float


class Norms:
    """The figures of all hosts, by fleet."""

    def __init__(self, wanted: t.Iterable[str]) -> None:
        """Begin with no host; only the wanted values are kept."""
        self._wanted = frozenset(wanted)
        self._found: dict[Place, array.array[float]] = {}
        self._medians: dict[Place, float] = {}

    def add(self, row: Row) -> None:
        """Add a host."""
        for name in self._wanted & row["values"].keys():
            figure = row["values"][name].get("")
            if figure:
                for fleet in (*row["fleets"], WHOLE):
                    self._found.setdefault((fleet, name, figure[3]), array.array("d")).append(figure[0])

    def near(self, name: str, tier: int | None, fleets: t.Sequence[str]) -> Norm | None:
        """Return what is usual in the smallest of a host's fleets that has enough hosts, None where none has."""
        sized = [(len(self._found.get((fleet, name, tier), ())), fleet) for fleet in (*fleets, WHOLE)]
        enough = [(hosts, fleet is WHOLE, fleet or "", fleet) for hosts, fleet in sized if hosts >= HOSTS]
        if not enough:
            return None
        hosts, _whole, _name, fleet = min(enough)
        place = (fleet, name, tier)
        if place not in self._medians:
            self._medians[place] = statistics.median(self._found[place])
        return Norm(fleet, hosts, self._medians[place])
