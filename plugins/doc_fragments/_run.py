# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that the controller's actions share. Private: other collections should not use it, it can change."""

from __future__ import annotations


class ModuleDocFragment:
    """Which run is meant; the parts below go with it."""

    DOCUMENTATION = r"""
options:
  report_dir:
    description:
      - The folder of all runs, relative to the folder that C(ansible-playbook) was called in.
    type: path
    default: reports
  run:
    description:
      - The run's id, which is also the name of its folder. Up to 100 letters, digits, C(.), C(_) and C(-).
      - When not given, the run of this C(ansible-playbook) process, the same in all its plays and batches.
    type: str
"""

    # What is asked of the hosts: the options of the module collect.
    ASKED = r"""
options:
  duration:
    description: The window's length in seconds, from 1 to 3600. When not given, that of O(profile), and 10 without one.
    type: int
  collectors:
    description: Which collectors to run, by name; those of O(profile) when not given, or empty, and the standard ones without one.
    type: list
    elements: str
  profile:
    description:
      - Which collectors to run, and for how long, where O(collectors) or O(duration) do not say it.
      - V(quick) are the cheap ones for 10 seconds, V(standard) more of them for 30, V(deep) all for 60.
    type: str
    choices: [quick, standard, deep]
  process:
    description:
      - Count only for the processes with this name, as C(/proc/PID/comm) has it, or for the one with this number.
      - Where the collectors are not named, only those run that can be narrowed so; of those that are named, the others are
        C(unsupported). Only tier 3 can narrow. C(docs/collectors.md) says which ones can.
    type: str
  cgroup:
    description:
      - Count only for the tasks of this cgroup and of those below it, by its path (V(/system.slice/nginx.service)) or by a part
        of its own name, such as a container's id. Otherwise as O(process).
    type: str
  device:
    description:
      - Count only for this disk, such as V(sda). Otherwise as O(process).
    type: str
  tier:
    description:
      - V(auto) tries the best tier first and falls back, each collector for itself. V(3), V(2) and V(1) try only that tier.
    type: str
    choices: ["auto", "1", "2", "3"]
    default: auto
  max_items:
    description: How many rows of counts, and how many histograms, one result may hold, from 1 to 10000.
    type: int
    default: 200
  max_events:
    description: How many single events one result may hold, from 1 to 100000.
    type: int
    default: 1000
  max_output:
    description: How many bytes of a tool's output are kept, from 4096 to 67108864.
    type: int
    default: 4194304
  startup_limit:
    description:
      - How many seconds a tool of tier 2 may take to attach, and BCC's to compile, before the next tier is tried, from 1 to 600.
    type: int
    default: 30
"""

    # For actions that stay on the controller.
    CONTROLLER = r"""
options: {}
attributes:
  action:
    description: Runs on the controller; the host is not connected to.
    support: full
  async:
    description: Can be run with C(async).
    support: none
  delegation:
    description: Can be used with C(delegate_to).
    support: full
    details:
      - Delegate it to C(localhost), so that a host's broken connection variables do not matter.
"""
