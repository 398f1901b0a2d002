# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was judged of the hosts of a fleet, folded: findings by rule, outliers, health, what has changed."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._evidence import RANK
from ansible_collections.ebpf.fleet.plugins.plugin_utils._health import FleetHealth
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row


class Found:
    """One rule that fired at one severity."""

    def __init__(self) -> None:
        """Begin with no host."""
        self.names: dict[str, None] = {}
        self.worst: tuple[float, dict[str, t.Any]] | None = None

    def add(self, host: str, finding: t.Mapping[str, t.Any]) -> None:
        """Add a finding; the worst is the one with the largest figure."""
        self.names[host] = None
        if self.worst is None or finding["value"]["lo"] > self.worst[0]:
            worst = {"host": host, "subject": finding["subject"], "evidence": finding["evidence"]}
            self.worst = (finding["value"]["lo"], worst)


class Judged:
    """A fleet, or the whole inventory, after each of its hosts was judged."""

    def __init__(self) -> None:
        """Begin with no host."""
        self.asked = 0
        self.unanswered = 0
        self.compared = 0
        self._outliers: list[dict[str, t.Any]] = []
        self._apart: set[str] = set()
        self._findings: dict[tuple[str, str], Found] = {}
        self._changes: collections.Counter[tuple[str, bool]] = collections.Counter()
        self._health = FleetHealth()

    def add(self, row: Row) -> None:
        """Add a host."""
        self.asked += row["outcome"] != "skipped"
        self.unanswered += row["outcome"] in ("failed", "unreachable", "timed_out")
        self.compared += bool(row["comparisons"])
        for one in row["comparisons"]:
            if one["outlier"]:
                self._apart.add(row["host"])
                self._outliers.append({"host": row["host"], **{k: v for k, v in one.items() if k != "outlier"}})
        for one in row["findings"]:
            self._findings.setdefault((one["rule"], one["severity"]), Found()).add(row["host"], one)
        self._changes.update({(one["what"], one["worse"]) for one in row["changes"]})
        self._health.add(row["host"], row["health"])

    @property
    def outliers(self) -> int:
        """How many hosts are outliers."""
        return len(self._apart)

    def as_dict(self) -> dict[str, t.Any]:
        """Return its part of the shape `scope` of docs/schemas/survey.v1.json, the worst first."""
        findings = [
            {
                "rule": rule,
                "severity": severity,
                "hosts": len(found.names),
                "names": list(found.names),
                "worst": found.worst and found.worst[1],
            }
            for (rule, severity), found in self._findings.items()
        ]
        return {
            "outliers": sorted(self._outliers, key=lambda one: (-one["distance"], one["host"])),
            "findings": sorted(findings, key=lambda one: (RANK[one["severity"]], -one["hosts"], one["rule"])),
            "changes": [
                {"what": what, "worse": worse, "hosts": hosts} for (what, worse), hosts in sorted(self._changes.items())
            ],
            "health": self._health.as_dict(),
        }
