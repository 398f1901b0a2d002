# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""syscount: names of calls, and tier 2."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _syscalls, syscount
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits


@pytest.mark.parametrize(
    ("machine", "number", "name"),
    [
        ("x86_64", 0, "read"),
        ("x86_64", 59, "execve"),
        ("x86_64", 110, "getppid"),
        ("x86_64", 231, "exit_group"),
        ("x86_64", 257, "openat"),
        ("x86_64", 334, "rseq"),
        ("x86_64", 424, "pidfd_send_signal"),
        ("aarch64", 56, "openat"),
        ("aarch64", 62, "lseek"),
        ("aarch64", 63, "read"),
        ("aarch64", 79, "newfstatat"),
        ("aarch64", 94, "exit_group"),
        ("aarch64", 173, "getppid"),
        ("aarch64", 222, "mmap"),
        ("aarch64", 260, "wait4"),
        ("aarch64", 293, "rseq"),
        ("aarch64", 435, "clone3"),
        ("x86_64", 462, "mseal"),
        ("x86_64", 400, "call 400"),
        ("s390x", 1, "call 1"),
    ],
)
def test_names(machine: str, number: int, name: str) -> None:
    assert syscount.name_of(number, compat=False, known=_syscalls.names(machine)) == name


def test_32_bit_programs_have_numbers_of_their_own() -> None:
    assert syscount.name_of(20, compat=True, known=_syscalls.names("x86_64")) == "32-bit call 20"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_each_name_is_there_once(machine: str) -> None:
    names = _syscalls.names(machine)
    assert len(set(names.values())) == len(names) > 300


# By the tool's source: syscount-bpfcc 0.26, "%-22s %8s %16s" and b"%-22s %8d %16.3f".
GREETING = "Tracing syscalls, printing top 100000... Ctrl+C to quit.\n"
HEADER = "[11:22:33]\n%-22s %8s %16s\n" % ("SYSCALL", "COUNT", "TIME (us)")
ROW = "%-22s %8d %16.3f\n"
END = "\nDetaching...\n"


def test_the_tool() -> None:
    rows = (
        ROW % ("read", 5, 12.5)
        + ROW % ("[unknown: 451]", 1, 0.25)
        + ROW % ("[unknown: 999]", 1, 0.25)
        + ROW % ("futex", 123456789, 9e12)
    )
    answer = syscount.parse(GREETING + HEADER + rows + END, 0.0, Limits())
    assert answer.data["items"] == [
        {"labels": {"process": None, "syscall": name}, "count": count, "total_us": us, "errors": None}
        for name, count, us in (
            ("futex", 123456789, 9e12),
            ("read", 5, 12.5),
            ("cachestat", 1, 0.25),
            ("call 999", 1, 0.25),
        )
    ]
    assert (answer.data["count"], answer.lost) == (123456796, 0)


def test_the_tool_saw_nothing() -> None:
    assert syscount.parse(GREETING + HEADER + END, 0.0, Limits()).data["count"] == 0


@pytest.mark.parametrize("line", ["garbage\n", "read 5\n", "read -5 1.000\n", "read 5 1.0\n", "read 5 x\n"])
def test_a_row_that_cannot_be_read_is_lost(line: str) -> None:
    answer = syscount.parse(GREETING + HEADER + ROW % ("read", 5, 1) + line + END, 0.0, Limits())
    assert (answer.data["count"], answer.lost) == (5, 1)


@pytest.mark.parametrize("text", ["", HEADER, GREETING, GREETING + HEADER * 2])
def test_a_tool_that_is_not_understood(text: str) -> None:
    with pytest.raises(ValueError, match="tool"):
        syscount.parse(text, 0.0, Limits())
