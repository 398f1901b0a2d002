# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""killsnoop at tier 2."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import killsnoop
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits

# By the tools' sources: killsnoop-bpfcc 0.26, whose ids are as wide as pid_max, and 0.18, where they have six columns.
WIDTHS = (6, 8)


def line(comm: str, number: int, target: int, result: int = 0, pid: int = 4711, width: int = 8) -> str:
    return "%-9s %-*d %-16s %-4d %-*d %d\n" % ("11:22:33", width, pid, comm, number, width, target, result)


def parse(text: str, width: int = 8) -> Answer:
    header = "%-9s %-*s %-16s %-4s %-*s %s\n" % ("TIME", width, "PID", "COMM", "SIG", width, "TPID", "RESULT")
    return killsnoop.parse(header + text, 0.0, Limits())


@pytest.mark.parametrize("width", WIDTHS)
def test_the_tool(width: int) -> None:
    text = (
        line("systemd", 15, 100, width=width)
        + line("systemd", 15, 200, pid=1, width=width)
        + line("sh", 9, -300, width=width)
        + line("sh", 9, 400, result=-3, width=width)  # nobody there
        + line("sh", 0, 400, width=width)  # asks, and sends nothing
    )
    answer = parse(text, width)
    assert answer.data == {
        "count": 3,
        "items": [
            {
                "labels": {"signal": "SIGTERM", "process": "systemd", "target": None},
                "count": 2,
                "ignored": None,
                "pid": 1,
                "target_pid": 200,
            },
            {
                "labels": {"signal": "SIGKILL", "process": "sh", "target": None},
                "count": 1,
                "ignored": None,
                "pid": 4711,
                "target_pid": -300,
            },
        ],
        "omitted": 0,
    }
    assert answer.lost == 0
    assert "1 calls failed" in answer.notes


@pytest.mark.parametrize(
    ("comm", "shown"), [("a b", "a b"), ("new\nline", "new\nline"), ("\udcff\udcfe", "\ufffd\ufffd"), ("<b>", "<b>")]
)
def test_names_of_any_bytes(comm: str, shown: str) -> None:
    answer = parse(line(comm, 10, 5, pid=4194304) + line("b", 10, 5, pid=12))
    assert {row["labels"]["process"]: row["pid"] for row in answer.data["items"]} == {shown: 4194304, "b": 12}
    assert answer.lost == 0


@pytest.mark.parametrize("text", ["garbage\n", "\n", line("a", 9, 5)[:-1], "11:22:33  x a 9 5 0\n"])
def test_a_line_that_cannot_be_read_is_lost(text: str) -> None:
    answer = parse(line("a", 15, 5) + text)
    assert ([row["count"] for row in answer.data["items"]], answer.data["count"], answer.lost) == ([1], 2, 1)


def test_the_tool_saw_nothing() -> None:
    assert parse("").data == {"count": 0, "items": [], "omitted": 0}


def test_a_tool_that_never_got_ready_has_no_answer() -> None:
    with pytest.raises(ValueError, match="did not print"):
        killsnoop.parse("Traceback\n", 0.0, Limits())
