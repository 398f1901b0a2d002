# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records: made, judged, refused."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _record
from ansible_collections.ebpf.fleet.plugins.plugin_utils._record import Envelope, Refused

from .conftest import hostile, record, sent

ENVELOPE = Envelope("r1", "web-01", ["web"], "2026-11-24T03:00:00Z")


def result(status: str, code: str | None = None) -> dict[str, t.Any]:
    """Return the part of a result that decides."""
    reason = None if code is None else {"code": code, "message": "why", "remedy": None}
    return {"collector": "c", "status": status, "reason": reason}


@pytest.mark.parametrize(
    ("results", "failure", "outcome"),
    [
        ([("ok", None), ("idle", None)], None, "ok"),
        ([("ok", None), ("truncated", "omitted")], None, "ok"),  # the count is complete
        ([("ok", None), ("truncated", "lost")], None, "partial"),
        ([("ok", None), ("failed", "timeout")], None, "partial"),
        ([("ok", None), ("unsupported", "unsupported")], None, "partial"),
        ([("unsupported", "unsupported")], None, "partial"),
        ([("failed", "timeout"), ("unsupported", "x")], None, "failed"),
        ([("failed", "timeout")], None, "failed"),
        ([("idle", None)], "broke", "partial"),
        ([], "broke", "failed"),
        ([], None, "ok"),
    ],
)
def test_outcome(results: list[tuple[str, str | None]], failure: str | None, outcome: str) -> None:
    name, message = _record.outcome([result(*one) for one in results], failure)
    assert name == outcome
    assert (message is None) == (outcome == "ok")


def test_message_says_what_is_missing() -> None:
    assert record("tier2")["outcome"] == "partial"
    assert record("tier2")["message"] == "execsnoop failed: it had not attached after 30 s"


def test_the_controller_has_the_last_word_on_what_is_its_own() -> None:
    lie = {**sent("tier3"), "host": "other", "run": "../x", "outcome": "ok", "fleets": ["root"], "received": "x"}
    made = _record.from_host(lie, ENVELOPE, None)
    assert (made["host"], made["run"], made["fleets"], made["received"]) == ("web-01", "r1", ["web"], ENVELOPE.received)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"schema": "ebpf.fleet.record/2"},
            "The record has the version ebpf.fleet.record/2, and this ebpf.fleet reads ebpf.fleet.record/1: use one",
        ),
        ({"schema": None}, "does not say that it is ebpf.fleet.record/1: its schema is None"),
        ({"schema": ["\x1b"]}, "does not say that it is ebpf.fleet.record/1"),
        ({"results": {}}, "breaks its schema ebpf.fleet.record/1: results is a JSON object, not array"),
        ({"capability": "3"}, "breaks its schema"),
    ],
)
def test_refuses(change: dict[str, t.Any], message: str) -> None:
    with pytest.raises(Refused) as caught:
        _record.from_host({**sent("tier3"), **change}, ENVELOPE, None)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("strange", [None, [], "record", 3])
def test_refuses_what_is_no_object(strange: t.Any) -> None:
    with pytest.raises(Refused, match="sent no record"):
        _record.from_host(strange, ENVELOPE, None)


@pytest.mark.parametrize(
    "buckets", [[[2, 4, 1], [0, 2, 1]], [[0, 2, 1], [0, 2, 1]], [[4, 4, 1]], [[8, 4, 1]], [[0, 4, 1], [2, 8, 1]]]
)
def test_refuses_buckets_that_do_not_ascend(buckets: list[list[int]]) -> None:
    strange = sent("tier3")
    strange["results"][0]["data"]["series"][0]["buckets"] = buckets
    with pytest.raises(Refused, match="runqlat has buckets that do not ascend"):
        _record.from_host(strange, ENVELOPE, None)


def test_refuses_two_results_of_one_collector() -> None:
    strange = sent("tier3")
    strange["results"].append(strange["results"][0])
    with pytest.raises(Refused, match="two results of runqlat"):
        _record.from_host(strange, ENVELOPE, None)


def test_refuses_an_answer_without_data_and_data_of_another_kind() -> None:
    strange = sent("tier3")
    strange["results"][0]["data"] = None
    with pytest.raises(Refused, match="runqlat is ok but has no data"):
        _record.from_host(strange, ENVELOPE, None)
    strange["results"][0]["data"] = strange["results"][3]["data"]
    with pytest.raises(Refused, match="data of another kind than histogram"):
        _record.from_host(strange, ENVELOPE, None)


@pytest.mark.parametrize("outcome", ["failed", "unreachable", "timed_out"])
def test_silent_records_fit_the_schema_too(outcome: str) -> None:
    assert _record.check_stored(_record.silent(ENVELOPE, outcome, "why")) is not None


@pytest.mark.parametrize("name", ["tier3", "tier2", "tier1"])
def test_headline_is_small_whatever_the_host_sends(name: str) -> None:
    facts = _record.headline(record(name))
    assert facts["tier"] == int(name[-1])
    assert set(facts["collectors"]) == {"runqlat", "biolatency", "tcpretrans", "execsnoop"}
    huge = hostile(record(name))
    huge["capability"]["blockers"] = [
        {"requirement": "x" * 1000, "state": "unmet", "message": "y" * 60000, "remedy": "z" * 60000} for _ in range(200)
    ]
    assert len(repr(_record.headline(huge))) < 12000


def test_headline_of_a_silent_host() -> None:
    facts = _record.headline(_record.silent(ENVELOPE, "unreachable", "why"))
    assert facts["tier"] is None
    assert facts["outcome"] == "unreachable"
    assert facts["collectors"] == {}
