# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""biotop at tiers 2 and 1."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import biotop
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

# By the format strings of biotop-bpfcc 0.26.
READY = "Tracing... Output every 1 secs. Hit Ctrl-C to end\n"
HEADER = "\n18:35:32 loadavg: 0.10 0.20 0.30 1/200 4000\n\nPID     COMM             D MAJ MIN DISK       I/O  Kbytes  AVGms\n"
LINES = (
    "14501   cksum            R 202 1   xvda1      361   28832.0   3.39\n"
    "6961    dd               R 202 1   xvda1     1628   13024.0   0.59\n"
    "0                        W 202 1   ?            2       0.5   1.20\n"
    "77      W 1 2 sda 3      W 8   0   sda          1       4.0   1.20\n"
)


def rows(answer: Answer) -> dict[tuple[int, str, str, str], tuple[int, int]]:
    return {
        tuple(row["labels"][name] for name in ("pid", "process", "device", "operation")): (
            row["count"],
            row["requests"],
        )
        for row in answer.data["items"]
    }


def test_tables_of_seconds_are_added_up() -> None:
    answer = biotop.parse(READY + HEADER + LINES + HEADER + LINES + HEADER + "Detaching...\n", 0, Limits())
    assert rows(answer) == {
        (14501, "cksum", "xvda1", "read"): (2 * 28832 * 1024, 722),
        (6961, "dd", "xvda1", "read"): (2 * 13024 * 1024, 3256),
        (0, "", "unknown", "write"): (1024, 4),
        (77, "W 1 2 sda 3", "sda", "write"): (8192, 2),
    }
    assert answer.lost == 0


@pytest.mark.parametrize("line", ["garbage", "14501   cksum            X 202 1   xvda1      361   28832.0   3.39"])
def test_a_line_that_cannot_be_read_is_lost(line: str) -> None:
    answer = biotop.parse(READY + HEADER + line + "\n" + LINES, 0, Limits())
    assert (len(rows(answer)), answer.lost) == (4, 1)


IO = "rchar: 1\nread_bytes: %d\nwrite_bytes: %d\ncancelled_write_bytes: 0\n"


def test_difference_of_processes() -> None:
    before = {"/proc/1/io": IO % (10, 5), "/proc/2/io": IO % (100, 100), "/proc/3/io": IO % (7, 7)}
    after = {
        "/proc/1/io": IO % (15, 5),
        "/proc/2/io": IO % (3, 4),
        "/proc/9/io": IO % (2, 0),
        "/proc/1/comm": "in\x1bit\n",
    }
    answer = biotop.difference(before, after, 1.0, Limits())
    # Process 2 is another one by now, 3 has ended, 9 has begun.
    assert {
        (row["labels"]["pid"], row["labels"]["process"], row["labels"]["operation"]): row["count"]
        for row in answer.data["items"]
    } == {(1, "in\ufffdit", "read"): 5, (2, None, "read"): 3, (2, None, "write"): 4, (9, None, "read"): 2}
    assert {row["labels"]["device"] for row in answer.data["items"]} == {None}


def test_nothing_readable_is_a_failure_and_not_idle() -> None:
    with pytest.raises(TierFailure, match="no process's /proc/PID/io"):
        biotop.difference({}, {"/proc/1/comm": "init\n"}, 1.0, Limits())
    with pytest.raises(ValueError, match="has no read_bytes"):
        biotop.moved("rchar: 1\n")
