# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed collection's playbooks, by their full names, in a folder that holds nothing else."""

from __future__ import annotations

import json
import pathlib

import ansible_cli


def test_survey_and_report(tmp_path: pathlib.Path) -> None:
    (tmp_path / "inventory").write_text(
        "[web]\n%s[db]\nnowhere ansible_host=127.0.0.1 ansible_port=1\n" % ansible_cli.INVENTORY,
        encoding="utf-8",
    )
    survey = ansible_cli.ansible(
        "ansible-playbook", "ebpf.fleet.survey", "-i", "inventory", "-e", "survey_duration=1", cwd=tmp_path
    )
    assert survey.returncode == 4, survey.stdout + survey.stderr  # Ansible's code for unreachable hosts
    latest = tmp_path / "reports" / "latest"
    records = [json.loads(path.read_text(encoding="utf-8")) for path in (latest / "hosts").glob("*.json")]
    assert {record["host"]: record["outcome"] for record in records} == {"localhost": "ok", "nowhere": "unreachable"}
    assert (latest / "survey.html").stat().st_size > 0
    (latest / "survey.html").unlink()
    again = ansible_cli.ansible("ansible-playbook", "ebpf.fleet.report", cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    assert (latest / "survey.html").stat().st_size > 0
    assert str(latest.resolve()) in again.stdout
