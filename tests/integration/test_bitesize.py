# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bitesize against requests of known size to a loop device that nothing else uses, and the kernel's sectors of it."""

from __future__ import annotations

import pathlib
import typing as t

import disk
import pytest
from collecting import Collection, answered, asking, native
from truth import EXACT, truth


def rows_of(data: dict[str, t.Any], device: pathlib.Path) -> dict[str, dict[str, t.Any]]:
    """Return a result's distributions of a device by operation."""
    return {row["labels"]["operation"]: row for row in data["series"] if row["labels"]["device"] == device.name}


@pytest.mark.parametrize(
    ("size", "bucket"),
    [(512, 0), (4096, 4), pytest.param(12288, 8, marks=truth("bitesize", EXACT)), (65536, 64)],
)
def test_sizes(tmp_path: pathlib.Path, size: int, bucket: int) -> None:
    with disk.loop(tmp_path) as device:
        collection = Collection(duration=4, collectors=["bitesize"])
        before = disk.stat(device)
        disk.direct(device, size, writes=120, reads=70)
        after = disk.stat(device)
        rows = rows_of(native(collection.result("bitesize")), device)
    assert (after.writes - before.writes, after.reads - before.reads) == (120, 70)
    for operation, count, sectors in (
        ("write", 120, after.sectors_written - before.sectors_written),
        ("read", 70, after.sectors_read - before.sectors_read),
    ):
        assert rows[operation]["buckets"] == [[bucket, 2 * bucket or 2, count]]
        assert rows[operation]["count"] == count
        assert rows[operation]["total"] == sectors / 2 == count * size / 1024


@truth("bitesize", "at least the test's requests", tier=2)
def test_at_tier_2_they_are_among_those_of_all_devices(tmp_path: pathlib.Path) -> None:
    with disk.loop(tmp_path) as device:
        collection = Collection(duration=4, collectors=["bitesize"], **asking(2))
        disk.direct(device, 12288, writes=120, reads=70)
        data = answered(collection.result("bitesize"), 2)
    assert sum(count for row in data["series"] for lo, _hi, count in row["buckets"] if lo == 8) >= 190


@truth("bitesize", EXACT, tier=1)
def test_at_tier_1_requests_and_sectors_are_the_same(tmp_path: pathlib.Path) -> None:
    with disk.loop(tmp_path) as device:
        collection = Collection(duration=3, collectors=["bitesize"], tier="1")
        disk.direct(device, 8192, writes=50, reads=0)
        result = collection.result("bitesize")
    rows = rows_of(result["data"], device)
    assert (rows["write"]["count"], rows["write"]["total"], rows["write"]["buckets"]) == (50, 400.0, None)
