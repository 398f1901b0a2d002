# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks: of the programs' maps, and of what bcc's profile and offcputime print."""

from __future__ import annotations

import os
import struct
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _stacks, offcputime, profile
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

PROFILE = """\
Sampling at 49 Hertz of all threads by user + kernel stack... Hit Ctrl-C to end.

    do_syscall_64_[k]
    entry_SYSCALL_64_after_hwframe_[k]
    --
    __libc_write
    main
    -                dd (812)
        3

    compute(int; char)
    main
    -                my prog (813)
        40

    native_safe_halt_[k]
    secondary_startup_64_[k]
    -                kworker/0:1 (14)
        2

    [Missed Kernel Stack]
    [Missed User Stack]
    -                gone (815)
        1

"""
BULLSEYE = """\
Sampling at 49 Hertz of all threads by user + kernel stack... Hit Ctrl-C to end.

    b'do_syscall_64_[k]'
    b'entry_SYSCALL_64_after_hwframe_[k]'
    --
    [unknown]
    -                dd (812)
        3

"""
OFFCPUTIME = """\
Tracing off-CPU time (us) of all threads by user + kernel stack... Hit Ctrl-C to end.

    schedule_idle
    do_idle
    -                swapper/1 (0)
        70000000

    finish_task_switch.isra.0
    schedule
    worker_thread
    -                kworker/1:1 (22)
        7

    schedule
    do_nanosleep
    --
    clock_nanosleep
    main
    -                sleep (900)
        1000123

    schedule
    ksys_sync
    [Missed User Stack]
    -                writer (901)
        500

    [Missed Kernel Stack]
    fsync
    -                writer (901)
        400

"""


def test_profile() -> None:
    data = profile.parse(PROFILE, 0.0, Limits()).data
    assert data["stacks"] == [
        {"process": "my prog", "user": ["main", "compute(int; char)"], "kernel": [], "count": 40},
        {
            "process": "dd",
            "user": ["main", "__libc_write"],
            "kernel": ["entry_SYSCALL_64_after_hwframe", "do_syscall_64"],
            "count": 3,
        },
        {"process": "kworker/0:1", "user": [], "kernel": ["secondary_startup_64", "native_safe_halt"], "count": 2},
        {"process": "gone", "user": [], "kernel": [], "count": 1},
    ]
    assert data["count"] == 46
    assert data["items"][0] == {"labels": {"process": "my prog"}, "count": 40}


def test_profile_of_bcc_0_18_prints_bytes() -> None:
    (stack,) = profile.parse(BULLSEYE, 0.0, Limits()).data["stacks"]
    assert stack["kernel"] == ["entry_SYSCALL_64_after_hwframe", "do_syscall_64"]
    assert stack["user"] == ["[unknown]"]


def test_offcputime() -> None:
    answer = offcputime.parse(OFFCPUTIME, 0.0, Limits())
    sleep, *writer, worker = answer.data["stacks"]
    assert (sleep["kernel"], sleep["user"], sleep["count"]) == (
        ["do_nanosleep", "schedule"],
        ["main", "clock_nanosleep"],
        1000123,
    )
    assert (worker["kernel"], worker["user"]) == (["worker_thread", "schedule", "finish_task_switch.isra.0"], [])
    # A stack that the tool has not kept is none, and not a frame; what a CPU waits for while it is idle is nobody's.
    assert [(one["kernel"], one["user"]) for one in writer] == [(["ksys_sync", "schedule"], []), ([], ["fsync"])]
    assert any(note.startswith("2 stacks the tool could not keep") for note in answer.notes)
    assert answer.data["count"] == 1000123 + 900 + 7


@pytest.mark.parametrize(("module", "text"), [(profile, PROFILE), (offcputime, OFFCPUTIME)])
def test_a_tool_that_saw_nothing_and_one_that_was_cut(module: t.Any, text: str) -> None:
    head = text.partition("\n")[0] + "\n"
    assert module.parse(head, 0.0, Limits()).data["count"] == 0
    cut = module.parse(text[:-30], 0.0, Limits())
    assert cut.lost == 1
    assert cut.data["count"] < module.parse(text, 0.0, Limits()).data["count"]
    with pytest.raises(ValueError, match="did not print"):
        module.parse("nothing", 0.0, Limits())


def test_stacks_beyond_the_limit_are_left_out_and_counted() -> None:
    answer = profile.parse(PROFILE, 0.0, Limits(max_events=2))
    assert len(answer.data["stacks"]) == 2
    assert answer.data["count"] == 46
    assert "2 of 4 stacks are left out, the smallest ones (the limit is 2)" in answer.notes


class Maps:
    """A program's maps, with what is said of them."""

    def __init__(self, stacks: dict[int, list[int]], unkept: int = 0) -> None:
        self._stacks = stacks
        self._unkept = unkept

    def items(self, name: str) -> t.Iterator[tuple[bytes, bytes]]:
        assert name == "stacks"
        for key, addresses in self._stacks.items():
            yield struct.pack("=Q", key), struct.pack("=127Q", *addresses, *[0] * (127 - len(addresses)))

    def variable(self, name: str) -> int:
        return {"unkept": self._unkept}[name]


def test_of_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {0x1000: "__schedule", 0x1FFF: "schedule", 0x2FFF: "do_nanosleep", 0x500: "bpf_prog_0123_on_switch"}
    monkeypatch.setattr(_stacks._symbols, "functions", lambda wanted: {one: names[one] for one in wanted})
    maps: t.Any = Maps({1: [0x500, 0x1001, 0x2000, 0x3000], 2: [0x10]}, unkept=3)
    seen = [
        _stacks.Seen(os.getpid(), "x", 1, 0, 5),
        _stacks.Seen(os.getpid(), "x", 1, 2, 7),
        _stacks.Seen(os.getpid(), "x", 1, 99, 1),
    ]
    rows, notes = _stacks.rows(maps, seen)
    kernel = ["do_nanosleep", "schedule", "__schedule"]
    assert rows == [
        {"process": "x", "user": ["[unknown]"], "kernel": kernel, "count": 7},
        {"process": "x", "user": [], "kernel": kernel, "count": 6},
    ]
    assert any(note.startswith("3 times a stack found no room") for note in notes)


def test_hidden_addresses_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_stacks._symbols, "functions", lambda wanted: {})
    maps: t.Any = Maps({1: [0x1000]})
    rows, notes = _stacks.rows(maps, [_stacks.Seen(1, "x", 1, 0, 5)])
    assert rows[0]["kernel"] == ["[unknown]"]
    assert _stacks.HIDDEN in notes


def test_nothing_seen_reads_nothing() -> None:
    maps: t.Any = Maps({1: [0x1000]})
    assert _stacks.rows(maps, [])[0] == []


class Sampled(Maps):
    """profile's maps after a window."""

    def __init__(self, samples: int, idle: int, seconds: float, filtered: bool) -> None:
        super().__init__({})
        self._samples, self._idle, self._seconds, self._filtered = samples, idle, seconds, filtered

    def items(self, name: str) -> t.Iterator[tuple[bytes, bytes]]:
        if name == "samples":
            yield struct.pack("=QQI16s4x", 0, 0, 1, b"x"), struct.pack("=Q", self._samples)

    def variable(self, name: str) -> int:
        return {"unkept": 0, "lost": 0, "idle": self._idle}[name]

    def variable_bytes(self, name: str) -> bytes:
        return {
            "window": struct.pack("=QQ", 5, 5 + int(self._seconds * 1e9)),
            "filter": struct.pack("=5Q", 0, 0, 0, 0, int(self._filtered)),
        }[name]


@pytest.mark.parametrize(
    ("samples", "idle", "filtered", "told"),
    [
        (100, 92, False, None),  # 49 x 2 s x 2 CPUs are 196
        (100, 77, False, None),
        (90, 40, False, 130),  # one of the CPUs came in the middle
        (5, 40, True, None),  # of one process only: nobody knows how many were taken
    ],
)
def test_samples_that_are_missing_are_told(
    monkeypatch: pytest.MonkeyPatch, samples: int, idle: int, filtered: bool, told: int | None
) -> None:
    monkeypatch.setattr(profile, "first_line", {"/sys/devices/system/cpu/online": "0,2"}.get)
    maps: t.Any = Sampled(samples, idle, 2.0, filtered)
    found = [note for note in profile.read(maps, Limits()).notes if "were due" in note]
    assert [note.split(" of the CPUs")[0] for note in found] == (
        ["%d samples were taken where 196 were due" % told] if told else []
    )


def test_what_is_of_processes_that_have_ended_is_told() -> None:
    maps: t.Any = Maps({2: [0x10], 3: [0x20]})
    gone = 1 << 22  # no process has such a number: it is PID_MAX_LIMIT
    seen = [
        _stacks.Seen(gone, "gone", 0, 2, 5),
        _stacks.Seen(gone, "gone", 0, 3, 2),
        _stacks.Seen(gone + 1, "kernel", 0, 0, 100),
        _stacks.Seen(os.getpid(), "me", 0, 2, 50),
    ]
    rows, notes = _stacks.rows(maps, seen)
    assert {row["process"]: row["user"] for row in rows}["gone"] == ["[unknown]"]
    (told,) = [note for note in notes if "had ended" in note]
    assert told.startswith("user: 7 of the count is of processes that had ended with the window (1 of them)")
