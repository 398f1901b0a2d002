# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One survey over SSH of every kernel of the lab: each host's record says what is true of it."""

from __future__ import annotations

import typing as t

import pytest
import table
from conftest import COLLECTORS, STANDARD, Surveyed

LIGHT = ("deb12", "deb12-arm64", "deb13", "newest")


class Truth(t.NamedTuple):
    """What must be said of a host: tiers, the proof's loader, the tier of each collector, the requirements not met."""

    published: int
    proven: int
    loader: str | None
    tiers: tuple[int, ...]
    unmet: frozenset[str]


NATIVE, PROCFS = (3,) * len(COLLECTORS), (1,) * len(COLLECTORS)
NO_TOOLS = frozenset({"bcc_tools"})
TRUTH = {
    "deb11": Truth(3, 3, "libbpf", NATIVE, NO_TOOLS),
    "deb11-nolibbpf": Truth(3, 1, None, PROCFS, NO_TOOLS | {"loader", "proof"}),
    "deb11-nobtf": Truth(1, 1, None, PROCFS, NO_TOOLS | {"btf", "proof"}),
    "deb11-bcc": Truth(3, 3, "libbpf", NATIVE, frozenset()),
    "deb12": Truth(3, 3, "light", NATIVE, frozenset()),
    # The proof loads, by the second loader, and so do the programs that read no memory but what the verifier can follow.
    "deb12-locked": Truth(3, 1, "libbpf", (3, 3, 1, 1, 3), frozenset({"kernel_memory"})),
    "deb12-plain": Truth(2, 1, None, PROCFS, frozenset({"root", "privilege"})),
    "deb13": Truth(3, 3, "light", NATIVE, frozenset()),
    "newest": Truth(3, 3, "light", NATIVE, frozenset()),
    "deb12-arm64": Truth(3, 3, "light", NATIVE, NO_TOOLS),
}


def test_every_host_of_the_inventory_has_one_record(survey: Surveyed) -> None:
    lab = table.load()
    assert set(survey.records) == {host.name for about in lab.guests.values() for host in about.hosts} | set(lab.absent)


def test_ansible_is_told_the_truth(survey: Surveyed) -> None:
    broken = {"deb13-nopython": "failed", "not-there": "unreachable"}
    assert survey.played.recap == {host: broken.get(host, "ok") for host in survey.records}
    assert survey.played.code != 0


@pytest.mark.parametrize("host", TRUTH)
def test_tiers(survey: Surveyed, host: str) -> None:
    record, truth = survey.records[host], TRUTH[host]
    assert record["outcome"] == "ok", record["message"]
    capability = record["capability"]
    assert (capability["published_tier"], capability["tier"]) == (truth.published, truth.proven), capability["proof"]
    assert capability["proof"]["loader"] == truth.loader
    assert [result["collector"] for result in record["results"]] == list(COLLECTORS)
    assert tuple(result["tier"] for result in record["results"]) == truth.tiers, record["results"]
    assert {result["status"] for result in record["results"]} <= {"ok", "idle"}, record["results"]
    assert (truth.published != truth.proven) == bool(capability["differs"])


@pytest.mark.parametrize("host", TRUTH)
def test_what_is_not_met_has_evidence_and_a_remedy(survey: Surveyed, host: str) -> None:
    rows = {row["name"]: row for row in survey.records[host]["capability"]["requirements"]}
    assert {name for name, row in rows.items() if row["state"] == "unmet"} >= TRUTH[host].unmet, rows
    for name in TRUTH[host].unmet:
        assert rows[name]["evidence"]
        assert rows[name]["remedy"]


@pytest.mark.parametrize("host", TRUTH)
def test_every_attempt_that_failed_has_its_reason(survey: Surveyed, host: str) -> None:
    for result in survey.records[host]["results"]:
        tiers = list(dict.fromkeys(attempt["tier"] for attempt in result["attempts"]))  # of tier 2 both sources
        assert tiers == list(range(3, result["tier"], -1))
        for attempt in result["attempts"]:
            assert attempt["reason"]["message"]
            assert attempt["reason"]["remedy"]


def test_the_same_bytes_run_on_every_kernel_and_both_architectures(survey: Surveyed) -> None:
    for position, collector in enumerate(STANDARD):
        costs = {host: survey.records[host]["results"][position]["cost"] for host in LIGHT}
        assert {cost["loader"] for cost in costs.values()} == {"light"}, costs
        assert len({cost["blob_sha256"] for cost in costs.values()}) == 1, (collector, costs)
    machines = {survey.records[host]["capability"]["kernel"]["machine"] for host in LIGHT}
    assert machines == {"x86_64", "aarch64"}


def test_without_libbpf_5_10_says_what_to_install(survey: Surveyed) -> None:
    attempt = survey.records["deb11-nolibbpf"]["results"][0]["attempts"][0]
    assert attempt["reason"]["code"] == "no_libbpf"
    assert "libbpf" in attempt["reason"]["remedy"]


def test_with_libbpf_5_10_says_why_it_was_needed(survey: Surveyed) -> None:
    for result in survey.records["deb11"]["results"]:
        assert "5.17" in result["cost"]["loader_reason"]


def test_lockdown_is_named_as_the_reason_and_the_rest_is_useful(survey: Surveyed) -> None:
    record = survey.records["deb12-locked"]
    capability = record["capability"]
    assert record["outcome"] == "ok"
    assert capability["kernel"]["lockdown"] == "confidentiality"
    assert (capability["published_tier"], capability["tier"]) == (3, 1)
    assert "locked down (confidentiality)" in capability["differs"]
    (memory,) = [row for row in capability["blockers"] if row["requirement"] == "kernel_memory"]
    assert memory["state"] == "unmet"
    assert "lockdown" in memory["remedy"]
    results = {result["collector"]: result for result in record["results"]}
    # These read memory that the verifier cannot follow, which lockdown forbids.
    for collector in ("tcpretrans", "execsnoop"):
        assert results[collector]["tier"] == 1
        attempts = [(attempt["tier"], attempt["reason"]["code"]) for attempt in results[collector]["attempts"]]
        assert set(attempts) == {(3, "lockdown"), (2, "lockdown")}, results[collector]
        assert results[collector]["status"] in ("ok", "idle")


def test_an_unprivileged_user_is_told_what_root_would_see(survey: Surveyed) -> None:
    capability = survey.records["deb12-plain"]["capability"]
    assert capability["privilege"]["euid"] == 1000
    assert capability["proof"]["state"] == "unknown"
    assert capability["unseen"]


def test_a_host_without_python_and_one_that_is_not_there(survey: Surveyed) -> None:
    without, absent = survey.records["deb13-nopython"], survey.records["not-there"]
    assert without["outcome"] == "failed"
    assert "Python" in without["message"]
    assert absent["outcome"] == "unreachable"
    assert "refused" in absent["message"]
    assert without["capability"] is None
    assert absent["capability"] is None


def test_the_report_counts_every_host(survey: Surveyed) -> None:
    assert len(survey.report["hosts"]) == len(survey.records)
