#!/usr/bin/python
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: collect
short_description: Assess what eBPF can do on a host, and run a timed collection there
description:
  - Assesses the host, plans a tier for each collector, starts all of them, sleeps for the window, reads all of them,
    detaches, and returns one record.
  - All collectors share one window and one process. Nothing is installed on the host, no file is written to it, and nothing
    stays behind; the kernel itself removes the programs when the module's process ends, however it ends.
  - A collector that fails at one tier is tried at the next one, and its result says what failed and why. A collector that
    fails at all of them is part of the record, and never fails the host.
  - In check mode nothing is attached, and the plan is returned.
version_added: 0.1.0
author:
  - ebpf.fleet developers (@ebpf-fleet)
extends_documentation_fragment:
  - ebpf.fleet._attributes
options:
  duration:
    description:
      - The window's length in seconds, from 1 to 3600.
    type: int
    default: 10
  collectors:
    description:
      - Which collectors to run, by name. When not given, the standard ones, which are V(runqlat), V(biolatency), V(tcpretrans)
        and V(execsnoop).
      - V(vfsstat) runs on request only, because it costs some nanoseconds on each of a busy host's millions of calls.
    type: list
    elements: str
  tier:
    description:
      - V(auto) tries the best tier first and falls back, each collector for itself.
      - V(3), V(2) and V(1) try only that tier; the module fails, with the reason, on a host that does not have it.
    type: str
    choices: ["auto", "1", "2", "3"]
    default: auto
  max_items:
    description:
      - How many rows of counts, and how many histograms, one result may hold, from 1 to 10000. The largest are kept.
    type: int
    default: 200
  max_events:
    description:
      - How many single events one result may hold, from 1 to 100000. The first are kept.
    type: int
    default: 1000
  max_output:
    description:
      - How many bytes of a BCC tool's output are kept, from 4096 to 67108864.
    type: int
    default: 4194304
  startup_limit:
    description:
      - How many seconds a BCC tool may take to compile and attach before the next tier is tried, from 1 to 600.
    type: int
    default: 30
seealso:
  - module: ebpf.fleet.capability_facts
  - module: ebpf.fleet.visit
attributes:
  check_mode:
    support: full
    details:
      - Nothing is attached; the assessment and the plan are returned.
  diff_mode:
    support: none
  platform:
    platforms: linux
"""

EXAMPLES = r"""
- name: Collect for ten seconds with everything
  ebpf.fleet.collect:
  register: collected
  become: true

- name: Show how many programs were started
  ansible.builtin.debug:
    msg: "{{ (collected.record.results | selectattr('collector', 'equalto', 'execsnoop') | first).data.count }}"

- name: Ask two questions for a second
  ebpf.fleet.collect:
    duration: 1
    collectors:
      - runqlat
      - biolatency
  become: true

- name: What /proc alone can say, for which no privilege is needed
  ebpf.fleet.collect:
    duration: 1
    tier: "1"
"""

RETURN = r"""
record:
  description:
    - What the host can do and what its collectors found. The shape is published in C(docs/schemas/record.v1.json), less what
      the controller adds (run, host, fleets, outcome).
    - When the module fails, what was gathered until then.
  returned: always, except when an option is wrong
  type: dict
  contains:
    schema:
      description: The name and version of the record's schema.
      type: str
      sample: ebpf.fleet.record/1
    capability:
      description: The assessment, as M(ebpf.fleet.capability_facts) returns it.
      type: dict
    window:
      description: The window that was asked for and the one that was covered. Null in check mode.
      type: dict
      contains:
        requested:
          description: Seconds asked for.
          type: int
        start:
          description: When it began, in seconds since the epoch.
          type: float
        seconds:
          description: How long it lasted.
          type: float
    results:
      description: One per collector, in the order that they were asked for.
      type: list
      elements: dict
    cost:
      description:
        - What the module itself cost, in its process and its children, until the record was made.
      type: dict
      contains:
        cpu_ms:
          description: CPU time of the process, user and system.
          type: float
        children_cpu_ms:
          description: CPU time of the tools that it ran.
          type: float
        max_rss_kib:
          description: The process's largest resident size.
          type: int
        wall_ms:
          description: From the module's start to the record, the window included.
          type: float
    warnings:
      description: What a person should know about this record, a sentence each.
      type: list
      elements: str
plan:
  description: Which tiers would be tried for each collector, and why others would not be.
  returned: in check mode
  type: list
  elements: dict
  contains:
    collector:
      description: The collector's name.
      type: str
    tiers:
      description: Tiers to try, in order.
      type: list
      elements: int
    passed:
      description: Tiers that this host rules out, each with its reason.
      type: list
      elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ebpf.fleet.plugins.module_utils import _survey


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=_survey.argument_spec(), supports_check_mode=True)
    try:
        settings = _survey.settings(module.params)
    except ValueError as error:
        module.fail_json(msg=str(error))
    survey = _survey.Survey(settings)
    if module.check_mode:
        module.exit_json(changed=False, record=survey.record, plan=survey.plan())
    message = survey.run()
    if message:
        module.fail_json(msg=message, record=survey.record)
    module.exit_json(changed=False, record=survey.record)


if __name__ == "__main__":
    main()
