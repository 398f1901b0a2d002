# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""execsnoop against processes that the test starts itself."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest
from collecting import Collection, answered, asking, native
from truth import EXACT, tiers, truth

COUNT = 500


def begun() -> int:
    """Return how many tasks have begun since boot."""
    lines = pathlib.Path("/proc/stat").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("processes "))


def spawn(arguments: list[bytes]) -> int:
    """Start a program and wait for it; return its process id."""
    pid = os.posix_spawn(arguments[0], arguments, {})
    os.waitpid(pid, 0)
    return pid


@tiers("execsnoop", {3: EXACT, 2: EXACT})
def test_counts_each_process_and_invents_none(tmp_path: pathlib.Path, tier: int) -> None:
    program = tmp_path / "ebpffleet_truth"
    program.symlink_to("/bin/true")
    collection = Collection(duration=10, collectors=["execsnoop"], max_events=5000, **asking(tier))
    started = {spawn([bytes(program), b"--number", b"%d" % n]): n for n in range(COUNT)}
    data = answered(collection.result("execsnoop"), tier)

    assert data["count"] >= COUNT
    mine = [event for event in data["events"] if event["comm"] == program.name]
    assert {event["filename"] for event in mine} == {str(program)}
    assert {event["pid"]: event["args"] for event in mine} == {
        pid: "--number %d" % number for pid, number in started.items()
    }
    assert len(mine) == COUNT, "none twice, none invented"
    assert {(event["ppid"], event["uid"], event["ret"], event["comm"]) for event in mine} == {
        (os.getpid(), os.getuid(), 0, "ebpffleet_truth")
    }
    assert [item for item in data["items"] if item["labels"] == {"comm": "ebpffleet_truth"}] == [
        {"labels": {"comm": "ebpffleet_truth"}, "count": COUNT}
    ]
    # Complete: by name and one by one they are the same events.
    assert sum(item["count"] for item in data["items"]) == data["count"] == len(data["events"])


@truth("execsnoop", "at least the test's processes, at most what the kernel counts around the window", tier=1)
def test_at_tier_1_tasks_are_counted() -> None:
    before = begun()
    collection = Collection(duration=8, collectors=["execsnoop"], tier="1")
    for _ in range(COUNT // 5):
        spawn([b"/bin/true"])
    result = collection.result("execsnoop")
    assert (result["tier"], result["status"]) == (1, "ok")
    assert COUNT // 5 <= result["data"]["count"] <= begun() - before


def test_a_failed_exec_is_not_a_started_program() -> None:
    collection = Collection(duration=2, collectors=["execsnoop"])
    with pytest.raises(FileNotFoundError):
        subprocess.run(["/nonexistent/ebpffleet"], check=False)
    spawn([b"/bin/true"])
    data = native(collection.result("execsnoop"))
    assert not [event for event in data["events"] if "nonexistent" in (event["filename"] or "")]


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        (b"caf\xc3\xa9", "caf\u00e9"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
        (b"two words", "two words"),
        (b"tab\tnew\nline\x1b[31m", "tab\tnew\nline\ufffd[31m"),
        (b"", ""),
    ],
)
def test_arguments_of_any_bytes(argument: bytes, shown: str) -> None:
    collection = Collection(duration=1, collectors=["execsnoop"])
    pid = spawn([b"/bin/true", argument])
    data = native(collection.result("execsnoop"))
    assert [event["args"] for event in data["events"] if event["pid"] == pid] == [shown]


def test_a_long_command_line_is_cut() -> None:
    collection = Collection(duration=4, collectors=["execsnoop"])
    long = spawn([b"/bin/true", b"x" * 10000])
    data = native(collection.result("execsnoop"))
    (event,) = [event for event in data["events"] if event["pid"] == long]
    assert event["args"] == "x" * (256 - len("/bin/true "))


def test_a_flood_is_counted_as_lost() -> None:
    collection = Collection(duration=6, collectors=["execsnoop"], max_events=16)
    for number in range(60):
        spawn([b"/bin/true", b"%d" % number])
    result = collection.result("execsnoop")
    assert result["status"] == "truncated"
    data = result["data"]
    assert data["count"] >= 60, "what is not kept in full is counted all the same"
    assert len(data["events"]) == 16
    assert result["lost"] + data["omitted"] + len(data["events"]) == data["count"]
