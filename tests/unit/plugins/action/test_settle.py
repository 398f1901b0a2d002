# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible is told what became of a host."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure

from .conftest import Play, sent

RESULTS: list[tuple[t.Any, str, dict[str, bool]]] = [
    ({"record": sent("tier3")}, "ok", {}),
    ({"record": sent("tier2")}, "partial", {}),
    ({"failed": True, "msg": "broke"}, "failed", {"failed": True}),
    (AnsibleConnectionFailure("gone"), "unreachable", {"unreachable": True}),
]


@pytest.mark.parametrize(("answer", "outcome", "marks"), RESULTS)
@pytest.mark.parametrize("remembered", [True, False])
def test_outcomes(play: Play, answer: t.Any, outcome: str, marks: dict[str, bool], remembered: bool) -> None:
    play.run("open_run")
    message = play.run("visit", answer=answer)["message"]
    if not remembered:
        play.facts["web-01"] = {"ebpf": {"tier": 3}}  # as capability_facts leaves it: the stored record decides
    result = play.run("settle")
    assert result["outcome"] == outcome
    assert {mark: result[mark] for mark in ("failed", "unreachable") if result.get(mark)} == marks
    assert result["msg"] == message


def test_facts_of_another_run_do_not_count(play: Play) -> None:
    play.run("open_run")
    play.facts["web-01"]["ebpf"] = {"run": "another", "outcome": "ok", "message": None}
    result = play.run("settle")
    assert result["failed"]
    assert "was not visited" in result["msg"]


def test_a_torn_record_is_a_failure(play: Play) -> None:
    play.run("open_run")
    pathlib.Path(play.folder / "hosts" / "web-01.json").write_text('{"sch')
    assert "torn" in play.run("settle")["msg"]


def test_check_mode_has_planned(play: Play) -> None:
    play.run("visit", answer={"record": {**sent("tier3"), "results": []}, "plan": []}, check=True)
    assert not play.run("settle", check=True).get("failed")
