# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health figure: three parts that make 100, and what is not known is not healthy."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _findings, _health, _rules
from ansible_collections.ebpf.fleet.plugins.plugin_utils._findings import Verdict

RULE = _rules.default().of([])[0]


def verdicts(*states: str) -> list[tuple[_rules.Rule, Verdict]]:
    """Return verdicts: a severity is one that fired, any other word a state."""
    return [
        (RULE, Verdict(_findings.FIRED, [{"severity": state}]) if state in _rules.SEVERITIES else Verdict(state, []))
        for state in states
    ]


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        (["quiet"] * 4, (100, 0, 0)),
        (["quiet", "unknown", "unknown", "quiet"], (50, 0, 50)),
        (["unknown"] * 3, (0, 0, 100)),
        (["quiet"] * 9 + ["warning"], (85, 15, 0)),
        (["quiet"] * 9 + ["critical"], (60, 40, 0)),
        (["critical"] * 5, (0, 100, 0)),
        (["unknown", "critical"], (10, 40, 50)),
        (["unknown", "unknown", "unknown", "critical"], (0, 25, 75)),
        (["quiet", "apart", "notice"], (97, 3, 0)),
    ],
)
def test_parts(states: list[str], wanted: tuple[float, float, float]) -> None:
    health = _health.of_host(verdicts(*states))
    assert health is not None
    assert (health["healthy"], health["ailing"], health["unknown"]) == wanted


def test_where_no_rule_applies_there_is_no_figure() -> None:
    assert _health.of_host(verdicts("apart", "apart")) is None


def test_a_fleet_is_the_mean_of_its_hosts_and_names_the_worst() -> None:
    fleet = _health.FleetHealth()
    for number in range(20):
        fleet.add("h%02d" % number, {"healthy": 100 - number, "ailing": number, "unknown": 0})
    fleet.add("skipped", None)
    found = fleet.as_dict()
    assert (found["hosts"], found["healthy"], found["ailing"], found["unknown"]) == (20, 90.5, 9.5, 0)
    assert [one["host"] for one in found["worst"]] == ["h%02d" % number for number in range(19, 9, -1)]
    assert found["worst"][0] == {"host": "h19", "healthy": 81, "ailing": 19}


def test_a_fleet_of_nobody_has_no_health() -> None:
    assert _health.FleetHealth().as_dict() == {
        "hosts": 0,
        "healthy": None,
        "ailing": None,
        "unknown": None,
        "worst": [],
    }
