# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the survey itself cost the hosts of a fleet: processor time, memory, and what our programs took in the kernel."""

from __future__ import annotations

import typing as t

_VISIT = ("cpu_ms", "children_cpu_ms", "wall_ms", "max_rss_kib")
_RESULT = ("load_ms", "attach_ms", "map_bytes", "program_bytes", "run_ns", "run_count")
_COLLECTORS = 1000


class Figure:
    """One figure over many hosts."""

    def __init__(self) -> None:
        """Begin with no host."""
        self._hosts = 0
        self._total: float = 0
        self._most: float | None = None

    def add(self, value: object) -> None:
        """Add a host's figure; what is no number is not known."""
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e18:
            self._hosts += 1
            self._total += value
            self._most = value if self._most is None else max(self._most, value)

    def as_dict(self) -> dict[str, t.Any]:
        """Return the shape `figure` of docs/schemas/survey.v1.json; `hosts` is how many of them tell it."""
        mean = None if not self._hosts else round(self._total / self._hosts, 3)
        return {"hosts": self._hosts, "total": round(self._total, 3), "mean": mean, "most": self._most}


class Cost:
    """The cost of a survey over the hosts of a fleet."""

    def __init__(self) -> None:
        """Begin with no host."""
        self._visit = {name: Figure() for name in _VISIT}
        self._collectors: dict[str, dict[str, Figure]] = {}

    def add(self, record: t.Mapping[str, t.Any]) -> None:
        """Add a host's record."""
        for name, figure in self._visit.items():
            figure.add((record["cost"] or {}).get(name))
        for result in record["results"]:
            name = result["collector"]
            if result["cost"] and (name in self._collectors or len(self._collectors) < _COLLECTORS):
                figures = self._collectors.setdefault(name, {key: Figure() for key in _RESULT})
                for key, figure in figures.items():
                    figure.add(result["cost"].get(key))

    def as_dict(self) -> dict[str, t.Any]:
        """Return the shape `fleet_cost` of docs/schemas/survey.v1.json."""
        return {
            **{name: figure.as_dict() for name, figure in self._visit.items()},
            "collectors": [
                {"collector": name, **{key: figure.as_dict() for key, figure in figures.items()}}
                for name, figures in self._collectors.items()
            ],
        }
