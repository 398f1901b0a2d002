# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""diskstats against a loop device that nothing else uses: requests and bytes exactly, times within bounds."""

from __future__ import annotations

import os
import pathlib

from collecting import Collection
from disk import MIB, direct, loop, stat
from truth import EXACT, truth

SIZE, WRITES, READS = 64 * 1024, 40, 25


@truth("diskstats", EXACT, tier=1)
def test_requests_and_bytes_of_one_device(tmp_path: pathlib.Path) -> None:
    with loop(tmp_path) as device:
        before = stat(device)
        collection = Collection(duration=3, collectors=["diskstats"])
        direct(device, SIZE, WRITES, READS)
        result = collection.result("diskstats")
        after = stat(device)
    (row,) = [row for row in result["data"]["items"] if row["labels"]["device"] == device.name]
    assert (result["tier"], result["status"]) == (1, "ok")
    assert (row["writes"], row["written_bytes"]) == (WRITES, WRITES * SIZE)
    assert (row["reads"], row["read_bytes"]) == (READS, READS * SIZE)
    assert (after.writes - before.writes, after.reads - before.reads) == (WRITES, READS)
    assert row["busy_ms"] <= 1000 * result["window"]["seconds"]
    assert row["share"] == round(row["busy_ms"] / 1000 / result["window"]["seconds"], 6)
    # One at a time: what is added up of all requests is no more than the time in which they came one after another.
    assert WRITES * row["write_us"] + READS * row["read_us"] <= 1e6 * result["window"]["seconds"]
    assert "lie on other devices" in result["notes"][-1]


def test_what_is_written_through_the_cache_and_synced(tmp_path: pathlib.Path) -> None:
    with loop(tmp_path) as device:
        collection = Collection(duration=4, collectors=["diskstats"])
        file = os.open(device, os.O_WRONLY)
        for _ in range(8):
            os.write(file, b"x" * MIB)
        os.fsync(file)
        os.close(file)
        result = collection.result("diskstats")
    (row,) = [row for row in result["data"]["items"] if row["labels"]["device"] == device.name]
    assert row["written_bytes"] == 8 * MIB
    assert row["flushes"] >= 1
