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


def test_audit_of_a_fresh_and_of_a_stored_run(tmp_path: pathlib.Path) -> None:
    """The policy decides the exit code: an unreachable host that it allows is no failure; --limit cannot skip the audit."""
    (tmp_path / "inventory").write_text(
        "[web]\n%s[db]\nnowhere ansible_host=127.0.0.1 ansible_port=1\n" % ansible_cli.INVENTORY, encoding="utf-8"
    )
    policy = tmp_path / "policy.yml"
    head = "schema: ebpf.fleet.policy/1\ndefaults: {minimum_tier: 1, maximum_unanswered: %s}\n"
    audit = ("ansible-playbook", "ebpf.fleet.audit", "-i", "inventory", "-e", "survey_duration=1")
    policy.write_text(head % 1, encoding="utf-8")
    kept = ansible_cli.ansible(*audit, cwd=tmp_path)
    assert kept.returncode == 0, kept.stdout + kept.stderr
    assert "The policy is kept: 1 host judged, 1 gave no answer." in kept.stdout
    latest = tmp_path / "reports" / "latest"
    run = latest.resolve().name
    assert json.loads((latest / "audit.json").read_text(encoding="utf-8"))["verdict"] == "kept"
    policy.write_text(head % 0, encoding="utf-8")
    stored = ansible_cli.ansible(*audit, "-e", "audit_run=" + run, cwd=tmp_path)
    assert stored.returncode == 2, stored.stdout + stored.stderr
    assert "maximum_unanswered: 1 of 2 hosts gave no answer, at most 0 may." in stored.stdout
    assert latest.resolve().name == run  # nobody was visited
    limited = ansible_cli.ansible(*audit, "--limit", "nowhere", cwd=tmp_path)
    assert limited.returncode == 2, limited.stdout + limited.stderr
    assert "No host gave an answer, so that nothing was judged." in limited.stdout


LATER = """
- import_playbook: ebpf.fleet.survey
- import_playbook: ebpf.fleet.group_by_tier
- hosts: ebpf_tier_1:ebpf_tier_2:ebpf_tier_3
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ inventory_hostname }} of {{ group_names | join(' and ') }} has the tier {{ ansible_facts['ebpf'].tier }}"
"""


def test_later_plays_find_hosts_by_tier(tmp_path: pathlib.Path) -> None:
    """In the same ansible-playbook by groups; in another one by the inventory that the report writes."""
    (tmp_path / "inventory").write_text(
        "[web]\n%s[db]\nnowhere ansible_host=127.0.0.1 ansible_port=1\n" % ansible_cli.INVENTORY, encoding="utf-8"
    )
    (tmp_path / "later.yml").write_text(LATER, encoding="utf-8")
    done = ansible_cli.ansible(
        "ansible-playbook", "-i", "inventory", "later.yml", "-e", "survey_duration=1", cwd=tmp_path
    )
    assert done.returncode == 4, done.stdout + done.stderr
    latest = tmp_path / "reports" / "latest"
    survey = json.loads((latest / "survey.json").read_text(encoding="utf-8"))
    tier = {row["host"]: row["tier"] for row in survey["hosts"]}["localhost"]
    assert "localhost of ebpf_tier_%d and web has the tier %d" % (tier, tier) in done.stdout
    assert [one["fleet"] for one in survey["fleets"]] == ["db", "web"]

    sources = ("-i", "inventory", "-i", str(latest / "survey.tiers.yml"))
    listed = ansible_cli.ansible("ansible-inventory", *sources, "--list", cwd=tmp_path)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    groups = json.loads(listed.stdout)
    assert groups["ebpf_tier_%d" % tier]["hosts"] == ["localhost"]
    assert groups["ebpf_tier_unknown"]["hosts"] == ["nowhere"]
    found = ansible_cli.ansible("ansible", *sources, "ebpf_tier_%d" % tier, "--list-hosts", cwd=tmp_path)
    assert "localhost" in found.stdout
    assert "nowhere" not in found.stdout

    again = ansible_cli.ansible(
        "ansible-playbook", "ebpf.fleet.survey", *sources, "-e", "survey_duration=1", cwd=tmp_path
    )
    assert again.returncode == 4, again.stdout + again.stderr
    survey = json.loads((latest / "survey.json").read_text(encoding="utf-8"))
    assert [one["fleet"] for one in survey["fleets"]] == ["db", "web"], "a tier is no fleet"
