# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What remedies would win: causes told from consequences, hosts counted once, the largest gain first."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _row, _what_if

from .conftest import record

BECOME, TOOLS, HEADERS = "run with become: true", "apt install bpfcc-tools", "apt install linux-headers-$(uname -r)"
UNLOCK = "boot without lockdown=confidentiality; integrity, which secure boot asks for, does not forbid this"


def requirement(name: str, state: str, remedy: str | None = "mend %s") -> dict[str, t.Any]:
    """Return a requirement of tier 3, or 2."""
    tier = 2 if name.startswith(("bcc", "kernel_headers", "root")) else 3
    return {
        "name": name,
        "tier": tier,
        "state": state,
        "evidence": "e",
        "remedy": remedy and remedy.replace("%s", name),
    }


def names(missing: list[dict[str, t.Any]]) -> list[str]:
    """Return the causes' names."""
    return [one["name"] for one in _what_if.causes(missing)]


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [
        ([], []),
        (["privilege", "kernel_memory?", "loader?", "proof?"], ["privilege", "kernel_memory"]),
        (["btf", "loader", "proof"], ["btf"]),
        (["kernel_memory", "loader", "proof"], ["kernel_memory", "loader"]),
        (["kernel_memory", "loader?", "proof?"], ["kernel_memory"]),
        (["kernel_memory", "proof"], ["kernel_memory"]),
        (["loader", "proof"], ["loader"]),
        (["proof"], ["proof"]),
        (["bcc_tools", "kernel_headers"], ["bcc_tools", "kernel_headers"]),
    ],
)
def test_causes_are_told_from_consequences(missing: list[str], wanted: list[str]) -> None:
    assert names([requirement(one.rstrip("?"), "unknown" if "?" in one else "unmet") for one in missing]) == wanted


def test_ways_of_real_hosts() -> None:
    assert _what_if.ways(record("tier3")["capability"]) == []
    assert _what_if.ways(record("tier1")["capability"]) == [
        {"to": 2, "remedies": [TOOLS, HEADERS, BECOME], "sure": True},
        {"to": 3, "remedies": [BECOME], "sure": False},
    ]


def test_what_has_no_remedy_has_no_way() -> None:
    capability = record("tier1")["capability"]
    for one in capability["requirements"]:
        one["remedy"] = None
    assert _what_if.ways(capability) == []


def folded(*rows: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the roll-up of rows."""
    found = _what_if.WhatIf()
    for row in rows:
        found.add(row)
    return found.as_dict()


def row(host: str, tier: int, *ways: tuple[int, list[str], bool]) -> dict[str, t.Any]:
    """Return as much of a row as the roll-up reads."""
    return {
        "host": host,
        "tier": tier,
        "ways": [dict(zip(("to", "remedies", "sure"), way, strict=True)) for way in ways],
    }


def test_order_of_gain_and_names() -> None:
    found = folded(
        row("a", 1, (2, ["tools"], True), (3, ["root"], False)),
        row("b", 1, (2, ["tools"], True), (3, ["root"], True)),
        row("c", 2, (3, ["root"], True)),
        row("d", 1, (2, ["tools"], True), (3, ["unlock"], True)),
        row("e", 3),
        row("f", 1),
    )
    assert [(plan["remedies"], plan["gain"], plan["hosts"]) for plan in found["plans"]] == [
        (["root"], 5, 3),
        (["tools"], 3, 3),
        (["unlock"], 2, 1),
    ]
    assert found["plans"][0]["moves"] == [
        {"from": 1, "to": 3, "hosts": 2, "sure": 1, "names": ["a", "b"]},
        {"from": 2, "to": 3, "hosts": 1, "sure": 1, "names": ["c"]},
    ]
    assert found["no_way"] == {"hosts": 1, "names": ["f"]}
    assert found["other_hosts"] == 0


def test_remedies_that_lead_to_two_tiers_count_for_the_higher_one() -> None:
    plans = folded(row("a", 1, (2, ["root"], True), (3, ["root"], True)))["plans"]
    assert [(plan["gain"], [(move["from"], move["to"]) for move in plan["moves"]]) for plan in plans] == [(2, [(1, 3)])]


def test_hostile_hosts_are_bounded_and_counted() -> None:
    found = folded(*(row("h%d" % number, 1, (3, ["r%d" % number], True)) for number in range(1500)))
    assert (len(found["plans"]), found["other_hosts"]) == (1000, 500)


def test_a_locked_down_host_of_the_whole_path() -> None:
    locked = record("tier3")
    locked["capability"]["tier"] = 1
    for one in locked["capability"]["requirements"]:
        if one["name"] in ("kernel_memory", "loader", "proof"):
            one.update(state="unmet", remedy=UNLOCK)
    assert _row.of_record(locked, [], "f")["ways"][-1] == {"to": 3, "remedies": [UNLOCK], "sure": True}
