# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a guest: attach a program in each way that there is, make it fire, read it back; print what each probe says.

attach.py    prints {probe: {"state", "evidence", "errno"}}
"""

from __future__ import annotations

import json

from ansible_collections.ebpf.fleet.plugins.module_utils._capability import assess

if __name__ == "__main__":
    found = assess.assess(thorough=True)["probes"]
    print(json.dumps({row["name"]: {key: row[key] for key in ("state", "evidence", "errno")} for row in found}))
