#!/usr/bin/python
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: visit
short_description: Visit a host, and keep its record whatever happens
description:
  - Runs M(ebpf.fleet.collect) on the host and writes its record to C(REPORT_DIR/RUN/hosts/HOST.json) as it arrives, whole or not
    at all.
  - A host that cannot be reached, that fails, that takes longer than the task's C(timeout) or that sends something else than a
    record gets a record too, with the reason. The task itself succeeds; M(ebpf.fleet.settle) tells Ansible what became of
    the host.
  - Where becoming another user fails, the host is visited once more without it, and its record says so.
  - Only a small C(ansible_facts.ebpf) stays in Ansible's memory.
  - Prints a line of what became of the host. In a play of more than 50 hosts, only where that is not C(ok) or C(partial).
version_added: 0.1.0
author:
  - ebpf.fleet developers (@ebpf-fleet)
extends_documentation_fragment:
  - ebpf.fleet._attributes
  - ebpf.fleet._attributes.facts
  - ebpf.fleet._run
  - ebpf.fleet._run.asked
options:
  failure:
    description:
      - Do not visit the host, and record that it failed for this reason. For a C(rescue) section, where Ansible could not even
        begin the visit.
    type: str
attributes:
  action:
    description: Has a part that runs on the controller, and one that runs on the host.
    support: full
  async:
    description: Can be run with C(async).
    support: none
    details:
      - M(ebpf.fleet.collect) can.
  check_mode:
    support: full
    details:
      - The host is asked for its plan, and no record is written.
  delegation:
    description: Can be used with C(delegate_to).
    support: none
    details:
      - Except with O(failure), for which the host is not needed.
  diff_mode:
    support: none
seealso:
  - module: ebpf.fleet.open_run
  - module: ebpf.fleet.collect
  - module: ebpf.fleet.settle
"""

EXAMPLES = r"""
- name: Open the run
  ebpf.fleet.open_run:
  delegate_to: localhost
  run_once: true

- name: Visit the host
  ebpf.fleet.visit:
    duration: 2
  become: true
  timeout: 60

- name: Show its tier
  ansible.builtin.debug:
    msg: "{{ ansible_facts['ebpf'].tier }}"
"""

RETURN = r"""
run:
  description: The run's id.
  returned: always
  type: str
  sample: 20261124T030000Z-3f9a1c
outcome:
  description:
    - V(ok) when every collector answered, V(partial) when something is missing, V(failed), V(unreachable) or V(timed_out) when
      nothing was answered, V(planned) in check mode.
  returned: always
  type: str
  sample: ok
message:
  description: Why the outcome is not V(ok). Null when it is.
  returned: always
  type: str
record_path:
  description: The record's file. Null in check mode, and where the disk did not take it.
  returned: always
  type: str
  sample: /home/user/reports/20261124T030000Z-3f9a1c/hosts/web-01.json
plan:
  description: Which tiers would be tried for each collector, as M(ebpf.fleet.collect) returns it.
  returned: in check mode
  type: list
  elements: dict
ansible_facts:
  description: Facts of the host.
  returned: always
  type: dict
  contains:
    ebpf:
      description: The headline of the record.
      type: dict
      contains:
        run:
          description: The run's id.
          type: str
        outcome:
          description: As RV(outcome).
          type: str
        message:
          description: As RV(message), shortened.
          type: str
        tier:
          description: The tier that was proven, from 1 to 3. Null when the host did not answer.
          type: int
        published_tier:
          description: The tier by the published rule. Null when the host did not answer.
          type: int
        blockers:
          description: What stands between the host and tier 3.
          type: list
          elements: dict
        kernel:
          description: The kernel's release, in C(release).
          type: dict
        collectors:
          description: By collector, its C(status), C(tier) and C(count).
          type: dict
"""
