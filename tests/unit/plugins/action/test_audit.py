# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action's verdict is Ansible's, and there is none where something is wrong."""

from __future__ import annotations

import json
import os
import pathlib

import pytest
from ansible import constants as C  # noqa: N812

from .conftest import AnsibleActionFail, Play, sent


@pytest.fixture
def policy(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return a policy that asks for tier 3, and lets two hosts be silent."""
    path = tmp_path / "policy.yml"
    path.write_text("schema: ebpf.fleet.policy/1\ndefaults: {minimum_tier: 3, maximum_unanswered: 2}\n")
    return path


def surveyed(play: Play, run: str | None = None, **hosts: str) -> None:
    """Survey hosts."""
    named = {} if run is None else {"run": run}
    play.run("open_run", **named)
    for host, name in hosts.items():
        play.run("visit", host.replace("_", "-"), answer={"record": sent(name)}, **named)


def test_kept(play: Play, policy: pathlib.Path) -> None:
    surveyed(play, web_01="tier3")
    result = play.run("audit", policy=str(policy))
    assert (result["failed"], result["verdict"], result["broken"]) == (False, "kept", [])
    assert sorted(os.listdir(play.folder)) == [
        "audit.json",
        "audit.junit.xml",
        "audit.md",
        "hosts",
        "manifest.json",
        "run.json",
    ]
    assert "The policy is kept: 1 host judged" in play.printed[-1]
    assert json.loads((play.folder / "audit.json").read_text())["policy"]["path"] == str(policy)


def test_broken_fails_and_says_why(play: Play, policy: pathlib.Path) -> None:
    surveyed(play, web_01="tier3", db_01="tier1")
    result = play.run("audit", policy=str(policy))
    assert (result["failed"], result["verdict"]) == (True, "broken")
    assert result["msg"].startswith("The policy is broken: 1 of 2 hosts broke it (minimum_tier on 1)")
    assert result["broken"] == [{"rule": "minimum_tier", "hosts": 1, "names": ["db-01"]}]


def test_check_mode_judges_and_writes_nothing(play: Play, policy: pathlib.Path) -> None:
    surveyed(play, db_01="tier1")
    assert play.run("audit", policy=str(policy), check=True)["failed"]
    assert sorted(os.listdir(play.folder)) == ["hosts", "run.json"]


def test_a_stored_run_is_judged_by_another_process(
    play: Play, policy: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    surveyed(play, web_01="tier3")
    play.run("report")
    (tmp_path / "other").mkdir()
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path / "other"))
    assert play.run("audit", policy=str(policy))["run"] == play.folder.name


def test_drift_by_a_named_baseline(play: Play, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "drift.yml"
    path.write_text("schema: ebpf.fleet.policy/1\ndefaults: {drift: {}, maximum_unanswered: 2}\n")
    surveyed(play, "r0", web_01="tier3")
    play.run("report", run="r0")
    surveyed(play, "r1", web_01="tier1")
    for baseline in ("r0", str(play.report_dir / "r0"), str(play.report_dir / "r0" / "survey.ndjson")):
        result = play.run("audit", run="r1", policy=str(path), baseline=baseline)
        assert result["baseline"]["run"] == "r0"
        assert [one["rule"] for one in result["broken"]] == ["drift.requirement", "drift.tier"]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"policy": "nowhere.yml"}, "There is no verdict. Cannot read .*nowhere.yml"),
        ({"baseline": "r9"}, "There is no verdict. Cannot read .*r9"),
        ({"rules": "nowhere.yml"}, "There is no verdict. Cannot read"),
        ({"run": "r9"}, "There is no verdict. Cannot read .*run.json"),
    ],
)
def test_what_is_not_there_gives_no_verdict(
    play: Play, policy: pathlib.Path, arguments: dict[str, str], wanted: str
) -> None:
    surveyed(play, web_01="tier3")
    with pytest.raises(AnsibleActionFail, match=wanted):
        play.run("audit", **{"policy": str(policy), **arguments})


def test_a_mistake_in_the_policy_gives_no_verdict(play: Play, policy: pathlib.Path) -> None:
    policy.write_text("schema: ebpf.fleet.policy/1\ndefaults:\n  forbidden_findings: [disk_p9]\n")
    surveyed(play, web_01="tier3")
    with pytest.raises(
        AnsibleActionFail, match=r"policy.yml:3: forbidden_findings: there is no 'disk_p9': did you mean disk_p99\?"
    ):
        play.run("audit", policy=str(policy))


def test_a_baseline_of_another_inventory_gives_no_verdict(
    play: Play, policy: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    surveyed(play, web_01="tier3")
    play.run("report")
    other = tmp_path / "other.ndjson"
    lines = (play.folder / "survey.ndjson").read_text().splitlines()
    other.write_text(
        "".join(json.dumps({**json.loads(line), "host": "x%d" % n}) + "\n" for n, line in enumerate(lines))
    )
    with pytest.raises(
        AnsibleActionFail, match="is of another inventory: none of its 3 hosts is among the 3 of the run"
    ):
        play.run("audit", policy=str(policy), baseline=str(other))
