# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report is written whole, or what was there stays."""

from __future__ import annotations

import errno
import json
import os
import pathlib
import typing as t

import jsonschema
import pytest
from ansible import constants as C  # noqa: N812
from ansible_collections.ebpf.fleet.plugins.action import report
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _schema

from .conftest import AnsibleActionFail, Play, sent

FILES = [
    "survey.json",
    "survey.md",
    "survey.html",
    "survey.ndjson",
    "survey.csv",
    "survey.junit.xml",
    "survey.prom",
    "survey.tiers.yml",
    "manifest.json",
]


def surveyed(play: Play) -> dict[str, dict[str, t.Any]]:
    """Return survey.json's hosts by name."""
    survey = json.loads((play.folder / "survey.json").read_text())
    jsonschema.validate(survey, _schema.load("survey.v1.json"))
    return {row["host"]: row for row in survey["hosts"]}


def test_files_link_summary_and_path(play: Play) -> None:
    play.run("open_run")
    play.run("visit", "web-01", answer={"record": sent("tier3")})
    play.run("visit", "db-01", answer={"record": sent("tier2")})
    play.printed.clear()
    result = play.run("report")
    assert sorted(os.listdir(play.folder)) == sorted(["hosts", "run.json", *FILES])
    assert os.readlink(play.report_dir / "latest") == play.folder.name
    assert result["files"] == [str(play.folder / name) for name in FILES]
    assert (result["hosts"], result["tiers"]) == (3, {"3": 1, "2": 1, "1": 0, "unknown": 1})
    assert play.printed[-1].splitlines()[-1] == str(play.folder / "survey.html")
    assert {host: row["outcome"] for host, row in surveyed(play).items()} == {
        "web-01": "ok",
        "web-02": "skipped",
        "db-01": "partial",
    }


def with_stacks(collector: str, count: int) -> dict[str, t.Any]:
    """Return what a host sent that took stacks."""
    found = sent("tier3")
    stack = {"process": "nginx", "user": ["main"], "kernel": ["do_syscall_64"], "count": count}
    items = [{"labels": {"process": "nginx"}, "count": count}]
    data = {"count": count, "items": items, "omitted": 0, "stacks": [stack]}
    found["results"].append(
        {**found["results"][0], "collector": collector, "kind": "stacks", "unit": "samples", "data": data}
    )
    return found


def test_stacks_of_all_hosts_are_two_files_more(play: Play) -> None:
    play.run("open_run")
    play.run("visit", "web-01", answer={"record": with_stacks("profile", 3)})
    play.run("visit", "db-01", answer={"record": with_stacks("profile", 4)})
    result = play.run("report")
    more = ["survey.profile.folded", "survey.profile.svg"]
    assert [pathlib.Path(path).name for path in result["files"]] == [*FILES[:-1], *more, FILES[-1]]
    assert (play.folder / more[0]).read_text() == "nginx;main;do_syscall_64_[k] 7\n"
    assert "nginx (7 samples, 100%)" in (play.folder / more[1]).read_text()
    assert "survey.profile.svg" in (play.folder / "survey.md").read_text()
    assert "stacks" not in json.dumps(surveyed(play)["web-01"]["results"][-1]["items"])


def test_no_file_gets_a_name_that_a_host_made_up(play: Play) -> None:
    play.run("open_run")
    play.run("visit", "web-01", answer={"record": with_stacks("../x", 3)})
    play.run("report")
    assert sorted(os.listdir(play.folder)) == sorted(["hosts", "run.json", *FILES])


def test_a_host_whose_record_was_lost_is_not_skipped(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    play.run("open_run")
    play.facts["web-01"]["ebpf"] = {"run": play.folder.name, "outcome": "failed", "message": "the disk is full"}
    play.facts["db-01"]["ebpf"] = {"run": "another", "outcome": "ok", "message": None}
    play.run("report")
    rows = surveyed(play)
    assert (rows["web-01"]["outcome"], rows["web-01"]["message"]) == ("failed", "the disk is full")
    assert (rows["db-01"]["outcome"], rows["db-01"]["message"]) == (
        "skipped",
        "The play had not visited the host when this report was made.",
    )


def test_a_stored_run_is_rendered_again_by_another_process(
    play: Play, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play.run("open_run")
    play.run("visit", "web-01", answer={"record": sent("tier3")})
    play.run("report")
    before = surveyed(play)
    (tmp_path / "other").mkdir()
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path / "other"))
    play.facts["db-01"].clear()
    play.run("report")
    after = surveyed(play)
    assert after["web-01"] == before["web-01"]
    assert (after["db-01"]["outcome"], after["web-02"]["outcome"]) == ("failed", "skipped")


def test_old_runs_go_and_the_manifest_names_all_files(play: Play) -> None:
    for number in range(3):
        play.run("open_run", run="r%d" % number)
        play.run("report", run="r%d" % number)
    assert play.run("report", run="r0", keep=1)["removed"] == ["r1"]  # r0 is reported on, latest points at r2
    assert sorted(os.listdir(play.report_dir)) == ["latest", "r0", "r2"]
    manifest = json.loads((play.report_dir / "r2" / "manifest.json").read_text())
    assert [one["path"] for one in manifest["files"]] == sorted({*FILES, "run.json"} - {"manifest.json"})


@pytest.mark.parametrize("name", FILES[:-1])
def test_all_files_or_none(play: Play, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    play.run("open_run")
    play.run("visit", "web-01", answer={"record": sent("tier3")})
    play.run("report")
    before = {path.name: path.read_bytes() for path in play.folder.glob("survey.*")}
    play.run("visit", "db-01", answer={"record": sent("tier3")})

    def full(_survey: t.Any, stream: t.IO[str]) -> None:
        stream.write("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(report._FILES, name, full)
    with pytest.raises(
        AnsibleActionFail, match="The report is not written; what the run had stored is untouched. .*the disk is full"
    ):
        play.run("report")
    assert {path.name: path.read_bytes() for path in play.folder.glob("survey.*")} == before
    assert not [path for path in play.folder.iterdir() if path.name.endswith(".tmp")]
    assert "tier 3" in play.printed[-1]  # what was found is told all the same


def test_no_run_yet(play: Play) -> None:
    with pytest.raises(AnsibleActionFail, match="There is no run in"):
        play.run("report")


def test_check_mode_says_what_it_would_write(play: Play) -> None:
    play.run("open_run", check=True)
    result = play.run("report", check=True)
    assert all(path in play.printed[-1] for path in result["files"])
    assert not play.report_dir.exists()


def test_a_run_is_compared_with_the_one_before(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report._run, "now", lambda: "2026-11-23T03:00:00Z")
    play.run("open_run", run="r0")
    play.run("visit", "web-01", run="r0", answer={"record": sent("tier3")})
    play.run("report", run="r0")
    monkeypatch.undo()
    play.run("open_run", run="r1")
    play.run("visit", "web-01", run="r1", answer={"record": sent("tier1")})
    play.run("report", run="r1")
    survey = json.loads((play.report_dir / "r1" / "survey.json").read_text())
    assert survey["previous"] == {"run": "r0", "hosts": 3, "gone": []}
    assert "tier_lost" in [one["rule"] for one in survey["inventory"]["findings"]]
    assert {"what": "tier", "name": None, "before": "3", "after": "1", "worse": True} in survey["hosts"][0]["changes"]


def test_a_broken_run_before_is_said_and_the_rest_is_whole(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report._run, "now", lambda: "2026-11-23T03:00:00Z")
    play.run("open_run", run="r0")
    play.run("report", run="r0")
    monkeypatch.undo()
    (play.report_dir / "r0" / "survey.ndjson").write_text("torn")
    play.run("open_run", run="r1")
    warned: list[str] = []
    monkeypatch.setattr("ansible.utils.display.Display.warning", lambda _self, text, **_: warned.append(text))
    play.run("report", run="r1")
    # ansible-core 2.18 adds a warning of its own here, about how tests load plugins.
    (ours,) = [text for text in warned if text.startswith("This run is not compared with the one before it.")]
    assert "Cannot compare with" in ours
    survey = json.loads((play.report_dir / "r1" / "survey.json").read_text())
    assert (survey["previous"], survey["notes"]) == (None, [ours])


def test_a_run_before_of_another_inventory_is_said_and_not_compared_with(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report._run, "now", lambda: "2026-11-23T03:00:00Z")
    play.run("open_run", run="r0")
    play.run("report", run="r0")
    monkeypatch.undo()
    path = play.report_dir / "r0" / "survey.ndjson"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({**one, "host": "other-" + one["host"]}) + "\n" for one in lines))
    play.run("open_run", run="r1")
    result = play.run("report", run="r1")
    said = "This run is not compared with the one before it: r0 is of another inventory, and has none of its hosts."
    assert result["notes"] == [said]
    for name in ("survey.md", "survey.html"):
        text = (play.report_dir / "r1" / name).read_text()
        assert "is of another inventory, and has none of its hosts" in text
    assert json.loads((play.report_dir / "r1" / "survey.json").read_text())["previous"] is None


def test_headline_figures_are_the_play_s_statistics(play: Play) -> None:
    play.run("open_run")
    play.run("visit", "web-01", answer={"record": sent("tier3")})
    result = play.run("report")
    stats = result["ansible_stats"]
    assert (stats["per_host"], stats["aggregate"]) == (False, False)
    figures = stats["data"]["ebpf_fleet_survey"]
    assert figures["tiers"] == {"3": 1, "2": 0, "1": 0, "unknown": 2}
    assert figures["run_dir"] == str(play.folder)
    assert {key: result[key] for key in figures if key in result} == {**figures}


def test_a_mistake_in_the_rules_is_one_sentence_with_its_place(play: Play, tmp_path: pathlib.Path) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text("schema: ebpf.fleet.rules/1\nfleets:\n  web:\n    disk_p9: {}\n")
    play.run("open_run")
    with pytest.raises(
        AnsibleActionFail, match="mistake in the rules. .*rules.yml:4: there is no rule 'disk_p9': did you mean"
    ):
        play.run("report", rules=str(rules))


@pytest.mark.parametrize(
    ("host", "facts", "wanted"),
    [
        ("web-01", {"outcome": "ok"}, ["!all"]),
        ("web-01", {"outcome": "unreachable"}, ["web-01"]),
        ("web-01", {"outcome": "timed_out"}, ["web-01"]),
        ("web[1:3]", {"outcome": "failed"}, ["all"]),
        ("web:db", {"outcome": "failed"}, ["all"]),
        ("!web", {"outcome": "failed"}, ["all"]),
        ("~.*", {"outcome": "failed"}, ["all"]),
    ],
)
def test_the_hosts_to_settle_are_named_as_a_pattern(
    play: Play, monkeypatch: pytest.MonkeyPatch, host: str, facts: dict[str, t.Any], wanted: list[str]
) -> None:
    monkeypatch.setattr(report._run, "roll_call", lambda groups, hosts: [report._run.RollHost(host, ["web"], True)])
    play.facts[host] = {}
    play.run("open_run")
    play.facts[host]["ebpf"] = {"run": play.folder.name, "message": None, **facts}
    assert play.run("report")["ansible_facts"] == {"ebpf_fleet_to_settle": wanted}


def test_a_host_that_is_well_is_settled_with_the_others(play: Play) -> None:
    """Ansible plays no further where all hosts of a play have failed."""
    play.run("open_run")
    play.run("visit", "db-01", answer={"record": sent("tier3")})
    play.facts["web-01"]["ebpf"] = {"run": play.folder.name, "outcome": "failed", "message": None}
    assert play.run("report")["ansible_facts"] == {"ebpf_fleet_to_settle": ["web-01", "db-01"]}


def test_in_check_mode_all_are_settled(play: Play) -> None:
    play.run("open_run", check=True)
    assert play.run("report", check=True)["ansible_facts"] == {"ebpf_fleet_to_settle": ["all"]}
