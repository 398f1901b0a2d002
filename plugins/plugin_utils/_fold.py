# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts folded into a fleet, or into the whole inventory, one at a time: what stays is bounded by kinds, not by hosts."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._fold_collector import Merged
from ansible_collections.ebpf.fleet.plugins.plugin_utils._fold_cost import Cost
from ansible_collections.ebpf.fleet.plugins.plugin_utils._record import Record
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line
from ansible_collections.ebpf.fleet.plugins.plugin_utils._what_if import WhatIf

OUTCOMES = ("ok", "partial", "failed", "unreachable", "timed_out", "skipped")
TIERS = ("3", "2", "1", "unknown")
_CAUSES = 20  # different causes that are told apart for one requirement
_KINDS = 1000  # kernels, distributions, collectors that are told apart; hostile hosts can invent more


class Blocked:
    """One requirement that keeps hosts from tier 3."""

    def __init__(self) -> None:
        """Begin with no host."""
        self.states: collections.Counter[str] = collections.Counter()
        self.names: dict[str, None] = {}  # a set in the order of arrival
        self.causes: collections.Counter[tuple[str, str | None]] = collections.Counter()
        self.other_causes = 0

    def add(self, host: str, blocker: t.Mapping[str, t.Any]) -> None:
        """Add a host that it blocks."""
        if host in self.names:
            return
        self.names[host] = None
        self.states[blocker["state"]] += 1
        cause = (
            one_line(blocker["message"], 400),
            None if blocker["remedy"] is None else one_line(blocker["remedy"], 600),
        )
        if cause in self.causes or len(self.causes) < _CAUSES:
            self.causes[cause] += 1
        else:
            self.other_causes += 1

    def as_dict(self, requirement: str) -> dict[str, t.Any]:
        """Return the shape `blocked` of docs/schemas/survey.v1.json."""
        return {
            "requirement": requirement,
            "hosts": len(self.names),
            "unmet": self.states["unmet"],
            "unknown": self.states["unknown"],
            "names": list(self.names),
            "causes": [{"message": m, "remedy": r, "hosts": n} for (m, r), n in self.causes.most_common()],
            "other_causes": self.other_causes,
        }


class Scope:
    """A fleet, or the whole inventory."""

    def __init__(self) -> None:
        """Begin with no host."""
        self.hosts = 0
        self.differs = 0
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.tiers: collections.Counter[str] = collections.Counter()
        self.published: collections.Counter[str] = collections.Counter()
        self.kernels: collections.Counter[str] = collections.Counter()
        self.distributions: collections.Counter[str] = collections.Counter()
        self.machines: collections.Counter[str] = collections.Counter()
        self.blocked: dict[str, Blocked] = {}
        self.collectors: dict[tuple[str, str, str], Merged] = {}
        self.what_if = WhatIf()
        self.cost = Cost()

    def add(self, row: Row, record: Record | None) -> None:
        """Add a host by its row and, where it answered, its record."""
        self.hosts += 1
        self.outcomes[row["outcome"]] += 1
        self.tiers[str(row["tier"] or "unknown")] += 1
        self.published[str(row["published_tier"] or "unknown")] += 1
        if record is None or row["tier"] is None:
            return
        self.differs += row["tier"] != row["published_tier"]
        _tally(self.kernels, row["kernel"])
        _tally(self.distributions, row["distribution"])
        _tally(self.machines, row["machine"])
        self.what_if.add(row)
        self.cost.add(record)
        for blocker in row["blockers"]:
            name = one_line(blocker["requirement"], 100)
            if name in self.blocked or len(self.blocked) < _KINDS:
                self.blocked.setdefault(name, Blocked()).add(row["host"], blocker)
        for result in record["results"]:
            key = (result["collector"], result["kind"], result["unit"])  # figures of another unit are never added
            if key in self.collectors or len(self.collectors) < _KINDS:
                self.collectors.setdefault(key, Merged(result)).add(result)

    def as_dict(self) -> dict[str, t.Any]:
        """Return the shape `scope` of docs/schemas/survey.v1.json."""
        blocked = sorted(self.blocked.items(), key=lambda one: (-len(one[1].names), one[0]))
        return {
            "hosts": self.hosts,
            "outcomes": {name: self.outcomes[name] for name in OUTCOMES},
            "tiers": {name: self.tiers[name] for name in TIERS},
            "published_tiers": {name: self.published[name] for name in TIERS},
            "differs": self.differs,
            "blockers": [one.as_dict(name) for name, one in blocked],
            "kernels": ranking(self.kernels, "kernel"),
            "distributions": ranking(self.distributions, "distribution"),
            "machines": ranking(self.machines, "machine"),
            "collectors": [merged.as_dict() for merged in self.collectors.values()],
            "what_if": self.what_if.as_dict(),
            "cost": self.cost.as_dict(),
        }


def ranking(tally: collections.Counter[str], key: str) -> list[dict[str, t.Any]]:
    """Return a tally as rows, most hosts first.

    >>> ranking(collections.Counter({"6.1": 2, "6.18": 3}), "kernel")
    [{'kernel': '6.18', 'hosts': 3}, {'kernel': '6.1', 'hosts': 2}]
    """
    return [{key: name, "hosts": hosts} for name, hosts in sorted(tally.items(), key=lambda one: (-one[1], one[0]))]


def _tally(tally: collections.Counter[str], name: str | None) -> None:
    known = "unknown" if name is None else one_line(name, 200)
    tally[known if known in tally or len(tally) < _KINDS else "(others)"] += 1
