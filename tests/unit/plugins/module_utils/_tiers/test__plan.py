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
NO_ROOT = {"name": "root", "tier": 2, "state": "unmet", "evidence": "user 1000", "remedy": "become"}


def capability(proof: dict[str, t.Any], tools: dict[str, t.Any], *requirements: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"proof": proof, "userland": {"bcc_tools": tools}, "requirements": list(requirements)}


@pytest.mark.parametrize(
    ("found", "wanted", "sources", "passed"),
    [
        (capability(PROVEN, TOOL), "auto", ("native", "bcc", "procfs"), {}),
        (capability(PROVEN, {}), "auto", ("native", "procfs"), {"bcc": "no_tool"}),
        (capability(PROVEN, UNTRUSTED), "auto", ("native", "procfs"), {"bcc": "untrusted"}),
        (capability(REFUSED, TOOL), "auto", ("bcc", "procfs"), {"native": "lockdown"}),
        (capability(SILENT, TOOL), "auto", ("bcc", "procfs"), {"native": "loader"}),
        (
            {**capability(REFUSED, TOOL), "kernel": {"headers": None, "release": "6.1"}},
            "auto",
            ("procfs",),
            {"native": "lockdown", "bcc": "kernel_headers"},
        ),
        (capability(REFUSED, TOOL, {**NO_ROOT, "state": "unknown"}), "auto", ("bcc", "procfs"), {"native": "lockdown"}),
        (capability(REFUSED, TOOL, NO_ROOT), "auto", ("procfs",), {"native": "lockdown", "bcc": "root"}),
        (capability(REFUSED, TOOL), "3", (), {"native": "lockdown"}),
        (capability(PROVEN, {}), "2", (), {"bcc": "no_tool"}),
        (capability(PROVEN, TOOL), "1", ("procfs",), {}),
        ({}, "auto", ("procfs",), {"native": "loader", "bcc": "no_tool"}),
        # Natively some programs load under lockdown, which trying shows; no tool does.
        ({**capability(PROVEN, TOOL), "kernel": LOCKED}, "auto", ("native", "procfs"), {"bcc": "lockdown"}),
        ({**capability(PROVEN, TOOL), "kernel": {"lockdown": "integrity"}}, "auto", ("native", "bcc", "procfs"), {}),
    ],
)
def test_plan(found: dict[str, t.Any], wanted: str, sources: tuple[str, ...], passed: dict[str, str]) -> None:
    made = plan.plan(_collectors.by_name("runqlat"), wanted, found)
    assert made.sources == sources
    assert {source: reason.code for source, reason in made.passed} == passed
    assert all(reason.message for _source, reason in made.passed)


@pytest.mark.parametrize(
    ("name", "narrow", "sources", "words"),
    [
        (
            "runqlat",
            Filter(process="nginx"),
            ("native",),
            {"bcc": "only native programs", "procfs": "only native programs"},
        ),
        ("biotop", Filter(process="nginx", device="sda"), ("native",), {"bcc": "only native", "procfs": "only native"}),
        (
            "biolatency",
            Filter(process="nginx"),
            (),
            dict.fromkeys(("native", "bcc", "procfs"), "biolatency cannot be narrowed to a process"),
        ),
        (
            "runqlat",
            Filter(cgroup="x", device="sda"),
            (),
            dict.fromkeys(("native", "bcc", "procfs"), "runqlat cannot be narrowed to a device"),
        ),
        (
            "listendrop",
            Filter(cgroup="x"),
            (),
            dict.fromkeys(("native", "bcc", "procfs"), "listendrop cannot be narrowed to a cgroup"),
        ),
    ],
)
def test_what_cannot_be_narrowed_is_not_answered_for_all(
    name: str, narrow: Filter, sources: tuple[str, ...], words: dict[str, str]
) -> None:
    made = plan.plan(_collectors.by_name(name), "auto", capability(PROVEN, TOOL), narrow)
    assert made.sources == sources
    assert {source for source, _reason in made.passed} == set(words)
    for source, reason in made.passed:
        assert reason.code == "unsupported"
        assert words[source] in reason.message


def test_a_tool_of_another_collector_does_not_count() -> None:
    assert plan.plan(_collectors.by_name("execsnoop"), "2", capability(PROVEN, TOOL)).sources == ()


def test_a_collector_without_a_tiers_spec() -> None:
    bare = _collectors.by_name("runqlat")._replace(native=None, bcc=None, procfs=None)
    made = plan.plan(bare, "auto", capability(PROVEN, TOOL))
    assert made.sources == ()
    assert {reason.code for _source, reason in made.passed} == {"unsupported"}


def test_as_dict_is_what_check_mode_returns() -> None:
    made = plan.plan(_collectors.by_name("runqlat"), "auto", capability(REFUSED, {})).as_dict()
    assert made["collector"] == "runqlat"
    assert made["tiers"] == [1]
    assert made["passed"][0] == {"tier": 3, "source": "native", "reason": REFUSED["reason"]}
