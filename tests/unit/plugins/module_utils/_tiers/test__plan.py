# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tiers are tried for a collector, and why the others are not."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Filter
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import plan

TOOL = {"runqlat": {"path": "/usr/sbin/runqlat-bpfcc", "trusted": True, "reason": None}}
UNTRUSTED = {"runqlat": {"path": "/usr/sbin/runqlat-bpfcc", "trusted": False, "reason": "others may write to it"}}
PROVEN = {"state": "met", "evidence": "fired", "reason": None}
REFUSED = {
    "state": "unmet",
    "evidence": "no",
    "reason": {"code": "lockdown", "message": "locked down", "remedy": "boot"},
}
SILENT = {"state": "unknown", "evidence": "did not fire", "reason": None}
LOCKED = {"lockdown": "confidentiality"}
NO_HEADERS = {"name": "kernel_headers", "tier": 2, "state": "unmet", "evidence": "no headers", "remedy": "install"}


def capability(proof: dict[str, t.Any], tools: dict[str, t.Any], *requirements: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"proof": proof, "userland": {"bcc_tools": tools}, "requirements": list(requirements)}


@pytest.mark.parametrize(
    ("found", "wanted", "tiers", "passed"),
    [
        (capability(PROVEN, TOOL), "auto", (3, 2, 1), {}),
        (capability(PROVEN, {}), "auto", (3, 1), {2: "no_tool"}),
        (capability(PROVEN, UNTRUSTED), "auto", (3, 1), {2: "untrusted"}),
        (capability(REFUSED, TOOL), "auto", (2, 1), {3: "lockdown"}),
        (capability(SILENT, TOOL), "auto", (2, 1), {3: "loader"}),
        (capability(REFUSED, TOOL, NO_HEADERS), "auto", (1,), {3: "lockdown", 2: "kernel_headers"}),
        (capability(REFUSED, TOOL, {**NO_HEADERS, "state": "unknown"}), "auto", (2, 1), {3: "lockdown"}),
        (capability(REFUSED, TOOL), "3", (), {3: "lockdown"}),
        (capability(PROVEN, {}), "2", (), {2: "no_tool"}),
        (capability(PROVEN, TOOL), "1", (1,), {}),
        ({}, "auto", (1,), {3: "loader", 2: "no_tool"}),
        # Natively some programs load under lockdown, which trying shows; no tool does.
        ({**capability(PROVEN, TOOL), "kernel": LOCKED}, "auto", (3, 1), {2: "lockdown"}),
        ({**capability(PROVEN, TOOL), "kernel": {"lockdown": "integrity"}}, "auto", (3, 2, 1), {}),
    ],
)
def test_plan(found: dict[str, t.Any], wanted: str, tiers: tuple[int, ...], passed: dict[int, str]) -> None:
    made = plan.plan(_collectors.by_name("runqlat"), wanted, found)
    assert made.tiers == tiers
    assert {tier: reason.code for tier, reason in made.passed} == passed
    assert all(reason.message for _tier, reason in made.passed)


@pytest.mark.parametrize(
    ("name", "narrow", "tiers", "words"),
    [
        ("runqlat", Filter(process="nginx"), (3,), {2: "only native programs", 1: "only native programs"}),
        ("biotop", Filter(process="nginx", device="sda"), (3,), {2: "only native", 1: "only native"}),
        (
            "biolatency",
            Filter(process="nginx"),
            (),
            dict.fromkeys((3, 2, 1), "biolatency cannot be narrowed to a process"),
        ),
        (
            "runqlat",
            Filter(cgroup="x", device="sda"),
            (),
            dict.fromkeys((3, 2, 1), "runqlat cannot be narrowed to a device"),
        ),
        ("listendrop", Filter(cgroup="x"), (), dict.fromkeys((3, 2, 1), "listendrop cannot be narrowed to a cgroup")),
    ],
)
def test_what_cannot_be_narrowed_is_not_answered_for_all(
    name: str, narrow: Filter, tiers: tuple[int, ...], words: dict[int, str]
) -> None:
    made = plan.plan(_collectors.by_name(name), "auto", capability(PROVEN, TOOL), narrow)
    assert made.tiers == tiers
    assert {tier for tier, _reason in made.passed} == set(words)
    for tier, reason in made.passed:
        assert reason.code == "unsupported"
        assert words[tier] in reason.message


def test_a_tool_of_another_collector_does_not_count() -> None:
    assert plan.plan(_collectors.by_name("execsnoop"), "2", capability(PROVEN, TOOL)).tiers == ()


def test_a_collector_without_a_tiers_spec() -> None:
    bare = _collectors.by_name("runqlat")._replace(native=None, bcc=None, procfs=None)
    made = plan.plan(bare, "auto", capability(PROVEN, TOOL))
    assert made.tiers == ()
    assert {reason.code for _tier, reason in made.passed} == {"unsupported"}


def test_as_dict_is_what_check_mode_returns() -> None:
    made = plan.plan(_collectors.by_name("runqlat"), "auto", capability(REFUSED, {})).as_dict()
    assert made["collector"] == "runqlat"
    assert made["tiers"] == [1]
    assert made["passed"][0] == {"tier": 3, "source": "native", "reason": REFUSED["reason"]}
