# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""exitsnoop at tiers 1 and 2, and what a status means."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import exitsnoop
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure


def rows(found: t.Iterable[dict[str, t.Any]]) -> list[tuple[t.Any, ...]]:
    return [(*row["labels"].values(), row["count"], row["cores"]) for row in found]


@pytest.mark.parametrize(
    ("status", "code", "signal", "cores"),
    [
        (0, 0, None, 0),
        (3 << 8, 3, None, 0),
        (255 << 8, 255, None, 0),
        (9, None, "SIGKILL", 0),
        (11 | 0x80, None, "SIGSEGV", 2),
        (37, None, "SIGRTMIN+3", 0),
    ],
)
def test_a_status(status: int, code: int | None, signal: str | None, cores: int) -> None:
    assert rows(exitsnoop.by_reason([("a", status, 2)])) == [("a", code, signal, 2, cores)]


def test_with_and_without_a_core_it_is_the_same_reason() -> None:
    assert rows(exitsnoop.by_reason([("a", 11, 5), ("a", 11 | 0x80, 2), ("b", 11, 1)])) == [
        ("a", None, "SIGSEGV", 7, 2),
        ("b", None, "SIGSEGV", 1, 0),
    ]


# By the tool's source: exitsnoop-bpfcc 0.26.
HEADER = "%-16s %-7s %-7s %-7s %-7s %-10s\n" % ("PCOMM", "PID", "PPID", "TID", "AGE(s)", "EXIT_CODE")


def line(comm: str, reason: str, pid: int = 4194304) -> str:
    return "%-16s %-7d %-7d %-7d %-7.2f %s\n" % (comm, pid, 1, pid, 0.25, reason)


def parse(text: str) -> Answer:
    return exitsnoop.parse(HEADER + text, 0.0, Limits())


def test_the_tool() -> None:
    answer = parse(
        line("sh", "0")
        + line("sh", "code 3")
        + line("sh", "0", 7)
        + line("cat", "signal 9 (KILL)")
        + line("cat", "signal 11 (SEGV), core dumped ")
        + line("cat", "signal 37 (unknown)")
        + "\n"  # what SIGINT makes it print
    )
    assert rows(answer.data["items"]) == [
        ("sh", 0, None, 2, 0),
        ("sh", 3, None, 1, 0),
        ("cat", None, "SIGKILL", 1, 0),
        ("cat", None, "SIGSEGV", 1, 1),
        ("cat", None, "SIGRTMIN+3", 1, 0),
    ]
    assert (answer.data["count"], answer.lost) == (6, 0)


@pytest.mark.parametrize("comm", ["a b", "new\nline", "0 1 2 0.00 0", "<b>"])
def test_names_of_any_text(comm: str) -> None:
    answer = parse(line(comm, "0") + line("b", "code 1"))
    assert rows(answer.data["items"]) == [(comm, 0, None, 1, 0), ("b", 1, None, 1, 0)]
    assert answer.lost == 0


@pytest.mark.parametrize("text", ["garbage\n", line("a", "code x"), line("a", "0")[:-1], line("a", "-1")])
def test_a_line_that_cannot_be_read_is_lost(text: str) -> None:
    answer = parse(line("ok", "0") + text)
    assert (answer.data["count"], answer.lost) == (1, 1)


def test_a_tool_that_never_got_ready_has_no_answer() -> None:
    with pytest.raises(ValueError, match="did not print"):
        exitsnoop.parse("Need sudo (CAP_SYS_ADMIN) for BPF() system call\n", 0.0, Limits())


def files(begun: int, there: int) -> dict[str, str]:
    return {"/proc/stat": "cpu 1 2\nprocesses %d\n" % begun, "/proc/loadavg": "0.1 0.2 0.3 2/%d 4711\n" % there}


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [((100, 50), (130, 55), 25), ((100, 50), (100, 45), 5), ((100, 50), (100, 50), 0), ((100, 50), (101, 52), 0)],
)
def test_begun_less_those_more(before: tuple[int, int], after: tuple[int, int], gone: int) -> None:
    assert exitsnoop.difference(files(*before), files(*after), 1.0, Limits()).data == {
        "count": gone,
        "items": [],
        "omitted": 0,
    }


def test_files_that_are_not_there_or_of_another_form() -> None:
    with pytest.raises(TierFailure, match="/proc/loadavg cannot be read"):
        exitsnoop.difference({"/proc/stat": "processes 1\n"}, files(2, 2), 1.0, Limits())
    with pytest.raises(TierFailure, match="went from 100 back to 3"):
        exitsnoop.difference(files(100, 1), files(3, 1), 1.0, Limits())
    for text in ("", "0.1 0.2 0.3 2 4711", "0.1 0.2 0.3 2/x 4711"):
        with pytest.raises(ValueError, match="how many tasks|not a number"):
            exitsnoop.tasks(text)
