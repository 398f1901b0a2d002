# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is usual is told by the nearest fleet that has enough hosts of the same tier."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._norms import Norm, Norms


def row(value: float, *fleets: str, tier: int = 3) -> dict[str, t.Any]:
    """Return as much of a row as is read."""
    return {"fleets": list(fleets), "values": {"x": {"": [value, value, None, tier]}, "y": {"": [1, 1, None, tier]}}}


def norms(*rows: dict[str, t.Any]) -> Norms:
    """Return what is usual among rows."""
    found = Norms(["x"])
    for one in rows:
        found.add(one)
    return found


def test_the_smallest_fleet_with_enough_hosts() -> None:
    rows = [row(n, "prod", "web") for n in range(8)] + [row(100, "prod", "db") for _ in range(3)]
    found = norms(*rows)
    assert found.near("x", 3, ["prod", "web"]) == Norm("web", 8, 3.5)
    assert found.near("x", 3, ["db", "prod"]) == Norm("prod", 11, 5)
    assert found.near("x", 3, []) == Norm(None, 11, 5)


def test_other_tiers_measure_another_thing() -> None:
    found = norms(*(row(n, "f") for n in range(8)), *(row(1000, "f", tier=1) for _ in range(8)))
    assert found.near("x", 3, ["f"]) == Norm("f", 8, 3.5)
    assert found.near("x", 1, ["f"]) == Norm("f", 8, 1000)
    assert found.near("x", 2, ["f"]) is None


def test_too_few_hosts_and_values_that_nobody_wants() -> None:
    found = norms(*(row(n, "f") for n in range(7)))
    assert found.near("x", 3, ["f"]) is None
    assert norms(*(row(n) for n in range(20))).near("y", 3, []) is None
