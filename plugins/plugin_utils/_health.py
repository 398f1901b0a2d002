# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health figure: three parts that make 100, of what was checked; what is not known is never healthy."""

from __future__ import annotations

import heapq
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _findings
from ansible_collections.ebpf.fleet.plugins.plugin_utils._findings import Verdict
from ansible_collections.ebpf.fleet.plugins.plugin_utils._rules import Rule

POINTS = {"critical": 40, "warning": 15, "notice": 3}  # that a rule takes off, whatever the number of its findings
_WORST = 10

Verdicts = t.Sequence[tuple[Rule, Verdict]]


def of_host(verdicts: Verdicts) -> dict[str, t.Any] | None:
    """Return the shape `health` of docs/schemas/survey.v1.json, None where no rule applies.

    `unknown` is the share of the rules that could not be judged for want of data. `ailing` is the sum of the points of
    the rules that fired, of what is known at most. `healthy` is the rest.
    """
    states = [verdict.state for _rule, verdict in verdicts]
    made, unknown = states.count(_findings.FIRED) + states.count(_findings.QUIET), states.count(_findings.UNKNOWN)
    if not made + unknown:
        return None
    because = [
        {
            "rule": rule.id,
            "severity": verdict.findings[0]["severity"],
            "points": POINTS[verdict.findings[0]["severity"]],
        }
        for rule, verdict in verdicts
        if verdict.state == _findings.FIRED
    ]
    unknown_share = round(100 * unknown / (made + unknown), 1)
    ailing = min(sum(one["points"] for one in because), 100 - unknown_share)
    return {
        "healthy": round(100 - unknown_share - ailing, 1),
        "ailing": round(ailing, 1),
        "unknown": unknown_share,
        "checks": {"quiet": states.count(_findings.QUIET), "fired": len(because), "unknown": unknown},
        "because": because,
    }


class FleetHealth:
    """The mean of a fleet's hosts, and its worst ones. Hosts that the run was not asked about are left out."""

    def __init__(self) -> None:
        """Begin with no host."""
        self._hosts = 0
        self._sums = {"healthy": 0.0, "ailing": 0.0, "unknown": 0.0}
        self._worst: list[tuple[float, float, str]] = []

    def add(self, host: str, health: t.Mapping[str, t.Any] | None) -> None:
        """Add a host."""
        if health is None:
            return
        self._hosts += 1
        for part in self._sums:
            self._sums[part] += health[part]
        entry = (-health["healthy"], health["ailing"], host)
        (heapq.heappush if len(self._worst) < _WORST else heapq.heappushpop)(self._worst, entry)

    def as_dict(self) -> dict[str, t.Any]:
        """Return the shape `fleet_health` of docs/schemas/survey.v1.json."""
        mean = {part: round(total / self._hosts, 1) if self._hosts else None for part, total in self._sums.items()}
        worst = sorted(self._worst, key=lambda one: (-one[0], -one[1], one[2]))
        return {
            "hosts": self._hosts,
            **mean,
            "worst": [{"host": host, "healthy": -healthy, "ailing": ailing} for healthy, ailing, host in worst],
        }
