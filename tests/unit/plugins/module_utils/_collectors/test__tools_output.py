# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real tools printed in guests of the lab (tests/unit/fixtures/tools), read, against counts taken another way."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import by_name
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._tools import TOOLS

FOLDER = pathlib.Path(__file__).parents[3] / "fixtures" / "tools"
PRINTED = sorted(FOLDER.glob("*/*.txt"))
NO_LIMIT = Limits(max_items=10**6, max_events=10**6)


def text_of(path: pathlib.Path) -> str:
    """What a tool printed, decoded as the engine does."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def answer_of(path: pathlib.Path) -> Answer:
    spec = by_name(path.stem).bcc
    assert spec is not None
    return spec.parse(text_of(path), 0.0, NO_LIMIT)


def rows_of(text: str, ready: str) -> list[list[str]]:
    """The words of the lines below the greeting, without tables' heads, times and loads."""
    lines = text.partition(ready)[2].split("\n")[1:]
    beside = re.compile(r"\[|PID|.*loadavg:|.{0,9}$")
    return [line.split() for line in lines if re.search("[0-9]", line) and not beside.match(line)]


def sum_of(*columns: int) -> t.Callable[[list[list[str]]], int]:
    return lambda rows: sum(int(row[column]) for row in rows for column in columns)


def reads_and_writes(rows: list[list[str]]) -> int:
    """Of filetop: the first two of four numbers side by side; a name may hold spaces."""
    found = 0
    for row in rows:
        at = next(at for at in range(2, len(row)) if all(word.isdigit() for word in row[at : at + 4]))
        found += int(row[at]) + int(row[at + 1])
    return found


# How to count by hand what a tool printed; without: a line is one.
BY_HAND: dict[str, t.Callable[[list[list[str]]], int]] = {
    "biopattern": sum_of(4),
    "cachestat": sum_of(0, 1),
    "dcstat": sum_of(1),
    "filetop": reads_and_writes,
    "pidpersec": sum_of(2),
    "slabratetop": sum_of(-2),
    "swapin": sum_of(-1),
    "tcpsubnet": sum_of(1),
    "tcptop": sum_of(-2, -1),
    "vfscount": sum_of(-1),
    "virtiostat": sum_of(-2, -1),
}


@pytest.mark.parametrize("path", PRINTED, ids=lambda path: "%s-%s" % (path.stem, path.parent.name))
def test_all_that_the_real_tool_printed_is_read(path: pathlib.Path) -> None:
    answer = answer_of(path)
    assert not answer.lost
    assert answer.data["count"] > 0
    tool, text = TOOLS[path.stem], text_of(path)
    if " : count " in text:
        counted = sum(int(number) for number in re.findall(r"^ *[0-9]+(?: -> [0-9]+)? *: ([0-9]+)", text, re.MULTILINE))
    elif path.stem in ("offwaketime", "wakeuptime"):
        counted = sum(int(number) for number in re.findall(r"^ {8}([0-9]+)$", text, re.MULTILINE))
    elif path.stem == "klockstat":
        waits = text.partition("Avg Hold")[0].partition("Avg Spin")[2]
        counted = sum(int(line.split()[-3]) for line in waits.split("\n")[1:] if line.split()[4:])
    else:
        rows = rows_of(text, tool.ready)
        counted = BY_HAND.get(path.stem, len)(rows)
    assert answer.data["count"] == counted


@pytest.mark.parametrize("path", PRINTED, ids=lambda path: "%s-%s" % (path.stem, path.parent.name))
def test_the_exercise_is_recognized_by_its_name(path: pathlib.Path) -> None:
    """A name with a space in it, which is neither cut nor taken for two columns."""
    data = answer_of(path).data
    rows = data.get("events") or data.get("items") or []
    names = {{**row, **row.get("labels", {})}.get("comm") for row in rows} - {None}
    if names:
        assert "two words" in names or path.stem == "bindsnoop"
