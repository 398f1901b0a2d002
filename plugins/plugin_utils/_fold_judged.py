# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was judged of the hosts of a fleet, folded."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row


class Judged:
    """A fleet, or the whole inventory, after each of its hosts was judged."""

    def __init__(self) -> None:
        """Begin with no host."""
        self._outliers: list[dict[str, t.Any]] = []

    def add(self, row: Row) -> None:
        """Add a host."""
        for one in row["comparisons"]:
            if one["outlier"]:
                self._outliers.append({"host": row["host"], **{k: v for k, v in one.items() if k != "outlier"}})

    def as_dict(self) -> dict[str, t.Any]:
        """Return its part of the shape `scope` of docs/schemas/survey.v1.json, the farthest hosts first."""
        return {"outliers": sorted(self._outliers, key=lambda one: (-one["distance"], one["host"]))}
