# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""oomkill against a cgroup whose processes want more than there is, and the kernel's own oom_kill."""

from __future__ import annotations

from collecting import Collection, answered, asking
from memory import Limited, vmstat
from truth import EXACT, tiers

# A name that is not UTF-8.
_GLUTTON = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(15, sys.argv[1].encode("latin-1"), 0, 0, 0)
print(os.getpid(), flush=True)
hoard = []
while True:
    hoard.append(bytearray(b"x") * (1 << 20))
"""
NAMES = ["ef-glutton", "ef-\xff\xfe"]


@tiers("oomkill", dict.fromkeys((3, 2, 1), EXACT))
def test_victims(tier: int) -> None:
    limited = Limited("oom", 32 << 20)
    try:
        collection = Collection(duration=8, collectors=["oomkill"], **asking(tier))
        (before,) = vmstat("oom_kill")
        ended = [limited.python(_GLUTTON, name) for name in NAMES]
        (after,) = vmstat("oom_kill")
        result = collection.result("oomkill")
    finally:
        limited.close()
    assert [one.returncode for one in ended] == [-9, -9]
    pids = [int(one.stdout) for one in ended]
    data = answered(result, tier)
    # The kernel counts each kill, also those that are none of ours.
    assert data["count"] == after - before >= 2
    if tier == 1:
        return
    mine = [event for event in data["events"] if event["pid"] in pids]
    assert [(event["pid"], event["comm"]) for event in mine] == list(zip(pids, ["ef-glutton", "ef-\ufffd\ufffd"]))
    assert [event["trigger_pid"] for event in mine] == pids
