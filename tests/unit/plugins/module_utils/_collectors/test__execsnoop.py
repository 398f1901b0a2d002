# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""execsnoop at tiers 1 and 2."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import execsnoop
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

HEADER = b"TIME(s) UID   PCOMM            PID     PPID    RET ARGS\n"
HEADER_0_18 = b"TIME(s) UID   PCOMM            PID    PPID   RET ARGS\n"
HEADER_0_31 = b"TIME(s) UID   COMM             PID     PPID    RET ARGS\n"
HEADER_PLAIN = b"PCOMM            PID     PPID    RET ARGS\n"
HEADER_0_12 = b"TIME(s) PCOMM            PID    PPID   RET ARGS\n"


def line(
    comm: bytes = b"ls",
    args: bytes = b'"/usr/bin/ls" "-l"',
    seconds: float = 1.5,
    uid: int | None = 0,
    pid: int = 4321,
    ppid: bytes = b"1234",
    width: int = 7,
) -> bytes:
    """A line as bcc's execsnoop puts it together (printb of its three formats)."""
    return (
        b"%-8.3f" % seconds
        + (b"" if uid is None else b"%-6d" % uid)
        + b"%-16s %-*d %-*s %3d %s\n" % (comm, width, pid, width, ppid, 0, args)
    )


def parse(raw: bytes, elapsed: float = 1.0) -> t.Any:
    return execsnoop.parse(raw.decode("utf-8", "surrogateescape"), elapsed, Limits())


def only(raw: bytes) -> dict[str, t.Any]:
    answer = parse(raw)
    assert answer.lost == 0
    (event,) = answer.data["events"]
    return t.cast("dict[str, t.Any]", event)


EXPECTED = {
    "t_ms": 500,
    "pid": 4321,
    "ppid": 1234,
    "uid": 0,
    "comm": "ls",
    "filename": "/usr/bin/ls",
    "args": "-l",
    "ret": 0,
}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (HEADER + line(), EXPECTED),
        (HEADER_0_18 + line(width=6), EXPECTED),
        (HEADER_0_31 + line(), EXPECTED),
        (HEADER_0_12 + line(uid=None, width=6), {**EXPECTED, "uid": None}),
        (HEADER + line(pid=4194304, ppid=b"4194303"), {**EXPECTED, "pid": 4194304, "ppid": 4194303}),
        (HEADER_0_18 + line(width=6, pid=4194304, ppid=b"4194303"), {**EXPECTED, "pid": 4194304, "ppid": 4194303}),
        (HEADER_PLAIN + line(uid=None)[8:], {**EXPECTED, "uid": None, "t_ms": None}),
        (HEADER + line(ppid=b"?"), {**EXPECTED, "ppid": None}),
        (HEADER + line(seconds=0.2), {**EXPECTED, "t_ms": 0}),  # printed late, just before the window
        (HEADER + line(seconds=12345.678), {**EXPECTED, "t_ms": 12344678}),
        (HEADER + line(seconds=1234.5, uid=99999), {**EXPECTED, "t_ms": 1233500, "uid": 99999}),
        (HEADER + line(uid=165536), {**EXPECTED, "uid": 165536}),
        (HEADER + line(uid=4294967294, comm=b"7zip"), {**EXPECTED, "uid": 4294967294, "comm": "7zip"}),
        (HEADER + line(uid=100000, comm=b"1 2 3 4"), {**EXPECTED, "uid": 100000, "comm": "1 2 3 4"}),
    ],
)
def test_columns(raw: bytes, expected: dict[str, t.Any]) -> None:
    assert only(raw) == expected


@pytest.mark.parametrize(
    ("comm", "shown"),
    [
        (b"fifteen bytes!!", "fifteen bytes!!"),
        (b"a 1 2 0 b", "a 1 2 0 b"),
        (b"with\nline end", "with\nline end"),
        (b"\xff\xfe\x1b[31m", "\ufffd\ufffd\ufffd[31m"),
        ("\u00e4\u00f6\u00fc".encode(), "\u00e4\u00f6\u00fc"),
        (b"", ""),
        (b"<script>", "<script>"),
        (b"RET ARGS", "RET ARGS"),
    ],
)
def test_the_names_of_processes(comm: bytes, shown: str) -> None:
    raw = HEADER + line(comm=comm) + line(comm=b"next")
    answer = parse(raw)
    assert [event["comm"] for event in answer.data["events"]] == [shown, "next"]
    assert answer.lost == 0


@pytest.mark.parametrize(
    ("args", "filename", "rest"),
    [
        (b"", None, None),
        (b'"/bin/true"', "/bin/true", None),
        (b'"/opt/my tools/x y" "a b" ""', "/opt/my tools/x y", "a b "),
        (b'"/bin/echo" "say \\"hi\\""', "/bin/echo", 'say "hi"'),
        (b'"/bin/echo" "two\\nlines"', "/bin/echo", "two\\nlines"),
        (b'"/bin/x" "\xff\x1b"', "/bin/x", "\ufffd\ufffd"),
        (b'"/bin/x" "cut', "/bin/x", None),
        (b"/bin/ls -l", None, "/bin/ls -l"),  # without -q
    ],
)
def test_file_name_and_arguments(args: bytes, filename: str | None, rest: str | None) -> None:
    event = only(HEADER + line(args=args))
    assert (event["filename"], event["args"]) == (filename, rest)


def test_all_are_counted_by_name() -> None:
    answer = parse(HEADER + line() * 3 + line(comm=b"cat") + line(comm=b"dog") * 2)
    assert answer.data["count"] == 6
    assert answer.data["items"] == [
        {"labels": {"comm": "ls"}, "count": 3},
        {"labels": {"comm": "dog"}, "count": 2},
        {"labels": {"comm": "cat"}, "count": 1},
    ]


@pytest.mark.parametrize(
    "broken",
    [
        b"1.500   " + b"\n",  # interrupted in mid-line
        b"garbage\n",
        b"\n",
        line().replace(b"4321", b"what"),
        line()[:30] + b"\n",
        line()[:-1],  # the output's end, without a line's end
    ],
)
def test_a_line_that_cannot_be_read_is_lost_not_forgotten(broken: bytes) -> None:
    answer = parse(HEADER + line() + broken)
    assert answer.data["count"] == 1
    assert answer.lost == 1


def test_nothing_started() -> None:
    assert parse(HEADER).data == {"count": 0, "items": [], "events": [], "omitted": 0}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Traceback (most recent call last):\n",
        b"UID TIME(s) PCOMM PID PPID RET ARGS\n" + line(),
        b"TIME(s) UID   PCOMM            PID     PPID    CPU  RET ARGS\n",
    ],
)
def test_a_header_that_is_not_understood(raw: bytes) -> None:
    with pytest.raises(ValueError, match="header"):
        parse(raw)


STAT = "cpu  1 2 3\nintr 99 1 2\nctxt 5\nbtime 1700000000\nprocesses %d\nprocs_running 1\n"


@pytest.mark.parametrize(("before", "after", "expected"), [(5, 5, 0), (100, 142, 42), (2**32 - 1, 4, 5)])
def test_forks(before: int, after: int, expected: int) -> None:
    answer = execsnoop.difference({"/proc/stat": STAT % before}, {"/proc/stat": STAT % after}, 1.0, Limits())
    assert answer.data == {"count": expected, "items": [], "events": [], "omitted": 0}
    assert "not the number of programs" in answer.notes[0]


@pytest.mark.parametrize(
    "text", ["", "processes\n", "processes x\n", "processes 1 2\n", (STAT % 1) * 2, "procs_running 1\n"]
)
def test_a_hostile_stat(text: str) -> None:
    with pytest.raises(ValueError, match=r"processes|not a number"):
        execsnoop.forks(text)


@pytest.mark.parametrize(("before", "after", "code"), [(None, 1, "no_file"), (1, None, "no_file"), (1000, 1, "reset")])
def test_what_does_not_answer(before: int | None, after: int | None, code: str) -> None:
    samples = [{} if n is None else {"/proc/stat": STAT % n} for n in (before, after)]
    with pytest.raises(TierFailure) as failure:
        execsnoop.difference(samples[0], samples[1], 1.0, Limits())
    assert failure.value.reason.code == code
