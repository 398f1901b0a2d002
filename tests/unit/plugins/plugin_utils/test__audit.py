# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run held against a policy: the verdict, its reasons, exceptions, drift, and the files that tell it."""

from __future__ import annotations

import datetime as dt
import io
import json
import pathlib
import typing as t
import xml.etree.ElementTree as ET

import jsonschema
import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import (
    _audit,
    _audit_text,
    _policy,
    _previous,
    _rules,
    _schema,
    _survey,
)

from .conftest import HOSTILE, Folder, hostile, record

TODAY = dt.date(2026, 11, 24)


class Bench:
    """A run and what is asked of it."""

    def __init__(self, folder: Folder, tmp_path: pathlib.Path) -> None:
        self.folder = folder
        self._path = tmp_path / "policy.yml"

    def audit(self, policy: str, previous: _previous.Previous | None = None) -> dict[str, t.Any]:
        """Return audit.json, which fits its schema, and keep the other files' text."""
        self._path.write_text("schema: ebpf.fleet.policy/1\n" + policy)
        read = _policy.load(str(self._path), _rules.default())
        run = self.folder.run()
        survey = _survey.gather(self.folder.path, run, lambda host: None, self.folder.path, None, previous)
        found = _audit.audit(survey, read, TODAY, self.folder.path)
        survey.close()
        texts = []
        for write in (_audit.Audit.write_json, _audit_text.write_markdown, _audit_text.write_junit):
            stream = io.StringIO()
            write(found, stream)
            texts.append(stream.getvalue())
        self.markdown, self.junit = texts[1], ET.fromstring(texts[2])
        self.printed = _audit_text.summary(found)
        found.close()
        audit = json.loads(texts[0])
        jsonschema.validate(audit, _schema.load("audit.v1.json"))
        assert (audit["verdict"] == "broken") == found.broken
        return t.cast("dict[str, t.Any]", audit)

    def cases(self, suite: str) -> dict[str, str | None]:
        """Return what became of a suite's cases in the JUnit file."""
        (found,) = (one for one in self.junit if one.attrib["name"] == suite)
        return {case.attrib["name"]: case[0].tag if len(case) else None for case in found}


@pytest.fixture
def bench(mixed: Folder, tmp_path: pathlib.Path) -> Bench:
    """Return the run of hosts of all kinds."""
    return Bench(mixed, tmp_path)


def fails(audit: dict[str, t.Any]) -> dict[str, list[str]]:
    """Return which rules each host breaks."""
    found = {one["host"]: [check["rule"] for check in one["checks"] if check["fails"]] for one in audit["hosts"]}
    return {host: rules for host, rules in found.items() if rules and host != HOSTILE}


def test_who_breaks_what(bench: Bench) -> None:
    audit = bench.audit("defaults: {minimum_tier: 3, maximum_unanswered: 50%}\nfleets:\n  db: {minimum_tier: 2}\n")
    assert audit["verdict"] == "broken"
    assert fails(audit) == {"web-02": ["minimum_tier"]}
    assert audit["broken"] == [{"rule": "minimum_tier", "hosts": 1, "names": ["web-02"]}]
    counts = audit["counts"]
    assert {name: counts[name] for name in ("hosts", "judged", "unanswered", "skipped", "broken")} == {
        "hosts": 7, "judged": 4, "unanswered": 2, "skipped": 1, "broken": 1,
    }  # fmt: skip
    check = next(one for one in audit["hosts"] if one["host"] == "web-02")["checks"][0]
    assert (check["line"], check["remedy"]) == (2, "run with become: true")
    assert bench.cases("web-02") == {"minimum_tier": "failure"}
    assert bench.cases("web-01") == {"minimum_tier": None}
    assert "  web-02: minimum_tier: tier 1 was proven" in bench.printed
    assert "      run with become: true" in bench.printed
    assert "| `web-02` | `minimum_tier` | tier 1 was proven" in bench.markdown


def test_a_policy_that_is_kept(bench: Bench) -> None:
    audit = bench.audit("defaults: {minimum_tier: 1, maximum_unanswered: 2}\n")
    assert (audit["verdict"], fails(audit)) == ("kept", {})
    assert "The policy is kept: 4 hosts judged, 2 gave no answer, 1 not asked." in bench.printed
    assert bench.junit.attrib["failures"] == "0"
    assert bench.cases("db-02") == {"the host answered": "error"}
    assert bench.cases("limited") == {"the host answered": "skipped"}


def test_hosts_without_an_answer_are_counted_where_the_policy_counts_them(bench: Bench) -> None:
    audit = bench.audit("defaults: {maximum_unanswered: 2}\nfleets:\n  db: {maximum_unanswered: 0}\n")
    told = {scope["fleet"]: scope["checks"][0] for scope in audit["scopes"]}
    assert (told[None]["state"], told["db"]["state"]) == ("kept", "broken")
    assert told["db"]["message"] == "1 of 2 hosts gave no answer, at most 0 may."
    assert audit["verdict"] == "broken"
    assert bench.cases("fleet db") == {"maximum_unanswered": "failure"}
    assert bench.audit("defaults: {}\n")["verdict"] == "broken"  # none may be, unless the policy says so


def test_a_run_of_which_nothing_is_known_keeps_no_policy(folder: Folder, tmp_path: pathlib.Path) -> None:
    bench = Bench(folder, tmp_path)
    assert bench.audit("defaults: {maximum_unanswered: 100%}\n")["verdict"] == "broken"  # an empty inventory
    folder.add("a", ("f",), None, in_play=False)
    assert bench.audit("defaults: {maximum_unanswered: 100%}\n")["verdict"] == "broken"
    folder.add("b", ("f",), None)
    audit = bench.audit("defaults: {maximum_unanswered: 100%}\n")
    assert [check["rule"] for check in audit["scopes"][0]["checks"] if check["fails"]] == ["judged"]


def test_unknown_fails_unless_the_policy_lets_it_pass(bench: Bench) -> None:
    policy = "defaults: {requirements: [kernel_memory], maximum_unanswered: 2%s}\n"
    audit = bench.audit(policy % "")
    assert fails(audit) == {"web-02": ["requirements.kernel_memory"], "db-01": ["requirements.kernel_memory"]}
    states = {one["host"]: one["checks"][0]["state"] for one in audit["hosts"] if one["checks"]}
    assert (states["web-02"], states["db-01"]) == ("unknown", "broken")  # and never one for the other
    assert fails(bench.audit(policy % ", unknown: pass")) == {"db-01": ["requirements.kernel_memory"]}
    assert bench.cases("web-02") == {"requirements.kernel_memory": "skipped"}


EXCEPTION = "exceptions:\n  - {rule: minimum_tier, hosts: [%s], reason: It is to be replaced., expires: %s}\n"
TIERS = "defaults: {minimum_tier: 3, maximum_unanswered: 2}\nfleets:\n  db: {minimum_tier: 1}\n"


@pytest.mark.parametrize(
    ("hosts", "expires", "verdict", "state"),
    [
        ("web-02", "2026-11-24", "kept", "used"),  # its last day
        ("'@web'", "2027-01-01", "kept", "used"),
        ("web-02", "2026-11-23", "broken", "expired"),
        ("other", "2027-01-01", "broken", "unused"),
    ],
)
def test_exceptions(bench: Bench, hosts: str, expires: str, verdict: str, state: str) -> None:
    audit = bench.audit(TIERS + EXCEPTION % (hosts, expires))
    assert (audit["verdict"], audit["exceptions"][0]["state"]) == (verdict, state)
    if state == "used":
        check = next(one for one in audit["hosts"] if one["host"] == "web-02")["checks"][0]
        assert (check["state"], check["reason"], check["expires"]) == ("excused", "It is to be replaced.", expires)
        assert bench.cases("web-02") == {"minimum_tier": "skipped"}
        assert "1 excused by exceptions" in bench.printed
        assert audit["notes"] == []
    else:
        assert "The exception from minimum_tier for" in audit["notes"][0]
    assert "It is to be replaced." in bench.markdown


def past(**change: t.Any) -> _previous.Past:
    """Return what a host was: at tier 3, in good order."""
    same = _previous.Past("ok", 3, "6.18.44", {"btf": "met"}, {}, frozenset(), {})
    return same._replace(**change)


def test_drift_against_a_baseline(bench: Bench) -> None:
    baseline = _previous.Previous(
        "r0", {"web-01": past(kernel="6.1"), "web-02": past(), "db-02": past(), "old": past()}
    )
    audit = bench.audit("defaults: {drift: {gone_host: fail}, maximum_unanswered: 2}\n", baseline)
    assert fails(audit) == {"web-02": ["drift.tier"], "db-02": ["drift.outcome"]}
    noted = [check["rule"] for check in audit["hosts"][0]["checks"] if check["state"] == "noted"]
    assert noted == ["drift.kernel"]
    assert audit["baseline"] == {"run": "r0", "hosts": 4, "in_common": 3}
    gone = next(one for one in audit["scopes"][0]["checks"] if one["rule"] == "drift.gone_host")
    assert (gone["fails"], gone["message"]) == (True, "1 hosts of the baseline are no longer in the inventory: old.")
    assert "drift.tier: tier is 1, and was 3." in bench.printed


def test_without_a_baseline_it_is_said(bench: Bench) -> None:
    audit = bench.audit("defaults: {drift: {}, maximum_unanswered: 2}\n")
    assert (audit["verdict"], audit["baseline"]) == ("kept", None)
    assert audit["notes"] == [
        "The policy asks for changes since a baseline, and there is none: this is the first run, or name one."
    ]


def test_a_fleet_that_is_not_there_is_said(bench: Bench) -> None:
    audit = bench.audit("defaults: {maximum_unanswered: 2}\nfleets:\n  wbe: {minimum_tier: 3}\n")
    assert audit["notes"] == [
        "Line 4: the policy names the fleet 'wbe', which this run does not have: did you mean web?"
    ]


def test_findings_reach_the_policy(bench: Bench) -> None:
    audit = bench.audit("defaults: {maximum_unanswered: 2, forbidden_findings: [collector_failed]}\n")
    assert fails(audit)["db-01"] == ["forbidden_findings.collector_failed"]


def test_hostile_hosts_stay_text(folder: Folder, tmp_path: pathlib.Path) -> None:
    bad = hostile(record("tier1")) | {"host": HOSTILE}
    folder.add(HOSTILE, ("<b>|",), bad)
    bench = Bench(folder, tmp_path)
    audit = bench.audit("defaults: {minimum_tier: 3, kernels: ['x'], requirements: [btf]}\n")
    assert audit["broken"][0]["names"] == [HOSTILE]
    assert "<script" not in bench.markdown.replace("\\<", "").replace("`../", "").split("`")[0]
    for line in bench.markdown.splitlines():
        if line.startswith("| `"):
            assert not any(ord(c) < 32 or c == "\u202e" for c in line)
    assert all(c.isprintable() or c == "\n" for c in bench.printed)


def test_a_thousand_breaches_are_cut_in_text_and_whole_in_json(folder: Folder, tmp_path: pathlib.Path) -> None:
    for number in range(60):
        folder.add("h%02d" % number, ("f",), record("tier1", "h%02d" % number))
    bench = Bench(folder, tmp_path)
    audit = bench.audit("defaults: {minimum_tier: 3}\n")
    assert len(fails(audit)) == 60
    assert "(20 more are in audit.md and audit.json)" in bench.printed
