#!/usr/bin/python
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: settle
short_description: Tell Ansible what became of a host that was visited
description:
  - Makes the host unreachable where M(ebpf.fleet.visit) could not reach it, and failed where it failed or timed out, so that
    Ansible's recap and exit code are true.
  - Is a task of its own so that the report comes first, whatever happened to the hosts.
version_added: 0.1.0
author:
  - ebpf.fleet developers (@ebpf-fleet)
extends_documentation_fragment:
  - ebpf.fleet._attributes
  - ebpf.fleet._attributes.looks_only
  - ebpf.fleet._run
  - ebpf.fleet._run.controller
seealso:
  - module: ebpf.fleet.visit
"""

EXAMPLES = r"""
- name: Tell Ansible what became of the host
  ebpf.fleet.settle:
  delegate_to: localhost
"""

RETURN = r"""
run:
  description: The run's id.
  returned: always
  type: str
  sample: 20261124T030000Z-3f9a1c
outcome:
  description: What became of the host, as RV(ebpf.fleet.visit#module:outcome).
  returned: always
  type: str
  sample: ok
"""
