#!/usr/bin/python
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Make the report of a run
description:
  - Reads the records of a run one at a time, folds them into fleets (inventory groups) and the whole inventory, and writes
    C(survey.json), C(survey.ndjson), C(survey.md), C(survey.html), C(survey.csv), C(survey.junit.xml), C(survey.prom) and
    C(survey.tiers.yml) to the run's folder, all of them or none, and then C(manifest.json) with the SHA-256 of every file
    of the run.
  - Applies rules to what was collected, and compares each host with its fleet and with the run before this one, where
    O(report_dir) has one.
  - Every host of the inventory is in it. A host of which no record can be read is listed as failed, with the reason.
  - Lets C(REPORT_DIR/latest) point at the run, unless it points at one that started later.
  - What lies in the run's folder and is left out, such as the record of a host that the inventory does not have, is told in
    a warning and in the report.
  - Gives the headline figures to the play's statistics, as M(ansible.builtin.set_stats) does, under C(ebpf_fleet_survey),
    where job systems such as AWX and ansible-runner keep them as artifacts.
  - Prints a summary of tiers, outcomes and what stands between the rest and tier 3, and the page's path.
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
  rules:
    description:
      - A file of rules for findings, which are added to those of the collection, or change them, everywhere or for a fleet.
      - How it is written stands in C(docs/findings.md); its schema is C(docs/schemas/rules.v1.json).
    type: path
  keep:
    description:
      - How many runs are kept in O(report_dir), the newest ones; V(0) keeps all.
      - Never removed are this run, the one that C(latest) points at, those whose folder has a file C(keep), and those that
        began less than a day ago and have no report yet.
    type: int
    default: 0
  keep_days:
    description: Runs that are older than this number of days are removed, as with O(keep); V(0) keeps all.
    type: int
    default: 0
attributes:
  check_mode:
    support: full
    details:
      - Nothing is written.
  diff_mode:
    support: none
seealso:
  - module: ebpf.fleet.visit
"""

EXAMPLES = r"""
- name: Make the report of this run
  ebpf.fleet.report:
  delegate_to: localhost
  run_once: true
  register: reported

- name: Stop unless every host is at tier 3
  ansible.builtin.assert:
    that: reported.tiers['3'] == reported.hosts
  run_once: true
"""

RETURN = r"""
run:
  description: The run's id.
  returned: success
  type: str
  sample: 20261124T030000Z-3f9a1c
run_dir:
  description: The run's folder.
  returned: success
  type: str
  sample: /home/user/reports/20261124T030000Z-3f9a1c
files:
  description: The report's files.
  returned: success
  type: list
  elements: path
removed:
  description: The runs that were removed because of O(keep) and O(keep_days).
  returned: success, not in check mode
  type: list
  elements: str
  sample: []
hosts:
  description: How many hosts the report has.
  returned: success, not in check mode
  type: int
  sample: 12
outcomes:
  description: Hosts by outcome.
  returned: success, not in check mode
  type: dict
  sample: {"failed": 0, "ok": 11, "partial": 0, "skipped": 0, "timed_out": 0, "unreachable": 1}
tiers:
  description: Hosts by the tier that was proven.
  returned: success, not in check mode
  type: dict
  sample: {"1": 1, "2": 0, "3": 10, "unknown": 1}
published_tiers:
  description: Hosts by the tier of the published rule.
  returned: success, not in check mode
  type: dict
  sample: {"1": 0, "2": 1, "3": 10, "unknown": 1}
findings:
  description: Findings by severity. A host counts once for each rule that found something.
  returned: success, not in check mode
  type: dict
  sample: {"critical": 0, "notice": 4, "warning": 1}
outlier_hosts:
  description: How many hosts are unlike their fleet.
  returned: success, not in check mode
  type: int
  sample: 0
health:
  description: The healthy part of the hosts' health, in percent; null where no host gave an answer.
  returned: success, not in check mode
  type: float
  sample: 98.5
notes:
  description: What is left out of the report, and why.
  returned: success, not in check mode
  type: list
  elements: str
  sample: []
ansible_facts:
  description: Facts, which C(delegate_facts) gives to the host that the task is delegated to.
  returned: success
  type: dict
  contains:
    ebpf_fleet_to_settle:
      description:
        - The hosts that were asked and gave no answer, and one that did, as patterns for the C(hosts) of a later play of
          M(ebpf.fleet.settle). V(!all) where all gave an answer; V(all) where a name is no plain pattern, and in check mode.
      type: list
      elements: str
      sample: [web-07, web-01]
ansible_stats:
  description: The headline figures in the form of M(ansible.builtin.set_stats).
  returned: success, not in check mode
  type: dict
"""
