#!/usr/bin/python
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: open_run
short_description: Open a run, and write its roll-call
description:
  - Makes the run's folder, proves that it can be written, and writes C(run.json) there, which holds every host of the inventory,
    its fleets (its inventory groups, parents included) and whether the play includes it.
  - Checks what will be asked of the hosts, so that a wrong option is told once, before any host is touched.
  - Opening a run again keeps what it has. All plays and C(serial) batches of one C(ansible-playbook) process share one run.
version_added: 0.1.0
author:
  - ebpf.fleet developers (@ebpf-fleet)
extends_documentation_fragment:
  - ebpf.fleet._attributes
  - ebpf.fleet._run
  - ebpf.fleet._run.asked
  - ebpf.fleet._run.controller
attributes:
  check_mode:
    support: full
    details:
      - Nothing is written.
  diff_mode:
    support: none
seealso:
  - module: ebpf.fleet.visit
  - module: ebpf.fleet.report
  - module: ebpf.fleet.settle
"""

EXAMPLES = r"""
- name: Open the run
  ebpf.fleet.open_run:
    report_dir: reports
    duration: 5
  delegate_to: localhost
  run_once: true
  register: opened

- name: Show where the records will be
  ansible.builtin.debug:
    msg: "{{ opened.run_dir }}/hosts"
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
hosts:
  description: How many hosts the roll-call holds.
  returned: success
  type: int
  sample: 12
hosts_in_play:
  description: How many of them the play includes.
  returned: success
  type: int
  sample: 10
duration:
  description: The length of the window in seconds, as the play asks for it.
  returned: success
  type: int
  sample: 10
"""
