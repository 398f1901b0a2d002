# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""runqslower at tier 2."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import runqslower
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

# By the tool's source: runqslower-bpfcc 0.26.
GREETING = "Tracing run queue latency higher than 10000 us\n"
HEADER = "%-8s %-16s %-6s %14s\n" % ("TIME", "COMM", "TID", "LAT(us)")
ROW = "11:22:33 %-16s %-6s %14s\n"


def test_waits_are_added_up_by_name() -> None:
    rows = [("cc1", 41, 12000), ("make", 7, 30000), ("cc1", 42, 20000), ("cc1", 41, 11000)]
    answer = runqslower.parse(GREETING + HEADER + "".join(ROW % row for row in rows), 0.0, Limits())
    assert answer.data == {
        "count": 4,
        "items": [
            {
                "labels": {"comm": "cc1"},
                "count": 3,
                "total_us": 43000,
                "longest_us": 20000,
                "tid": 42,
                "threads": 2,
            },
            {"labels": {"comm": "make"}, "count": 1, "total_us": 30000, "longest_us": 30000, "tid": 7, "threads": 1},
        ],
        "omitted": 0,
    }
    assert answer.lost == 0


@pytest.mark.parametrize(
    ("comm", "shown"),
    [
        ("a b  c", "a b  c"),
        ("new\nline", "new\nline"),
        ("11:22:33 x 1 20", "11:22:33 x 1 20"),
        ("\ufffd\ufffd", "\ufffd\ufffd"),
        ("x\x1b[31m", "x\ufffd[31m"),
        ("<script>", "<script>"),
    ],
)
def test_names_of_any_text(comm: str, shown: str) -> None:
    answer = runqslower.parse(GREETING + HEADER + ROW % (comm, 12345678, 10001) + ROW % ("b", 1, 10001), 0.0, Limits())
    assert {row["labels"]["comm"]: row["tid"] for row in answer.data["items"]} == {shown: 12345678, "b": 1}
    assert answer.lost == 0


@pytest.mark.parametrize("comm", ["cat", "fifteen chars..", "new\nline", ""])
def test_names_that_are_written_as_python_writes_bytes(comm: str) -> None:
    text = GREETING + HEADER + ROW % (comm.encode(), 7, 10001) * 2
    answer = runqslower.parse(text, 0.0, Limits())
    assert [row["labels"]["comm"] for row in answer.data["items"]] == [comm.replace("\n", "\\n")]
    assert (answer.data["count"], answer.lost) == (2, 0)


@pytest.mark.parametrize("line", ["garbage\n", "\n", "11:22:33 cut", "11:22:33 %-16s x 5\n" % "a"])
def test_a_line_that_cannot_be_read_is_lost(line: str) -> None:
    answer = runqslower.parse(GREETING + HEADER + ROW % ("a", 1, 10001) + line, 0.0, Limits())
    assert (answer.data["count"], answer.lost) == (1, 1)


def test_the_tool_saw_nothing() -> None:
    assert runqslower.parse(GREETING + HEADER, 0.0, Limits()).data == {"count": 0, "items": [], "omitted": 0}


def test_a_tool_that_never_got_ready_has_no_answer() -> None:
    with pytest.raises(ValueError, match="did not print"):
        runqslower.parse("Traceback\n", 0.0, Limits())
