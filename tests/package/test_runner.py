# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A survey and an audit as AWX runs them, by ansible-runner; and the image that AWX would run them in."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import typing as t

import ansible_cli
import pytest
import yaml

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


def job(folder: pathlib.Path, playbook: str, **variables: t.Any) -> pathlib.Path:
    """Run a playbook of the installed collection by ansible-runner; return the folder of the job's artifacts."""
    for name in ("env", "inventory", "project"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    hosts = "[web]\n%s[db]\nnowhere ansible_host=127.0.0.1 ansible_port=1\n" % ansible_cli.INVENTORY
    (folder / "inventory" / "hosts").write_text(hosts, encoding="utf-8")
    (folder / "env" / "extravars").write_text(json.dumps(variables), encoding="utf-8")
    wanted = {name: value for name, value in os.environ.items() if name.startswith("ANSIBLE_")}
    (folder / "env" / "envvars").write_text(json.dumps(wanted), encoding="utf-8")
    path = str(ansible_cli.BIN) + os.pathsep + os.environ["PATH"]
    done = subprocess.run(
        [str(ansible_cli.BIN / "ansible-runner"), "run", str(folder), "-p", playbook, "--ident", playbook, "--quiet"],
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    artifacts = folder / "artifacts" / playbook
    assert (artifacts / "rc").exists(), done.stdout + done.stderr
    return artifacts


def statistics(artifacts: pathlib.Path) -> dict[str, t.Any]:
    """Return what a job system keeps of a job for the next one."""
    events = [json.loads(path.read_text(encoding="utf-8")) for path in (artifacts / "job_events").glob("*.json")]
    (last,) = [event for event in events if event["event"] == "playbook_on_stats"]
    return t.cast("dict[str, t.Any]", last["event_data"]["artifact_data"])


def test_a_survey_and_an_audit_by_ansible_runner(tmp_path: pathlib.Path) -> None:
    reports = tmp_path / "reports"
    told = job(tmp_path / "job", "ebpf.fleet.survey", survey_duration=1, survey_report_dir=str(reports))
    output = (told / "stdout").read_text(encoding="utf-8")
    assert (told / "rc").read_text(encoding="utf-8") == "4", output  # one host cannot be reached
    assert "\x1b[K" not in output
    survey = json.loads((reports / "latest" / "survey.json").read_text(encoding="utf-8"))
    kept = statistics(told)["ebpf_fleet_survey"]
    assert kept["run"] == survey["run"] == (reports / "latest").resolve().name
    assert kept["run_dir"] == str((reports / "latest").resolve())
    whole = survey["inventory"]
    assert {name: kept[name] for name in ("hosts", "outcomes", "tiers")} == {
        name: whole[name] for name in ("hosts", "outcomes", "tiers")
    }
    assert (kept["hosts"], kept["outcomes"]["ok"], kept["outcomes"]["unreachable"]) == (2, 1, 1)
    assert set(kept["findings"]) == {"critical", "warning", "notice"}

    policy = tmp_path / "policy.yml"
    policy.write_text("schema: ebpf.fleet.policy/1\ndefaults: {minimum_tier: 1}\n", encoding="utf-8")
    settings = {"audit_policy": str(policy), "audit_report_dir": str(reports), "audit_run": survey["run"]}
    judged = job(tmp_path / "job", "ebpf.fleet.audit", **settings)
    assert (judged / "rc").read_text(encoding="utf-8") == "2"
    verdict = statistics(judged)["ebpf_fleet_audit"]
    assert (verdict["run"], verdict["verdict"]) == (survey["run"], "broken")
    assert verdict["counts"]["unanswered"] == 1


@pytest.fixture
def context(tmp_path: pathlib.Path) -> pathlib.Path:
    """The build context that ansible-builder makes of the definition and a tarball of the collection."""
    version = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    shutil.copy(CHECKOUT / "execution-environment.yml", tmp_path)
    shutil.copytree(  # as git has it, without what a checkout grows
        CHECKOUT, tmp_path / "source", ignore=shutil.ignore_patterns(".*", "node_modules", "reports", "__pycache__")
    )
    made = ansible_cli.ansible(
        *("ansible-galaxy", "collection", "build", "--output-path", str(tmp_path / "dist"), str(tmp_path / "source")),
        cwd=tmp_path,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert (tmp_path / "dist" / ("ebpf-fleet-%s.tar.gz" % version)).exists()
    done = subprocess.run(
        [str(ansible_cli.BIN / "ansible-builder"), "create", "--output-filename", "Containerfile"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path / "context"


def test_the_execution_environment(context: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """ansible-builder takes the definition, and what it would run to install the collection does install it."""
    steps = (context / "Containerfile").read_text(encoding="utf-8")
    assert 'ARG EE_BASE_IMAGE="quay.io/fedora/fedora:43"' in steps
    assert "WORKDIR /build" in steps
    assert "-r requirements.yml --collections-path" in steps
    installed = ansible_cli.ansible(
        *("ansible-galaxy", "collection", "install", "--offline", "--force", "-r", "requirements.yml"),
        *("--collections-path", str(tmp_path / "installed")),
        cwd=context / "_build",
    )
    assert installed.returncode == 0, installed.stdout + installed.stderr
    folder = tmp_path / "installed" / "ansible_collections" / "ebpf" / "fleet"
    assert (folder / "playbooks" / "survey.yml").is_file()
    needs = [folder / name for name in ("requirements.txt", "bindep.txt", "meta/execution-environment.yml")]
    assert not [path for path in needs if path.exists()], "the definition has no place for what the collection needs"
