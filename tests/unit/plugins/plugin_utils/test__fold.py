# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts folded into fleets: nothing counted twice, nothing made up."""

from __future__ import annotations

import itertools
import json
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._fold import OUTCOMES, Scope
from ansible_collections.ebpf.fleet.plugins.plugin_utils._fold_collector import Items, Merged

from .conftest import record, sent


def scope_of(records: t.Iterable[dict[str, t.Any]]) -> dict[str, t.Any]:
    """Return the fold of records."""
    scope = Scope()
    for one in records:
        scope.add(_row.of_record(one, one["fleets"], "f"), one)
    return scope.as_dict()


def by_name(scope: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """Return a scope's collectors by name."""
    return {one["collector"]: one for one in scope["collectors"]}


def test_the_sum_does_not_depend_on_the_order() -> None:
    records = [record("tier3", "a"), record("tier2", "b"), record("tier1", "c")]

    def plain(scope: dict[str, t.Any]) -> str:
        for blocked in scope["blockers"]:
            blocked["names"].sort()
            blocked["causes"].sort(key=str)
        for one in scope["collectors"]:
            one["sources"].sort(key=str)
        return json.dumps(scope, sort_keys=True)

    assert len({plain(scope_of(order)) for order in itertools.permutations(records)}) == 1


def test_figures_of_mixed_tiers() -> None:
    scope = scope_of([record("tier3", "a"), record("tier2", "b"), record("tier1", "c")])
    assert scope["hosts"] == 3
    assert scope["tiers"] == {"3": 1, "2": 1, "1": 1, "unknown": 0}
    assert (scope["outcomes"]["ok"], scope["outcomes"]["partial"]) == (2, 1)
    assert scope["differs"] == 1
    runqlat = by_name(scope)["runqlat"]
    one = next(result for result in sent("tier3")["results"] if result["collector"] == "runqlat")
    other = next(result for result in sent("tier1")["results"] if result["collector"] == "runqlat")
    assert runqlat["count"] == 2 * one["data"]["count"] + other["data"]["count"]
    assert runqlat["tier_counts"] == {"3": one["data"]["count"], "2": one["data"]["count"], "1": other["data"]["count"]}
    histogram = runqlat["histogram"]
    assert histogram["hosts"] == 2
    assert histogram["count"] == 2 * one["data"]["count"]
    assert histogram["buckets"] == [[lo, hi, 2 * n] for lo, hi, n in one["data"]["series"][0]["buckets"]]
    assert histogram["quantiles"] == _row.quantiles(one["data"]["series"][0]["buckets"])
    assert histogram["without_distribution"] == {
        "hosts": 1,
        "count": other["data"]["count"],
        "total": other["data"]["total"],
    }


def test_what_failed_is_not_counted_as_nothing() -> None:
    execsnoop = by_name(scope_of([record("tier2")]))["execsnoop"]
    assert execsnoop["statuses"] == {"ok": 0, "idle": 0, "truncated": 0, "failed": 1, "unsupported": 0}
    assert execsnoop["count"] is None
    assert execsnoop["hosts"] == 0


def test_idle_is_nothing_that_was_seen() -> None:
    tcpretrans = by_name(scope_of([record("tier3")]))["tcpretrans"]
    assert (tcpretrans["count"], tcpretrans["hosts"], tcpretrans["statuses"]["idle"]) == (0, 1, 1)


def test_losses_are_known_from_unknown() -> None:
    lossy = record("tier3", "a")
    lossy["results"][0]["lost"] = 7
    merged = by_name(scope_of([lossy, record("tier3", "b"), record("tier1", "c")]))["runqlat"]
    assert merged["lost"] == {"count": 7, "hosts": 1, "unknown_hosts": 1}


def test_figures_of_different_units_are_never_added() -> None:
    odd = record("tier3", "b")
    odd["results"][0]["unit"] = "ms"
    collectors = scope_of([record("tier3", "a"), odd])["collectors"]
    assert sorted(one["unit"] for one in collectors if one["collector"] == "runqlat") == ["ms", "us"]


def test_blockers_name_their_hosts_states_and_remedies() -> None:
    scope = scope_of([record("tier2", "b"), record("tier1", "c"), record("tier1", "d")])
    blockers = {one["requirement"]: one for one in scope["blockers"]}
    memory = blockers["kernel_memory"]
    assert memory["names"] == ["b", "c", "d"]
    assert (memory["hosts"], memory["unmet"], memory["unknown"]) == (3, 1, 2)
    assert {cause["remedy"] is not None for cause in memory["causes"]} == {True}
    assert sum(cause["hosts"] for cause in memory["causes"]) == 3


def test_a_host_without_an_answer_is_counted_and_nothing_more() -> None:
    scope = Scope()
    for outcome in OUTCOMES:
        scope.add(_row.silent("h", [], outcome, "why"), None)
    found = scope.as_dict()
    assert found["outcomes"] == dict.fromkeys(OUTCOMES, 1)
    assert found["tiers"]["unknown"] == found["published_tiers"]["unknown"] == 6
    assert found["kernels"] == found["collectors"] == found["blockers"] == []


def test_items_are_added_by_label_and_bounded() -> None:
    items = Items()
    for _host in range(3):
        items.add([{"labels": {"comm": "sh"}, "count": 5}, {"labels": {"comm": "ls"}, "count": 1}], 2)
    assert items.as_dict() == {
        "items": [
            {"labels": {"comm": "sh"}, "count": 15, "hosts": 3},
            {"labels": {"comm": "ls"}, "count": 3, "hosts": 3},
        ],
        "omitted": 6,
    }
    for host in range(300):
        items.add(({"labels": {"comm": "%d-%d" % (host, number)}, "count": 1} for number in range(200)), 0)
    assert len(items._found) <= 20000
    found = items.as_dict()
    assert found["items"][0] == {"labels": {"comm": "sh"}, "count": 15, "hosts": 3}
    assert len(found["items"]) + found["omitted"] == 2 + 6 + 300 * 200


def test_hostile_kinds_are_bounded() -> None:
    scope = Scope()
    for number in range(3000):
        one = record("tier1", "h%d" % number)
        one["capability"]["kernel"]["release"] = "k%d" % number
        one["results"][0]["collector"] = "c%d" % number
        scope.add(_row.of_record(one, [], "f"), one)
    found = scope.as_dict()
    assert len(found["kernels"]) <= 1001
    assert sum(one["hosts"] for one in found["kernels"]) == 3000
    assert len(found["collectors"]) <= 1000


def test_idle_histogram_has_a_distribution_of_nothing() -> None:
    result = sent("tier3")["results"][0]
    result["status"], result["data"] = "idle", {"count": 0, "total": 0, "series": []}
    merged = Merged(result)
    merged.add(result)
    assert merged.as_dict()["histogram"] == {
        "hosts": 1,
        "count": 0,
        "buckets": [],
        "quantiles": {"p50": None, "p90": None, "p99": None},
        "without_distribution": {"hosts": 0, "count": 0, "total": None},
    }


def test_flows_are_added_up_by_peer_and_by_process_too() -> None:
    one, other = record("tier3", "a"), record("tier3", "b")
    for host, (sport, process) in zip((one, other), ((1, "curl"), (2, None)), strict=True):
        flow = {"saddr": "10.0.0.1", "sport": sport, "daddr": "10.0.0.9", "dport": 80, "process": process}
        result = next(result for result in host["results"] if result["collector"] == "tcpretrans")
        result["data"] = {"count": 3, "items": [{"labels": flow, "count": 3}], "omitted": 0}
    merged = by_name(scope_of([one, other]))
    assert len(merged["tcpretrans"]["items"]) == 2
    assert merged["tcpretrans"]["views"] == [
        {"view": "peer", "items": [{"labels": {"daddr": "10.0.0.9"}, "count": 6, "hosts": 2}], "omitted": 0},
        {"view": "process", "items": [{"labels": {"process": "curl"}, "count": 3, "hosts": 1}], "omitted": 0},
    ]
    assert merged["execsnoop"]["views"] == []


def test_what_the_survey_cost_and_would_win_is_in_every_scope() -> None:
    scope = scope_of([record("tier3", "a"), record("tier1", "b")])
    assert scope["cost"]["cpu_ms"]["hosts"] == 2
    assert scope["what_if"]["plans"][0]["remedies"] == ["run with become: true"]
