# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report or an audit cannot use costs one clear sentence, and the rest is whole."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys
import typing as t

import ansible_cli
import pytest

HOSTS = ("one", "two", "three", "four")
LOCAL = "ansible_connection=local ansible_python_interpreter=%s survey_collectors='[\"execsnoop\"]'" % sys.executable


def play(folder: pathlib.Path, playbook: str, *more: str) -> subprocess.CompletedProcess[str]:
    return ansible_cli.ansible("ansible-playbook", playbook, *more, cwd=folder)


def report(folder: pathlib.Path) -> tuple[str, dict[str, t.Any]]:
    """Make the report of the newest run again; return what was printed on one line, and survey.json."""
    done = play(folder, "ebpf.fleet.report")
    assert done.returncode == 0, done.stdout + done.stderr
    survey = json.loads((folder / "reports" / "latest" / "survey.json").read_text(encoding="utf-8"))
    return " ".join((done.stdout + done.stderr).split()), survey


def failure(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence, or two, by which a play failed."""
    assert done.returncode == 2, done.stdout + done.stderr
    (message,) = set(re.findall(r'"msg": ("(?:[^"\\]|\\.)*")', done.stdout))
    return str(json.loads(message))


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a real run: four hosts that answer, and a fleet that cannot be reached."""
    folder = tmp_path_factory.mktemp("stored")
    lines = ["[web]", *("%s %s" % (host, LOCAL) for host in HOSTS), "[dark]"]
    lines += ["dark%d ansible_host=127.0.0.1 ansible_port=1" % number for number in range(2)]
    (folder / "inventory").write_text("\n".join([*lines, ""]), encoding="utf-8")
    done = play(folder, "ebpf.fleet.survey", "-i", "inventory", "-e", "survey_duration=1")
    assert done.returncode == 4, done.stdout + done.stderr
    return folder


@pytest.fixture
def folder(stored: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of it."""
    shutil.copytree(stored, tmp_path / "work", symlinks=True)
    return tmp_path / "work"


def test_a_fleet_that_cannot_be_reached_is_in_the_report_like_any_other(stored: pathlib.Path) -> None:
    survey = json.loads((stored / "reports" / "latest" / "survey.json").read_text(encoding="utf-8"))
    fleets = {one["fleet"]: one for one in survey["fleets"]}
    assert (fleets["dark"]["hosts"], fleets["dark"]["outcomes"]["unreachable"]) == (2, 2)
    assert fleets["dark"]["tiers"]["unknown"] == 2
    assert fleets["dark"]["collectors"] == []
    assert fleets["dark"]["health"]["healthy"] in (None, 0), "what is not known is not healthy"
    assert (fleets["web"]["hosts"], fleets["web"]["outcomes"]["ok"]) == (4, 4)


def test_records_that_are_torn_of_another_version_double_or_of_strangers(folder: pathlib.Path) -> None:
    hosts = (folder / "reports" / "latest").resolve() / "hosts"
    good = json.loads((hosts / "one.json").read_text(encoding="utf-8"))
    (hosts / "one.json").write_bytes((hosts / "one.json").read_bytes()[:-200])
    (hosts / "two.json").write_text(json.dumps({**good, "schema": "ebpf.fleet.record/9"}), encoding="utf-8")
    (hosts / "copy-of-three.json").write_bytes((hosts / "three.json").read_bytes())
    (hosts / "retired.json").write_text(json.dumps({**good, "host": "retired"}), encoding="utf-8")
    said, survey = report(folder)
    rows = {row["host"]: (row["outcome"], row["message"]) for row in survey["hosts"]}
    assert re.fullmatch(r"The stored record one\.json is torn or not JSON \(.*\)\.", rows["one"][1])
    versions = "The record has the version ebpf.fleet.record/9, and this ebpf.fleet reads ebpf.fleet.record/1"
    assert rows["two"] == ("failed", versions + ": use one version of ebpf.fleet for both.")
    assert (rows["three"], rows["four"]) == (("ok", None), ("ok", None))
    assert len(rows) == 6
    notes = [
        "1 stored record is of no host of this run's inventory, and is left out: retired.",
        "1 stored record is a second one of its host, and is left out: copy-of-three.json of three.",
    ]
    assert survey["notes"] == notes
    for note in notes:
        assert note in said
        assert note.replace("'", "&#39;") in (hosts.parent / "survey.html").read_text(encoding="utf-8")
    web = {one["fleet"]: one for one in survey["fleets"]}["web"]
    assert (web["outcomes"]["ok"], web["outcomes"]["failed"]) == (2, 2)


def test_an_empty_inventory(tmp_path: pathlib.Path) -> None:
    (tmp_path / "inventory").write_text("", encoding="utf-8")
    for playbook, more in (("ebpf.fleet.survey", ()), ("ebpf.fleet.audit", ("-e", "audit_policy=policy.yml"))):
        message = failure(play(tmp_path, playbook, "-i", "inventory", *more))
        assert message.startswith("There is no host to survey: no inventory was given."), message
    assert not (tmp_path / "reports").exists()


def test_a_baseline_of_another_inventory(folder: pathlib.Path) -> None:
    lines = (folder / "reports" / "latest" / "survey.ndjson").read_text(encoding="utf-8").splitlines()
    others = [json.loads(line) for line in lines]
    text = "".join(json.dumps({**one, "host": "other-" + one["host"]}) + "\n" for one in others)
    (folder / "baseline.ndjson").write_text(text, encoding="utf-8")
    (folder / "policy.yml").write_text("schema: ebpf.fleet.policy/1\ndefaults: {drift: {}}\n", encoding="utf-8")
    run = (folder / "reports" / "latest").resolve().name
    settings = ("-e", "audit_policy=policy.yml", "-e", "audit_run=" + run, "-e", "audit_baseline=./baseline.ndjson")
    message = failure(play(folder, "ebpf.fleet.audit", "-i", "inventory", *settings))
    assert message == (
        "There is no verdict. The baseline ./baseline.ndjson is of another inventory: none of its 6 hosts is among the 6 "
        "of the run %s." % run
    )


def test_a_policy_that_names_an_unknown_rule(folder: pathlib.Path) -> None:
    policy = "schema: ebpf.fleet.policy/1\ndefaults:\n  forbidden_findings:\n    - tier_lots\n"
    (folder / "policy.yml").write_text(policy, encoding="utf-8")
    settings = ("-e", "audit_policy=policy.yml", "-e", "audit_fresh=false")
    message = failure(play(folder, "ebpf.fleet.audit", "-i", "inventory", *settings))
    start = "There is no verdict, because of a mistake in a file. %s:4: " % (folder / "policy.yml")
    assert message.startswith(start), message
    assert "there is no 'tier_lots': did you mean tier_lost?" in message
    assert not (folder / "reports" / "latest" / "audit.json").exists()
