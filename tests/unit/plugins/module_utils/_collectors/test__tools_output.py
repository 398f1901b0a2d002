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

FOLDER = pathlib.Path(__file__).parents[3] / "fixtures" / "tools"
NO_SIZES = FOLDER / "0.18" / "biotop.txt"
PRINTED = sorted(path for path in FOLDER.glob("*/*.txt") if path != NO_SIZES)
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
    "vfsstat": sum_of(1, 2, 3, 4, 5),
    "virtiostat": sum_of(-2, -1),
}


@pytest.mark.parametrize("path", PRINTED, ids=lambda path: "%s-%s" % (path.stem, path.parent.name))
def test_all_that_the_real_tool_printed_is_read(path: pathlib.Path) -> None:
    answer = answer_of(path)
    assert not answer.lost
    assert answer.data["count"] > 0
    text = text_of(path)
    if " : count " in text:
        counted = sum(int(number) for number in re.findall(r"^ *[0-9]+(?: -> [0-9]+)? *: ([0-9]+)", text, re.MULTILINE))
    elif path.stem in ("offcputime", "offwaketime", "profile", "wakeuptime"):
        stacks = re.findall(r"\(([0-9]+)\)\n {8}([0-9]+)$", text, re.MULTILINE)
        counted = sum(int(number) for pid, number in stacks if pid != "0")
    elif path.stem == "oomkill":
        counted = text.count("OOM kill of PID")
    elif path.stem == "klockstat":
        waits = text.partition("Avg Hold")[0].partition("Avg Spin")[2]
        counted = sum(int(line.split()[-3]) for line in waits.split("\n")[1:] if line.split()[4:])
    else:
        spec = by_name(path.stem).bcc
        assert spec is not None
        rows = rows_of(text, spec.ready)
        counted = BY_HAND.get(path.stem, len)(rows)
    assert answer.data["count"] == counted


@pytest.mark.parametrize("path", PRINTED, ids=lambda path: "%s-%s" % (path.stem, path.parent.name))
def test_the_exercise_is_recognized_by_its_name(path: pathlib.Path) -> None:
    """A name with a space in it, which is neither cut nor taken for two columns."""
    data = answer_of(path).data
    rows = data.get("events") or data.get("items") or []
    names = {{**row, **row.get("labels", {})}.get("comm") for row in rows} - {None}
    if names:
        assert "two words" in names or path.stem in ("bindsnoop", "oomkill")


def blocks(path: pathlib.Path) -> list[tuple[list[str], str]]:
    """The frames of each stack that a tool printed, and the process; without the idle tasks. bcc 0.18 prints some as bytes."""
    text = re.sub(r"^    b'(.*)'$", r"    \1", text_of(path).partition("\n\n")[2], flags=re.MULTILINE)
    found = [block.split("\n") for block in text.strip("\n").split("\n\n")]
    lines = [(lines[:-2], lines[-2].partition("-")[2].strip().rpartition(" ")) for lines in found]
    return [([frame.strip() for frame in frames], name) for frames, (name, _space, pid) in lines if pid != "(0)"]


@pytest.mark.parametrize("version", ["0.18", "0.26"])
@pytest.mark.parametrize("name", ["profile", "offcputime"])
def test_the_two_parts_of_a_stack(name: str, version: str) -> None:
    path = FOLDER / version / (name + ".txt")
    stacks = answer_of(path).data["stacks"]
    printed = blocks(path)
    kernels = {(tuple(one["kernel"][::-1]), one["process"]) for one in stacks}
    users = {(tuple(one["user"][::-1]), one["process"]) for one in stacks}
    for frames, process in printed:
        if "--" in frames:
            at = frames.index("--")
            kernel, user = frames[:at], frames[at + 1 :]
        elif name == "profile":
            kernel, user = ([], frames) if "_[k]" not in frames[0] else (frames, [])
        else:
            kernel, user = (frames, []) if frames[0].startswith("finish_task_switch") else ([], frames)
        bare = tuple(frame.replace("_[k]", "") for frame in kernel if not frame.startswith("[Missed"))
        assert (bare, process) in kernels
        assert (tuple(frame for frame in user if not frame.startswith("[Missed")), process) in users
    assert not any("Missed" in frame or frame == "--" for one in stacks for frame in (*one["user"], *one["kernel"]))
    assert {one["process"] for one in stacks} == {process for _frames, process in printed} >= {"two words"}


def test_a_tool_that_does_not_know_sizes_has_no_answer() -> None:
    """Not "nothing happened": the next tier is asked."""
    requests = sum(int(line.split()[-3]) for line in text_of(NO_SIZES).split("\n") if line.split()[-2:-1] == ["0.0"])
    with pytest.raises(ValueError, match="saw %d requests and says of each that it was of 0 bytes" % requests):
        answer_of(NO_SIZES)
