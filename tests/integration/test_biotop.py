# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""biotop against bytes that one process of ours moves to and from a loop device, and the kernel's sectors of it."""

from __future__ import annotations

import os
import pathlib
import subprocess

import disk
from collecting import Collection, answered, asking, native
from truth import EXACT, tiers, truth


@tiers("biotop", {3: EXACT, 2: EXACT})
def test_direct_io_is_the_process_own(tmp_path: pathlib.Path, tier: int) -> None:
    with disk.loop(tmp_path) as device:
        collection = Collection(duration=5, collectors=["biotop"], max_items=10000, **asking(tier))
        before = disk.stat(device)
        disk.direct(device, 16384, writes=90, reads=40)
        after = disk.stat(device)
        data = answered(collection.result("biotop"), tier)
    if tier == 2:  # a loop device's own thread does what it is asked to: who asked is the driver's business
        moved = [row for row in data["items"] if row["labels"]["device"] == device.name]
        found = {
            what: sum(row["count"] for row in moved if row["labels"]["operation"] == what) for what in ("read", "write")
        }
        assert found == {"read": 40 * 16384, "write": 90 * 16384}
        return
    mine = {
        row["labels"]["operation"]: row
        for row in data["items"]
        if row["labels"]["device"] == device.name and row["labels"]["pid"] == os.getpid()
    }
    assert mine["write"]["count"] == 512 * (after.sectors_written - before.sectors_written) == 90 * 16384
    assert mine["read"]["count"] == 512 * (after.sectors_read - before.sectors_read) == 40 * 16384
    assert (mine["write"]["requests"], mine["read"]["requests"]) == (90, 40)
    comm = pathlib.Path("/proc/self/comm").read_text(encoding="utf-8").strip()
    assert {row["labels"]["process"] for row in mine.values()} == {comm}
    assert data["count"] >= 130 * 16384


def test_a_devices_bytes_are_all_there_whoever_submits_them(tmp_path: pathlib.Path) -> None:
    with disk.loop(tmp_path) as device:
        collection = Collection(duration=6, collectors=["biotop"], max_items=10000)
        before = disk.stat(device)
        writer = ["dd", "if=/dev/zero", "of=%s" % device, "bs=1M", "count=8", "conv=fsync", "status=none"]
        subprocess.run(writer, check=True)
        after = disk.stat(device)
        data = native(collection.result("biotop"))
    written = [
        row for row in data["items"] if row["labels"]["device"] == device.name and row["labels"]["operation"] == "write"
    ]
    assert sum(row["count"] for row in written) == 512 * (after.sectors_written - before.sectors_written) == 8 << 20


@truth("biotop", "at least the bytes of the test", tier=1)
def test_at_tier_1_the_kernels_accounting_of_the_process_is_the_same(tmp_path: pathlib.Path) -> None:
    with disk.loop(tmp_path) as device:
        collection = Collection(duration=4, collectors=["biotop"], tier="1", max_items=10000)
        disk.direct(device, 16384, writes=64, reads=32)
        result = collection.result("biotop")
    mine = {
        row["labels"]["operation"]: row["count"]
        for row in result["data"]["items"]
        if row["labels"]["pid"] == os.getpid()
    }
    assert mine["write"] >= 64 * 16384
    assert mine["read"] >= 32 * 16384
