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


LIBBPF = {"runqlat": {"path": "/usr/sbin/runqlat", "trusted": True, "reason": None}}
NO_HEADERS = {"headers": None, "release": "6.1"}


def capability(
    proof: dict[str, t.Any], tools: dict[str, t.Any], *requirements: dict[str, t.Any], **compiled: dict[str, t.Any]
) -> dict[str, t.Any]:
    return {
        "proof": proof,
        "userland": {"bcc_tools": tools, "libbpf_tools": compiled},
        "requirements": list(requirements),
    }


NOT_COMPILED = {"libbpf-tools": "no_tool"}


@pytest.mark.parametrize(
    ("found", "wanted", "sources", "passed"),
    [
        (capability(PROVEN, TOOL), "auto", ("native", "bcc", "procfs"), NOT_COMPILED),
        (capability(PROVEN, TOOL, **LIBBPF), "auto", ("native", "libbpf-tools", "bcc", "procfs"), {}),
        (capability(PROVEN, {}, **LIBBPF), "auto", ("native", "libbpf-tools", "procfs"), {"bcc": "no_tool"}),
        (capability(PROVEN, {}), "auto", ("native", "procfs"), {**NOT_COMPILED, "bcc": "no_tool"}),
        (capability(PROVEN, UNTRUSTED), "auto", ("native", "procfs"), {**NOT_COMPILED, "bcc": "untrusted"}),
        (
            capability(PROVEN, TOOL, **UNTRUSTED),
            "auto",
            ("native", "bcc", "procfs"),
            {"libbpf-tools": "untrusted"},
        ),
        (capability(REFUSED, TOOL), "auto", ("bcc", "procfs"), {"native": "lockdown", **NOT_COMPILED}),
        (capability(SILENT, TOOL), "auto", ("bcc", "procfs"), {"native": "loader", **NOT_COMPILED}),
        # bcc's tools need headers, whatever the host as a whole has; those of libbpf-tools need BTF.
        (
            {**capability(REFUSED, TOOL, **LIBBPF), "kernel": NO_HEADERS},
            "auto",
            ("libbpf-tools", "procfs"),
            {"native": "lockdown", "bcc": "kernel_headers"},
        ),
        (
            {**capability(REFUSED, TOOL, **LIBBPF), "kernel": {"btf": {"present": False}}},
            "auto",
            ("bcc", "procfs"),
            {"native": "lockdown", "libbpf-tools": "btf"},
        ),
        (
            {**capability(REFUSED, TOOL, **LIBBPF), "kernel": {"btf": {"present": None}, "headers": "/lib/x"}},
            "2",
            ("libbpf-tools", "bcc"),
            {},
        ),
        (
            capability(REFUSED, TOOL, NO_ROOT, **LIBBPF),
            "auto",
            ("procfs",),
            {"native": "lockdown", "libbpf-tools": "root", "bcc": "root"},
        ),
        (capability(REFUSED, TOOL, {**NO_ROOT, "state": "unknown"}), "2", ("bcc",), NOT_COMPILED),
        (capability(REFUSED, TOOL), "3", (), {"native": "lockdown"}),
        (capability(PROVEN, {}), "2", (), {**NOT_COMPILED, "bcc": "no_tool"}),
        (capability(PROVEN, TOOL), "1", ("procfs",), {}),
        ({}, "auto", ("procfs",), {"native": "loader", **NOT_COMPILED, "bcc": "no_tool"}),
        # Natively some programs load under lockdown, which trying shows; no tool does.
        (
            {**capability(PROVEN, TOOL, **LIBBPF), "kernel": LOCKED},
            "auto",
            ("native", "procfs"),
            {"libbpf-tools": "lockdown", "bcc": "lockdown"},
        ),
        (
            {**capability(PROVEN, TOOL, **LIBBPF), "kernel": {"lockdown": "integrity"}},
            "auto",
            ("native", "libbpf-tools", "bcc", "procfs"),
            {},
        ),
    ],
)
def test_plan(found: dict[str, t.Any], wanted: str, sources: tuple[str, ...], passed: dict[str, str]) -> None:
    made = plan.plan(_collectors.by_name("runqlat"), wanted, found)
    assert made.sources == sources
    assert {source: reason.code for source, reason in made.passed} == passed
    assert all(reason.message for _source, reason in made.passed)


ALL = ("native", "libbpf-tools", "bcc", "procfs")


@pytest.mark.parametrize(
    ("name", "narrow", "sources", "words"),
    [
        ("runqlat", Filter(process="nginx"), ("native",), dict.fromkeys(ALL[1:], "only native programs")),
        ("biotop", Filter(process="nginx", device="sda"), ("native",), dict.fromkeys(ALL[1:], "only native")),
        ("biolatency", Filter(process="nginx"), (), dict.fromkeys(ALL, "biolatency cannot be narrowed to a process")),
        (
            "runqlat",
            Filter(cgroup="x", device="sda"),
            (),
            dict.fromkeys(ALL, "runqlat cannot be narrowed to a device"),
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
    bare = _collectors.by_name("runqlat")._replace(native=None, bcc=None, libbpf_tools=None, procfs=None)
    made = plan.plan(bare, "auto", capability(PROVEN, TOOL))
    assert made.sources == ()
    assert {reason.code for _source, reason in made.passed} == {"unsupported"}


def test_a_source_that_has_no_tool_for_the_question_is_not_spoken_of() -> None:
    for name, tool in (("tcpretrans", "bcc"), ("runqlat", "libbpf-tools")):
        field = {"bcc": "libbpf_tools", "libbpf-tools": "bcc"}[tool]
        only = _collectors.by_name(name)._replace(**{field: None})
        assert {source for source, _reason in plan.plan(only, "2", {}).passed} == {tool}


def test_as_dict_is_what_check_mode_returns() -> None:
    made = plan.plan(_collectors.by_name("runqlat"), "auto", capability(REFUSED, TOOL, **LIBBPF)).as_dict()
    assert made["collector"] == "runqlat"
    assert made["tiers"] == [2, 1]
    assert made["sources"] == ["libbpf-tools", "bcc", "procfs"]
    assert made["passed"] == [{"tier": 3, "source": "native", "reason": REFUSED["reason"]}]
