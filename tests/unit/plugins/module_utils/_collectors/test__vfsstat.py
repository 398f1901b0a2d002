# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vfsstat at tiers 2 and 1."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import vfsstat
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

# Printed by vfsstat-bpfcc 0.26: its format strings are "%-8s  ", " %8s", "%-8s: ", " %8d".
HEADER = "TIME         READ/s  WRITE/s  FSYNC/s   OPEN/s CREATE/s\n"
ROWS = "18:35:32:        231        12        4       98        0\n18:35:33:         13        11        0       15        2\n"


def numbers(answer: Answer) -> dict[str, int]:
    return {row["labels"]["operation"]: row["count"] for row in answer.data["items"]}


def test_rows_of_seconds_are_added_up() -> None:
    answer = vfsstat.parse(HEADER + ROWS, 0, Limits())
    assert numbers(answer) == {"read": 244, "write": 23, "fsync": 4, "open": 113, "create": 2}
    assert (answer.data["count"], answer.lost) == (386, 0)


def test_newer_tools_have_more_columns() -> None:
    header = HEADER[:-1] + " UNLINK/s  MKDIR/s  RMDIR/s\n"
    answer = vfsstat.parse(header + ROWS.replace("\n", "        7        8        9\n"), 0, Limits())
    assert numbers(answer) == {"read": 244, "write": 23, "fsync": 4, "open": 113, "create": 2}
    assert (answer.data["count"], answer.lost) == (386, 0)


@pytest.mark.parametrize("line", ["garbage", "18:35:32: 1 2 3 4", "18:35:32: 1 2 3 4 5 6", "18:35:32: -1 2 3 4 5", ""])
def test_a_row_that_cannot_be_read_is_lost(line: str) -> None:
    answer = vfsstat.parse(HEADER + line + "\n" + ROWS, 0, Limits())
    assert numbers(answer)["read"] == 244
    assert answer.lost == 1


def test_a_tool_that_never_got_ready_has_no_answer() -> None:
    with pytest.raises(ValueError, match="did not print"):
        vfsstat.parse("Traceback\n", 0, Limits())


IO = "rchar: 1\nwchar: 2\nsyscr: %d\nsyscw: %d\nread_bytes: 0\n"


def test_difference_of_processes() -> None:
    before = {"/proc/1/io": IO % (10, 5), "/proc/2/io": IO % (100, 100), "/proc/3/io": IO % (7, 7)}
    after = {"/proc/1/io": IO % (15, 6), "/proc/2/io": IO % (3, 4), "/proc/9/io": IO % (2, 0)}
    answer = vfsstat.difference(before, after, 1.0, Limits())
    # Process 2 is another one by now, 3 has ended, 9 has begun.
    assert numbers(answer) == {"read": 5 + 3 + 2, "write": 1 + 4}


def test_nothing_readable_is_a_failure_and_not_idle() -> None:
    with pytest.raises(TierFailure, match="no process's /proc/PID/io"):
        vfsstat.difference({}, {}, 1.0, Limits())


def test_a_file_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="has no syscr and syscw"):
        vfsstat.calls("syscr: 5\n")
