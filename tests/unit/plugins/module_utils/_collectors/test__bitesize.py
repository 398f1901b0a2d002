# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bitesize at tiers 2 and 1."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import bitesize
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

READY = "Tracing block I/O... Hit Ctrl-C to end.\n"
HISTOGRAM = """
Process Name = %s
     Kbytes              : count     distribution
         0 -> 1          : 0        |                                        |
         2 -> 3          : 0        |                                        |
         4 -> 7          : %d        |****************************************|
"""


def test_histograms_by_process_are_added_up() -> None:
    text = READY + HISTOGRAM % ("dd", 7) + HISTOGRAM % ("kworker/u8:5", 5) + HISTOGRAM % ("Process Name = \ufffd", 1)
    (row,) = bitesize.parse(text, 0, Limits()).data["series"]
    assert (row["labels"], row["buckets"], row["count"], row["total"]) == ({}, [(4, 8, 13)], 13, None)


@pytest.mark.parametrize(("processes", "full"), [(63, False), (64, True)])
def test_the_tools_table_may_be_full(processes: int, full: bool) -> None:
    text = READY + "".join(HISTOGRAM % ("worker%d" % number, 1) for number in range(processes))
    answer = bitesize.parse(text, 0, Limits())
    assert (answer.data["count"], answer.truncated is not None) == (processes, full)


def test_nothing_happened() -> None:
    assert bitesize.parse(READY + "\n", 0, Limits()).data["count"] == 0


def test_another_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="not understood"):
        bitesize.parse(READY + (HISTOGRAM % ("dd", 7)).replace("Kbytes", "bytes "), 0, Limits())


@pytest.mark.parametrize(("number", "name"), [(0, "read"), (1, "write"), (2, "flush"), (3, "discard"), (34, "other")])
def test_operations(number: int, name: str) -> None:
    assert bitesize.operation(number) == name


# Columns since 5.5; the last line has those of a kernel before 4.18.
LINE = (
    "   8       0 sda %d 0 %d 5 %d 0 %d 9 0 5 9 0 0 0 0 3 3\n   8       1 sda1 %d 0 %d 5 %d 0 %d 9 0 5 9 0 0 0 0 3 3\n"
)
OLD = "   7       0 loop0 %d 0 %d 5 0 0 0 9 0 5 9\n"


def sample(reads: int, read: int, writes: int, written: int) -> dict[str, str]:
    text = LINE % ((reads, read, writes, written) * 2) + OLD % (reads, read)
    return {"/proc/diskstats": text, "/sys/block/sda/dev": "8:0\n", "/sys/block/loop0/dev": "7:0\n"}


def test_requests_and_sectors_of_whole_devices() -> None:
    answer = bitesize.difference(sample(10, 100, 5, 50), sample(14, 132, 6, 58), 1.0, Limits())
    found = {(row["labels"]["device"], row["labels"]["operation"]): row for row in answer.data["series"]}
    assert {key: (row["count"], row["total"], row["buckets"]) for key, row in found.items()} == {
        ("sda", "read"): (4, 16.0, None),
        ("sda", "write"): (1, 4.0, None),
        ("loop0", "read"): (4, 16.0, None),
    }
    assert any("loop0" in note for note in answer.notes)


def test_a_device_that_is_new_counts_from_its_birth() -> None:
    answer = bitesize.difference({"/proc/diskstats": ""}, sample(4, 32, 0, 0), 1.0, Limits())
    assert answer.data["count"] == 8
    assert answer.data["total"] == 32.0


def test_without_diskstats_there_is_no_answer() -> None:
    with pytest.raises(TierFailure, match="cannot be read"):
        bitesize.difference({}, {}, 1.0, Limits())
