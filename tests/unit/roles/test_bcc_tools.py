# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the role bcc_tools for every family, from facts; no guest of the lab runs most of them.

One play over hosts that are only facts runs the role's planning tasks, which ask nothing of a host.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
import yaml

# Facts are os_family, distribution, distribution_version, kernel, pkg_mgr.
PLANNED = {  # name: facts, the package of the tools, that of the headers
    "debian": (("Debian", "Debian", "12.5", "6.1.0-18-amd64", "apt"), "bpfcc-tools", "linux-headers-6.1.0-18-amd64"),
    "debian_cloud": (
        ("Debian", "Debian", "11.11", "5.10.0-32-cloud-amd64", "apt"),
        "bpfcc-tools",
        "linux-headers-5.10.0-32-cloud-amd64",
    ),
    "ubuntu": (
        ("Debian", "Ubuntu", "24.04", "6.8.0-31-generic", "apt"),
        "bpfcc-tools",
        "linux-headers-6.8.0-31-generic",
    ),
    "raspberry": (
        ("Debian", "Debian", "12.5", "6.6.31+rpt-rpi-v8", "apt"),
        "bpfcc-tools",
        "linux-headers-6.6.31+rpt-rpi-v8",
    ),
    "rhel": (
        ("RedHat", "RedHat", "9.4", "5.14.0-427.13.1.el9_4.x86_64", "dnf"),
        "bcc-tools",
        "kernel-devel-5.14.0-427.13.1.el9_4.x86_64",
    ),
    "rhel_real_time": (
        ("RedHat", "RedHat", "9.4", "5.14.0-427.13.1.el9_4.x86_64+rt", "dnf"),
        "bcc-tools",
        "kernel-rt-devel-5.14.0-427.13.1.el9_4.x86_64",
    ),
    "alma_64k": (
        ("RedHat", "AlmaLinux", "9.4", "5.14.0-427.13.1.el9_4.aarch64+64k", "dnf"),
        "bcc-tools",
        "kernel-64k-devel-5.14.0-427.13.1.el9_4.aarch64",
    ),
    "rocky_8_real_time": (
        ("RedHat", "Rocky", "8.10", "4.18.0-553.rt7.342.el8_10.x86_64", "dnf"),
        "bcc-tools",
        "kernel-rt-devel-4.18.0-553.rt7.342.el8_10.x86_64",
    ),
    "oracle": (
        ("RedHat", "OracleLinux", "9.4", "5.15.0-209.161.7.el9uek.x86_64", "dnf"),
        "bcc-tools",
        "kernel-uek-devel-5.15.0-209.161.7.el9uek.x86_64",
    ),
    "fedora": (
        ("RedHat", "Fedora", "42", "6.14.3-300.fc42.x86_64", "dnf5"),
        "bcc-tools",
        "kernel-devel-6.14.3-300.fc42.x86_64",
    ),
    "leap": (
        ("Suse", "openSUSE Leap", "15.6", "6.4.0-150600.23.7-default", "zypper"),
        "bcc-tools",
        "kernel-default-devel=6.4.0-150600.23.7",
    ),
    "tumbleweed_64kb": (
        ("Suse", "openSUSE Tumbleweed", "20250901", "6.16.3-1-64kb", "zypper"),
        "bcc-tools",
        "kernel-64kb-devel=6.16.3-1",
    ),
}
REFUSED = {  # name: facts, then words of the refusal
    "alpine": (("Alpine", "Alpine", "3.20", "6.6.31-0-lts", "apk"), "this host runs Alpine, of the family Alpine;"),
    "core_os": (
        ("RedHat", "Fedora", "42", "6.14.3-300.fc42.x86_64", "atomic_container"),
        "are managed by atomic_container, and not by dnf or dnf5 or yum;",
    ),
    "suse_own_kernel": (("Suse", "SLES", "15.6", "6.9.1", "zypper"), "a kernel that is called 6.9.1;"),
}
OWN = {"own_kernel": (("Suse", "SLES", "15.6", "6.9.1", "zypper"), "bcc-tools", "kernel-own-devel")}

PLAY = """
- name: Plan
  hosts: all
  gather_facts: false
  tasks:
    - name: Take the facts from the table
      ansible.builtin.set_fact:
        cacheable: true
        os_family: "{{ facts[0] }}"
        distribution: "{{ facts[1] }}"
        distribution_version: "{{ facts[2] }}"
        kernel: "{{ facts[3] }}"
        pkg_mgr: "{{ facts[4] }}"
    - name: Plan, or be refused
      block:
        - name: Plan
          ansible.builtin.include_role:
            name: ebpf.fleet.bcc_tools
            tasks_from: steps/plan.yml
      rescue:
        - name: Keep the refusal
          ansible.builtin.set_fact:
            refusal: "{{ ansible_failed_result.msg }}"
    - name: Write all down
      ansible.builtin.copy:
        content: "{{ found | to_json }}"
        dest: "{{ output }}"
        mode: "0600"
      vars:
        found: >-
          {%- set found = {} -%}
          {%- for host in ansible_play_hosts -%}
          {%- set _ = found.update({host: {
            'plan': hostvars[host].__bcc_tools_plan | default(none), 'refusal': hostvars[host].refusal | default(none)}}) -%}
          {%- endfor -%}
          {{ found }}
      run_once: true
      delegate_to: localhost
"""


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, t.Any]:
    """Return each host's variables after the planning tasks."""
    folder = tmp_path_factory.mktemp("plans")
    table = {name: facts for name, (facts, *_rest) in {**PLANNED, **REFUSED, **OWN}.items()}
    hosts: dict[str, t.Any] = {name: {"facts": list(facts)} for name, facts in table.items()}
    hosts["own_kernel"]["bcc_tools_headers_package"] = "kernel-own-devel"
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    (folder / "plan.yml").write_text(PLAY, encoding="utf-8")
    command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.yml", "plan.yml"]
    command += ["-e", "output=%s" % (folder / "output.json"), "-e", "ansible_python_interpreter=" + sys.executable]
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_NOCOLOR": "true"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    loaded: dict[str, t.Any] = json.loads((folder / "output.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("name", [*PLANNED, *OWN])
def test_plan(plans: dict[str, t.Any], name: str) -> None:
    _facts, tools, headers = {**PLANNED, **OWN}[name]
    assert plans[name]["refusal"] is None
    assert (plans[name]["plan"]["tools"], plans[name]["plan"]["headers"]) == (tools, headers)


@pytest.mark.parametrize("name", REFUSED)
def test_refusal_is_one_sentence_that_says_why_and_what_to_do(plans: dict[str, t.Any], name: str) -> None:
    refusal = plans[name]["refusal"]
    assert plans[name]["plan"] is None
    assert refusal.startswith("Nothing was installed: ")
    assert REFUSED[name][1] in refusal
    assert "\n" not in refusal
    assert refusal.endswith(".")
    assert "install" in refusal.partition(";")[2] or "name the one" in refusal.partition(";")[2]
