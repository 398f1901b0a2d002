# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""execsnoop against processes that the test starts itself."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest
from collecting import Collection, native

COUNT = 500


def spawn(arguments: list[bytes]) -> int:
    """Start a program and wait for it; return its process id."""
    pid = os.posix_spawn(arguments[0], arguments, {})
    os.waitpid(pid, 0)
    return pid


def test_counts_each_process_and_invents_none(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "ebpffleet_truth"
    program.symlink_to("/bin/true")
    collection = Collection(duration=5, collectors=["execsnoop"], max_events=5000)
    started = {spawn([bytes(program), b"--number", b"%d" % n]): n for n in range(COUNT)}
    data = native(collection.result("execsnoop"))

    assert data["count"] >= COUNT
    mine = [event for event in data["events"] if event["filename"] == str(program)]
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
