# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the attributes of this collection's modules mean. Private: other collections should not use it, it can change."""

from __future__ import annotations


class ModuleDocFragment:
    """The attributes that every module documents; the parts below go with it."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and tell what it would do without changing anything.
  diff_mode:
    description: Tells what has changed, or would change, when in diff mode.
  platform:
    description: The systems on which it works.
    support: full
    platforms: linux
"""

    # For modules that only look.
    LOOKS_ONLY = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Nothing is changed in any mode.
  diff_mode:
    support: N/A
    details:
      - Nothing is changed in any mode.
  idempotent:
    description: A second run with the same options, on a system that has not changed, reports no change.
    support: full
    details:
      - Nothing is changed in any mode.
"""

    # For modules that return ansible_facts.
    FACTS = r"""
options: {}
attributes:
  facts:
    description: Returns C(ansible_facts), which become facts of the host.
    support: full
"""

    # For modules that run on the host and may run in the background there.
    ASYNC = r"""
options: {}
attributes:
  async:
    description: Can be run with C(async).
    support: full
"""
