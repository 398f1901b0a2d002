#!/usr/bin/python
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audit
short_description: Hold a run against a policy
description:
  - Judges the stored records of a run by a policy file. Fails where the policy is broken, and where it cannot be told.
  - Writes C(audit.json), C(audit.md) and C(audit.junit.xml) to the run's folder, all of them or none.
  - Prints which host breaks which rule, and how to mend it.
  - What is not known is never taken for kept, unless the policy says so.
version_added: 0.1.0
author:
  - ebpf.fleet developers (@ebpf-fleet)
extends_documentation_fragment:
  - ebpf.fleet._attributes
  - ebpf.fleet._run
  - ebpf.fleet._run.controller
options:
  run:
    description:
      - The run's id.
      - When not given, the run of this C(ansible-playbook) process, or, where it opened none, the newest one.
  policy:
    description:
      - The policy file.
      - How it is written stands in C(docs/audit.md); its schema is C(docs/schemas/policy.v1.json). A mistake in it is told with
        its line.
    type: path
    required: true
  rules:
    description:
      - A file of rules for findings, which are added to those of the collection, or change them, everywhere or for a fleet.
    type: path
  baseline:
    description:
      - What changes are told against, a run's id, the path of a run's folder, or that of a copy of its C(survey.ndjson).
      - When not given, the run before this one, where O(report_dir) has one with a report.
    type: str
attributes:
  check_mode:
    support: full
    details:
      - The verdict is given, and nothing is written.
  diff_mode:
    support: none
seealso:
  - module: ebpf.fleet.report
"""

EXAMPLES = r"""
- name: Write a policy that asks for an answer and for no critical finding
  ansible.builtin.copy:
    content: |
      schema: ebpf.fleet.policy/1
      defaults:
        minimum_tier: 1
        findings: {critical: 0}
        maximum_unanswered: 0
    dest: policy.yml
    mode: "0644"
  delegate_to: localhost
  run_once: true

- name: Hold this run against the policy
  ebpf.fleet.audit:
    policy: policy.yml
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
run:
  description: The run's id.
  returned: always
  type: str
  sample: 20261124T030000Z-3f9a1c
run_dir:
  description: The run's folder.
  returned: always
  type: str
  sample: /home/user/reports/20261124T030000Z-3f9a1c
files:
  description: The audit's files; they are not written in check mode.
  returned: always
  type: list
  elements: path
verdict:
  description: V(kept) or V(broken).
  returned: always
  type: str
  sample: kept
counts:
  description: Hosts of the inventory, those that were judged, that gave no answer, that were not asked, that break the policy;
    and the checks by their state.
  returned: always
  type: dict
  sample: {"broken": 0, "checks": {"broken": 0, "excused": 1, "kept": 23, "noted": 0, "unknown": 0}, "hosts": 12, "judged": 12,
           "skipped": 0, "unanswered": 0}
broken:
  description: The rules that are broken, by the number of hosts.
  returned: always
  type: list
  elements: dict
  contains:
    rule:
      description: The rule, by the policy's words.
      type: str
      sample: minimum_tier
    hosts:
      description: How many hosts break it.
      type: int
      sample: 2
    names:
      description: Which, the first hundred; C(audit.json) has all.
      type: list
      elements: str
      sample: [web-01, web-02]
notes:
  description: What there is to say of the policy itself, such as an exception that has expired.
  returned: always
  type: list
  elements: str
  sample: []
baseline:
  description: The run that changes are told against; null where there is none.
  returned: always
  type: dict
  contains:
    run:
      description: Its id.
      type: str
      sample: 20261123T030000Z-5dc001
    hosts:
      description: How many hosts it has.
      type: int
      sample: 12
    in_common:
      description: How many of them are still in the inventory.
      type: int
      sample: 12
ansible_stats:
  description: The verdict in the form of M(ansible.builtin.set_stats), under C(ebpf_fleet_audit).
  returned: always
  type: dict
"""
