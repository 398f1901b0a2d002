# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host held against what is asked of it: kept, broken, or not known, and never one for the other."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _checks, _health, _row, _rules

from .conftest import record

RULES = {rule.id: {"next": rule.next} for rule in _rules.default().of([])}


def row(name: str = "tier3", **change: t.Any) -> dict[str, t.Any]:
    """Return the row of a host, judged without a finding."""
    one = _row.of_record(record(name), ["f"], "hosts/h.json")
    judged = {"findings": [], "unjudged": [], "changes": [], "comparisons": [], "health": None}
    return {**one, **judged, **change}


def finding(rule: str, severity: str = "warning") -> dict[str, t.Any]:
    """Return a finding."""
    return {"rule": rule, "severity": severity, "evidence": "%s fired." % rule}


HEALTH = {"healthy": 70.0, "ailing": 15.0, "unknown": 15.0, "because": [{"rule": "disk_p99", "points": 15}]}


@pytest.mark.parametrize(
    ("host", "asked", "state", "said"),
    [
        (row(), {"minimum_tier": 3}, "kept", "Tier 3."),
        (row("tier1"), {"minimum_tier": 3}, "broken", "tier 1 was proven, tier 3 is asked for (privilege unmet: "),
        (row(tier=None), {"minimum_tier": 1}, "unknown", "did not say"),
        (row(), {"requirements": ["btf"]}, "kept", "met: the kernel carries its BTF"),
        (row(), {"requirements": ["bcc_tools"]}, "broken", "unmet: no bcc tool is installed."),
        (row("tier1"), {"requirements": ["kernel_memory"]}, "unknown", "unknown: "),
        (row(requirements=[]), {"requirements": ["btf"]}, "unknown", "did not say"),
        (row(), {"probes": ["program:kprobe"]}, "kept", "met."),
        (row(probes={"program:kprobe": "unmet"}), {"probes": ["program:kprobe"]}, "broken", "unmet."),
        (row(probes={}), {"probes": ["program:kprobe"]}, "unknown", "did not say"),
        (row(), {"kernels": ["5.*", "6.1[0-9].*"]}, "kept", "6.18.44"),
        (row(), {"kernels": ["5.*"]}, "broken", "kernel 6.18.44 is none of 5.*."),
        (row(kernel=None), {"kernels": ["5.*"]}, "unknown", "did not say"),
        (row(findings=[finding("disk_p99")]), {"findings": {"warning": 1}}, "kept", "1, at most 1."),
        (row(findings=[finding("disk_p99")]), {"findings": {"warning": 0}}, "broken", "disk_p99 fired."),
        (row(findings=[finding("disk_p99")]), {"findings": {"critical": 0}}, "kept", "0, at most 0."),
        (row(unjudged=["a", "b"]), {"findings": {"critical": 0}}, "kept", "2 rules could not be judged."),
        (row(findings=[finding("disk_p99")]), {"forbidden_findings": ["disk_p99"]}, "broken", "disk_p99 fired."),
        (row(), {"forbidden_findings": ["disk_p99"]}, "kept", "did not fire"),
        (row(unjudged=["disk_p99"]), {"forbidden_findings": ["disk_p99"]}, "unknown", "missing"),
        (row(), {"values": {"runqlat.p99": {"at_most": 8192}}}, "kept", "at most 8.19 ms"),
        (row(), {"values": {"runqlat.p99": {"at_most": 4096}}}, "broken", "runqlat.p99 is 4.1 ms"),
        (row(), {"values": {"biolatency.p99": {"at_most": 256}}}, "broken", "biolatency.p99"),
        (row("tier1"), {"values": {"runqlat.p99": {"at_most": 8192}}}, "unknown", "do not tell"),
        (row(), {"values": {"vfsstat.rate": {"at_most": 5}}}, "unknown", "do not tell"),  # was not asked for
        (row(), {"values": {"execsnoop.rate": {"at_most": 12}}}, "kept", ""),
        (row(), {"values": {"execsnoop.rate": {"at_most": 11}}}, "broken", "execsnoop.rate is 12 processes/s"),
        (row(), {"values": {"execsnoop.rate": {"at_least": 12}}}, "kept", ""),
        (row(), {"values": {"execsnoop.rate": {"at_least": 13}}}, "broken", "at least 13 processes/s"),
        (row(), {"values": {"tcpretrans.rate": {"at_most": 0}}}, "kept", ""),  # idle
        (row(), {"values": {"result.lost_share": {"at_most": 0}}}, "kept", ""),
        (row("tier1"), {"values": {"result.lost_share": {"at_most": 0}}}, "unknown", "do not tell"),
        (row(health=HEALTH), {"minimum_health": 70}, "kept", "70 healthy"),
        (row(health=HEALTH), {"minimum_health": 80}, "unknown", "at least 80"),  # it may be in what is not known
        (row(health=HEALTH), {"minimum_health": 90}, "broken", "at least 90 is asked for."),
        (row(), {"minimum_health": 1}, "unknown", "No rule applies"),
    ],
)  # fmt: skip
def test_checks(host: dict[str, t.Any], asked: dict[str, t.Any], state: str, said: str) -> None:
    (check,) = _checks.checks(host, asked, RULES)
    assert check.state == state
    assert said in check.message
    assert check.rule.partition(".")[0] in asked


def test_each_breach_says_how_to_mend_it() -> None:
    asked = {"minimum_tier": 3, "requirements": ["privilege"], "kernels": ["5.*"], "forbidden_findings": ["disk_p99"]}
    found = _checks.checks(
        row("tier1", findings=[finding("disk_p99")], health=HEALTH), {**asked, "minimum_health": 90}, RULES
    )
    assert [check.remedy for check in found] == [
        "run with become: true",
        "run with become: true",
        "boot one of the allowed kernels",
        RULES["disk_p99"]["next"],
        "mend first: disk_p99",
    ]


def change(
    what: str, worse: bool = True, name: str | None = None, before: str = "3", after: str = "1"
) -> dict[str, t.Any]:
    """Return a change."""
    return {"what": what, "name": name, "before": before, "after": after, "worse": worse}


@pytest.mark.parametrize(
    ("one", "asked", "wanted"),
    [
        (change("tier"), {"drift": {}}, [("drift.tier", "broken")]),
        (change("tier"), {}, []),
        (change("tier"), {"drift": {"tier": "report"}}, [("drift.tier", "noted")]),
        (change("tier"), {"drift": {"tier": "ignore"}}, []),
        (change("tier", worse=False), {"drift": {}}, []),
        (change("kernel", worse=False), {"drift": {}}, [("drift.kernel", "noted")]),
        (change("kernel", worse=False), {"drift": {"kernel": "fail"}}, [("drift.kernel", "broken")]),
        (change("requirement", name="btf"), {"drift": {}}, [("drift.requirement", "broken")]),
        (change("probe", name="fentry"), {"drift": {}}, [("drift.probe", "noted")]),
        (change("outlier", name="runqlat"), {"drift": {"outlier": "fail"}}, [("drift.outlier", "broken")]),
        (change("host", worse=False), {"drift": {"new_host": "fail"}}, [("drift.new_host", "broken")]),
        (change("outcome"), {"drift": {}}, [("drift.outcome", "broken")]),
    ],
)
def test_drift(one: dict[str, t.Any], asked: dict[str, t.Any], wanted: list[tuple[str, str]]) -> None:
    assert [check[:2] for check in _checks.drift(row(changes=[one]), asked)] == wanted


def test_drift_says_what_was_and_what_would_bring_it_back() -> None:
    (check,) = _checks.drift(row("tier1", changes=[change("tier")]), {"drift": {}})
    assert (check.message, check.remedy) == ("tier is 1, and was 3.", "run with become: true")


def test_the_health_of_the_table_is_one_that_there_can_be() -> None:
    parts = copy.deepcopy(HEALTH)
    assert sum(parts[part] for part in ("healthy", "ailing", "unknown")) == 100
    assert set(parts) < set(_health.of_host([(_rules.default().of([])[0], _quiet())]) or {})


def _quiet() -> t.Any:
    from ansible_collections.ebpf.fleet.plugins.plugin_utils._findings import QUIET, Verdict

    return Verdict(QUIET, [])
