# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""diskstats: lines of 14, 18 and 20 columns, devices that come and go, stacked ones and partitions."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import diskstats
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

# Columns: 3 reads, 5 sectors, 6 ms; 7 writes, 9 sectors, 10 ms; 11 in flight; 12 busy ms, 13 weighted ms; 14 discards, 16
# sectors, 17 ms; 18 flushes, 19 ms. Of Linux 3.10, 4.18 and 6.18.
OLD = "   8       0 sda %d 5 %d %d %d 7 %d %d 1 %d %d\n"
MIDDLE = OLD[:-1] + " %d 0 %d 9\n"
NEW = MIDDLE[:-1] + " %d %d\n"


def difference(text: str, before: tuple[int, ...], after: tuple[int, ...], seconds: float = 2.0) -> dict[str, t.Any]:
    """Return the row of the device."""
    samples = ({"/proc/diskstats": text % numbers} for numbers in (before, after))
    (row,) = diskstats.difference(*samples, seconds, Limits()).data["items"]
    return row


def test_a_new_kernel() -> None:
    before = (100, 800, 50, 200, 1600, 400, 1000, 2000, 3, 64, 8, 70)
    row = difference(NEW, before, (110, 880, 70, 204, 1664, 440, 1500, 3000, 5, 128, 10, 80))
    assert row == {
        "labels": {"device": "sda"}, "count": 18, "busy_ms": 500, "share": 0.25, "queue": 0.5,
        "reads": 10, "read_bytes": 40960, "read_us": 2000, "writes": 4, "written_bytes": 32768, "write_us": 10000,
        "discards": 2, "discarded_bytes": 32768, "flushes": 2, "flush_us": 5000,
    }  # fmt: skip


def test_old_kernels_know_no_discards_and_no_flushes() -> None:
    row = difference(OLD, (100, 800, 50, 200, 1600, 400, 1000, 2000), (100, 800, 50, 201, 1608, 401, 5000, 2002))
    assert (row["count"], row["writes"], row["written_bytes"], row["write_us"]) == (1, 1, 4096, 1000)
    assert (row["read_us"], row["discards"], row["discarded_bytes"], row["flushes"], row["flush_us"]) == (None,) * 5
    assert row["share"] == 1.0  # never more than all of the window
    row = difference(MIDDLE, (0,) * 10, (0, 0, 0, 0, 0, 0, 0, 0, 1, 8))
    assert (row["discards"], row["discarded_bytes"], row["flushes"]) == (1, 4096, None)


def test_counters_of_32_bits_wrap() -> None:
    row = difference(OLD, (2**32 - 4, 0, 0, 0, 0, 0, 2**32 - 90, 0), (6, 80, 0, 0, 0, 0, 10, 0))
    assert (row["reads"], row["busy_ms"]) == (10, 100)


LINES = {
    "sda": "8 0 sda", "sda1": "8 1 sda1", "dm-0": "253 0 dm-0", "sdb": "8 16 sdb", "loop0": "7 0 loop0",
}  # fmt: skip


def sample(**reads: int) -> dict[str, str]:
    """Return a sample of devices, each with some reads."""
    lines = ("%s %d 0 8 1 0 0 0 0 0 1 1\n" % (LINES[name.replace("_", "-")], count) for name, count in reads.items())
    return {"/proc/diskstats": "".join(lines)}


def test_devices_that_came_went_or_lie_on_others() -> None:
    before, after = sample(sda=5, sda1=5, sdb=9, dm_0=1), sample(sda=8, sda1=8, dm_0=3, loop0=4)
    answer = diskstats.difference(before, after, 1.0, Limits())
    assert {row["labels"]["device"]: row["reads"] for row in answer.data["items"]} == {"sda": 3, "dm-0": 2, "loop0": 4}
    assert "appeared in the window, and are counted since: loop0" in answer.notes
    assert "went away in the window, so that their requests are not counted: sdb" in answer.notes
    assert "lie on other devices, which count the same requests again: dm-0, loop0" in answer.notes


def test_a_device_that_was_made_anew_began_at_zero() -> None:
    answer = diskstats.difference(sample(sda=500), sample(sda=8), 1.0, Limits())
    assert [row["reads"] for row in answer.data["items"]] == [8]


def test_one_figure_that_went_backwards_does_not_bring_what_the_others_counted_since_the_boot() -> None:
    row = difference(OLD, (70000, 800, 50, 0, 0, 0, 1000, 2000), (70005, 840, 60, 0, 0, 0, 999, 2000))
    assert (row["reads"], row["read_bytes"], row["busy_ms"]) == (5, 20480, 0)


def test_an_idle_device_has_no_row() -> None:
    assert diskstats.difference(sample(sda=5), sample(sda=5), 1.0, Limits()).data == {
        "count": 0,
        "items": [],
        "omitted": 0,
    }


def test_another_form() -> None:
    with pytest.raises(ValueError, match="has 7 columns"):
        diskstats.difference(*[{"/proc/diskstats": "8 1 sda1 1 2 3 4\n"}] * 2, 1.0, Limits())  # Linux 2.6.24
