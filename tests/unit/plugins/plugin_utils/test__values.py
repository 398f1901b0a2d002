# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of a record: those that are known, and no others."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _record, _values

from .conftest import HOSTILE, hostile, record


def test_figures_of_tier_3() -> None:
    values = _values.of_record(record("tier3"))
    assert values["host.unanswered"] == {"": [0, 0, None, None]}
    assert values["capability.tier"][""][0] == 3
    assert values["runqlat.p99"] == {"": [4096, 8192, 4325, 3]}
    assert values["runqlat.rate"] == {"": [4325, 4325, 4325, 3]}
    assert values["runqlat.busy"][""][0] == pytest.approx(2.422776)
    assert values["runqlat.mean"][""][0] == pytest.approx(2422775.953 / 4325)
    assert set(values["biolatency.p50"]) == {"", "vda"}
    assert values["tcpretrans.rate"] == {"": [0, 0, 0, 3]}
    assert values["execsnoop.rate"]["dd"] == [3, 3, 3, 3]
    assert set(values["result.lost_share"]) == {"runqlat", "biolatency", "tcpretrans", "execsnoop"}
    assert values["result.lost_share"]["runqlat"] == [0, 0, None, 3]
    assert values["result.cut"]["execsnoop"][0] == 0  # rows are left out, the count is complete
    assert values["result.cpu_share"]["runqlat"][0] == pytest.approx(0.002782)


def test_tier_1_knows_no_distribution() -> None:
    values = _values.of_record(record("tier1"))
    assert not [name for name in values if name.endswith((".p50", ".p90", ".p99"))]
    assert values["runqlat.mean"][""][3] == 1
    assert "result.lost_share" not in values  # /proc cannot tell
    assert "result.cpu_share" not in values


def test_all_that_is_found_is_known_and_documented_names_only() -> None:
    found = {name for tier in ("tier1", "tier2", "tier3") for name in _values.of_record(record(tier))}
    assert found <= set(_values.known())


def test_a_failed_result_has_no_figure_but_that() -> None:
    values = _values.of_record(record("tier2"))
    assert values["result.failed"]["execsnoop"][0] == 1
    assert "execsnoop.rate" not in values


@pytest.mark.parametrize(("outcome", "wanted"), [("unreachable", 1), ("failed", 1), ("timed_out", 1)])
def test_hosts_without_an_answer(outcome: str, wanted: int) -> None:
    envelope = _record.Envelope("r1", "h", [], "2026-11-24T03:00:00Z")
    assert _values.of_record(_record.silent(envelope, outcome, "m")) == {"host.unanswered": {"": [1, 1, None, None]}}
    assert _values.silent("skipped") == {}


FLOW = {"saddr": "a", "sport": 1, "daddr": "b", "dport": 2}


def test_flows_by_state_and_peer() -> None:
    one = record("tier3")
    result = next(result for result in one["results"] if result["collector"] == "tcpretrans")
    result["status"] = "ok"
    result["data"].update(
        count=10,
        items=[
            {"labels": FLOW, "count": 6, "state": "SYN_SENT"},
            {"labels": {**FLOW, "sport": 9}, "count": 2, "state": "SYN_RECV"},
            {"labels": {**FLOW, "daddr": "c"}, "count": 2, "state": "NEW_SYN_RECV"},
        ],
    )
    values = _values.of_record(one)
    assert {name: figure[0] for name, figure in values["tcpretrans.rate"].items()} == {
        "": 10,
        "SYN_SENT": 6,
        "SYN_RECV": 4,
    }
    assert values["tcpretrans.peer_share"][""][0] == pytest.approx(0.8)


def test_what_is_not_known_is_not_there() -> None:
    one = record("tier3")
    one["capability"]["kernel"].update(unprivileged_bpf_disabled=None, jit=None)
    del one["capability"]["userland"]
    one["cost"] = one["window"] = None
    for result in one["results"]:
        result["window"] = None
    names = set(_values.of_record(one))
    assert names == {
        "host.unanswered", "capability.tier", "capability.tier_gap", "result.failed", "result.cut", "result.lost_share",
        "result.kernel_kib",
    }  # fmt: skip


def test_hostile_records_give_figures_or_nothing() -> None:
    one: dict[str, t.Any] = hostile(record("tier3")) | {"host": HOSTILE}
    one["capability"]["userland"]["bcc_tools"] = {"x": 1, "y": {"trusted": False}}
    one["capability"]["userland"]["libbpf_tools"] = {"x": None, "y": {"trusted": False}, "z": {"trusted": True}}
    one["results"][0]["cost"].update(run_ns="many", map_bytes=True)
    values = _values.of_record(one)
    assert values["capability.untrusted_tools"][""][0] == 2
    for subjects in values.values():
        for subject, figure in subjects.items():
            assert len(subject) <= 60
            assert subject.isprintable() or not subject
            assert all(number is None or isinstance(number, (int, float)) for number in figure)
            assert len(figure) == 4


def counted(collector: str, items: list[dict[str, t.Any]]) -> dict[str, dict[str, list[t.Any]]]:
    """Return the values of a record whose execsnoop is another collector that counts."""
    one = record("tier3")
    result = next(result for result in one["results"] if result["collector"] == "execsnoop")
    result.update(collector=collector, kind="counts", tier=1, status="ok")
    result["data"] = {"count": sum(item["count"] for item in items), "items": items, "omitted": 0}
    return _values.of_record(one)


def test_shares_by_subject() -> None:
    items = [
        {"labels": {"cgroup": "/a"}, "count": 9, "share": 0.25, "of": 80},
        {"labels": {"cgroup": "/b"}, "count": 1, "share": 0.5},
        {"labels": {"cgroup": "/c"}, "count": 1},
    ]
    values = counted("throttling", items)
    assert values["throttling.share"] == {"/b": [0.5, 0.5, None, 1], "/a": [0.25, 0.25, 80, 1]}
    assert set(values["throttling.rate"]) == {"", "/a", "/b", "/c"}
    assert "listendrop.share" not in counted(
        "listendrop", items
    )  # which has no shares; a host that sends some is not asked


def test_a_small_counter_of_the_kernel_is_not_crowded_out() -> None:
    items = [{"labels": {"counter": "c%d" % n}, "count": 1000 - n} for n in range(200)]
    rates = counted("netstat", items)["netstat.rate"]
    assert len(rates) == 61
    assert "c59" in rates


def test_subjects_are_bounded() -> None:
    one = record("tier3")
    result = next(result for result in one["results"] if result["collector"] == "execsnoop")
    result["data"]["items"] = [{"labels": {"comm": "c%d" % n}, "count": n} for n in range(200)]
    rates = _values.of_record(one)["execsnoop.rate"]
    assert len(rates) == 13
    assert "c199" in rates
