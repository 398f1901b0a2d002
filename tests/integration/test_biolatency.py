# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""biolatency against a block device that nothing else uses, and the kernel's own count of its completed requests."""

from __future__ import annotations

import collections.abc
import mmap
import os
import pathlib
import subprocess

import pytest
from collecting import Collection, answered, asking, native
from truth import tiers

MIB = 1 << 20


@pytest.fixture
def device(tmp_path_factory: pytest.TempPathFactory) -> collections.abc.Iterator[pathlib.Path]:
    """A loop device of our own."""
    image = tmp_path_factory.mktemp("disk") / "image"
    image.write_bytes(b"")
    os.truncate(image, 64 * MIB)
    name = subprocess.run(
        ["losetup", "--find", "--show", str(image)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    yield pathlib.Path(name)
    subprocess.run(["losetup", "--detach", name], check=True)


def completed(device: pathlib.Path) -> tuple[int, int]:
    """Return (reads + writes + discards, flushes) that a device has completed: Documentation/admin-guide/iostats.rst."""
    for line in pathlib.Path("/proc/diskstats").read_text(encoding="ascii").splitlines():
        fields = line.split()
        if fields[2] == device.name:
            numbers = [int(field) for field in fields[3:]]
            return numbers[0] + numbers[4] + (numbers[11] if len(numbers) > 11 else 0), (
                numbers[15] if len(numbers) > 15 else 0
            )
    raise AssertionError("%s is not in /proc/diskstats" % device)


def count_of(data: dict[str, list[dict[str, dict[str, str]]]], device: pathlib.Path) -> int:
    """Return the number of requests that a result has for a device."""
    return sum(int(row["count"]) for row in data["series"] if row["labels"] == {"device": device.name})  # type: ignore[call-overload]


@tiers("biolatency", dict.fromkeys((3, 2, 1), "between requests, and requests and flushes, of /proc/diskstats"))
def test_direct_reads_and_writes(device: pathlib.Path, tier: int) -> None:
    collection = Collection(duration=4, collectors=["biolatency"], **asking(tier))
    before = completed(device)
    block = mmap.mmap(-1, 4096)
    file = os.open(device, os.O_RDWR | os.O_DIRECT)
    for number in range(300):
        os.pwritev(file, [block], number * 4096)
    for number in range(100):
        os.preadv(file, [block], number * 4096)
    os.close(file)
    after = completed(device)
    data = answered(collection.result("biolatency"), tier)
    requests, flushes = after[0] - before[0], after[1] - before[1]
    assert requests >= 400
    # Each completed request is one event, and so is each flush, which the kernel counts apart.
    assert requests <= count_of(data, device) <= requests + flushes


def test_synced_writes_to_a_file_system(device: pathlib.Path, tmp_path: pathlib.Path) -> None:
    subprocess.run(["mkfs.ext4", "-q", str(device)], check=True)
    subprocess.run(["mount", str(device), str(tmp_path)], check=True)
    try:
        # A fresh ext4 writes its inode tables by itself, also between the window's start and what is read next.
        early = completed(device)
        collection = Collection(duration=4, collectors=["biolatency"])
        before = completed(device)
        with open(tmp_path / "file", "wb", buffering=0) as stream:
            for _ in range(50):
                stream.write(b"x" * 8192)
                os.fsync(stream.fileno())
        after = completed(device)
        data = native(collection.result("biolatency"))
        # A file system may write in the window's rest too (its journal commits by itself).
        late = completed(device)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    requests = after[0] - before[0]
    assert requests >= 50
    assert requests <= count_of(data, device) <= sum(late) - sum(early)


def test_histogram_adds_up(device: pathlib.Path) -> None:
    collection = Collection(duration=2, collectors=["biolatency"])
    subprocess.run(
        ["dd", "if=/dev/zero", "of=%s" % device, "bs=64k", "count=64", "oflag=direct", "status=none"], check=True
    )
    data = native(collection.result("biolatency"))
    (row,) = [row for row in data["series"] if row["labels"] == {"device": device.name}]
    assert row["count"] == sum(count for _lo, _hi, count in row["buckets"]) >= 64
    low = sum(lo * count for lo, _hi, count in row["buckets"])
    high = sum(hi * count for _lo, hi, count in row["buckets"])
    assert low <= row["total"] <= high, "the exact sum lies within what the buckets say"
    assert data["count"] == sum(series["count"] for series in data["series"])
