# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""execsnoop: which programs are being started?"""

from __future__ import annotations

import mmap
import re
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, growth, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import counts, events
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    TASKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import execsnoop as program
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

# --- tier 3 -----------------------------------------------------------------------------------------------------------

_HEAD = struct.Struct("=QIIIHH16s")  # struct event of bpf/execsnoop.bpf.c, up to its text
_ARGS_MAX = 256
_ROOM_FOR_ONE = 256  # bytes of the ring that an event takes, generously
_CUT_NOTE = "of each program, 128 bytes of its file name and 256 bytes of its arguments at most"


def sizes(limits: Limits) -> dict[str, int]:
    """Return the ring buffer's size for `max_events`: a power of two and whole pages, as the kernel wants it."""
    return {"first": max(1 << (limits.max_events * _ROOM_FOR_ONE - 1).bit_length(), mmap.PAGESIZE)}


def read(maps: Maps, limits: Limits) -> Answer:
    """Return the first events in full, and the counts by name of all of them."""
    start = struct.unpack("=QQ", maps.variable_bytes("window"))[0]
    rows = [native_event(raw, start) for raw in maps.records("first")]
    names = [(c_string(key), struct.unpack("=Q", raw)[0]) for key, raw in maps.items("counts")]
    by_name = counts(({"labels": {"comm": name}, "count": n} for name, n in names), limits)
    lost, count = maps.variable("lost"), maps.variable("events")
    answer = events(rows, limits, lost, (_CUT_NOTE,))
    answer.data.update(count=count, items=by_name.data["items"], omitted=count - lost - len(answer.data["events"]))
    return answer


def native_event(raw: bytes, start: int) -> dict[str, t.Any]:
    """Return the event in one `struct event`; `start` is the window's, on the same clock."""
    time, pid, ppid, uid, filename_size, args_size, comm = _HEAD.unpack_from(raw)
    text = raw[_HEAD.size :]
    words = text[filename_size : filename_size + args_size].split(b"\0")[1:]
    if args_size < _ARGS_MAX and words and not words[-1]:
        words.pop()  # what follows the last argument's NUL
    return {
        "t_ms": round((time - start) / 1e6),
        "pid": pid,
        "ppid": ppid,
        "uid": uid,
        "comm": c_string(comm),
        "filename": c_string(text[:filename_size]) if filename_size else None,
        "args": clean(b" ".join(words)) if words else None,
        "ret": 0,
    }


_NATIVE = Native(narrows=TASKS, program=program, read=read, sizes=sizes)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "ARGS"  # the last word of the header, in every version
_ARGS = ("-t", "-q", "-U")  # seconds since the tool's start, quoted arguments, user ids
# "%-8.3f", "%-6d" and "%-16s %-7d %-7s %3d %s" follow each other without a space between them: a number that is too
# long for its column touches the next one, and a name (comm) may hold spaces, digits and line ends. But a name always
# fills exactly 16 bytes. %-7d was %-6d before 0.25.
_TIME = re.compile(rb"([0-9]{1,9}\.[0-9]{3})")
_UID = re.compile(rb"[0-9]{1,10}")
_REST = re.compile(rb"(.{16}) ([0-9]{1,10}) +([0-9]{1,10}|\?) +(-?[0-9]{1,5}) ([^\n]*)\n", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SCOPE_NOTE = (
    "execve() only, not execveat() nor 32-bit programs; of each, its file and 19 arguments of 127 bytes at most"
)


def parse(text: str, elapsed: float, limits: Limits) -> Answer:
    """Read the lines that bcc's execsnoop prints, one for each program started; with -x, those that failed are left out.

    `t_ms` is when the tool printed it, from the window's start on. A line that cannot be read is a program that is lost.
    """
    head, found, body = text.partition(_READY)
    columns = head.rpartition("\n")[2].split()
    optional = [column for column in ("TIME(s)", "UID") if column in columns]
    if not found or columns not in ([*optional, name, "PID", "PPID", "RET"] for name in ("PCOMM", "COMM")):
        raise ValueError("the tool's header is not understood: %r" % clean(head.rpartition("\n")[2] + found, 120))
    raw = body.partition("\n")[2].encode("utf-8", "surrogateescape")
    rows: list[dict[str, t.Any]] = []
    unread = position = 0
    while position < len(raw):
        record = _record(raw, position, elapsed, optional)
        if record is None:
            unread += 1
            position = (raw.find(b"\n", position) + 1) or len(raw)
        else:
            row, position = record
            if row["ret"] == 0:
                rows.append(row)
    notes: tuple[str, ...] = (_SCOPE_NOTE,)
    if unread:
        notes += ("%d lines of the tool's output could not be read and are counted as lost" % unread,)
    return events(rows, limits, lost=unread, notes=notes)


def _record(raw: bytes, start: int, elapsed: float, columns: t.Sequence[str]) -> tuple[dict[str, t.Any], int] | None:
    """Return the record that begins at `start`, and where the next one begins."""
    position, t_ms = start, None
    if "TIME(s)" in columns:
        time = _TIME.match(raw, start)
        if not time:
            return None
        position = start + max(time.end() - start, 8)
        t_ms = max(round((float(time.group(1)) - elapsed) * 1000), 0)
    for uid in _uids(raw, position) if "UID" in columns else (None,):
        rest = _REST.match(raw, position + (max(len(uid), 6) if uid is not None else 0))
        if rest:
            comm, pid, ppid, ret, line = rest.groups()
            filename, args = _arguments(clean(line, 16384))
            row = {
                "t_ms": t_ms,
                "pid": int(pid),
                "ppid": None if ppid == b"?" else int(ppid),
                "uid": None if uid is None else int(uid),
                "comm": clean(comm.rstrip(b" "), 64),
                "filename": filename,
                "args": args,
                "ret": int(ret),
            }
            return row, rest.end()
    return None


def _uids(raw: bytes, position: int) -> list[bytes]:
    """Return what the user id at `position` may be, its end being unknown where it fills its six bytes or more.

    It then touches the name, which may begin with a digit: only one split leaves the name its 16 bytes.
    """
    digits = _UID.match(raw, position)
    run = digits.group() if digits else b""
    return [run[:length] for length in range(6, len(run) + 1)] or ([run] if run else [])


def _arguments(line: str) -> tuple[str | None, str | None]:
    """Return the program's file name and its arguments after the first, joined by spaces; None where there are none.

    Without -q nothing tells where the file name ends: then all of it is given as arguments.
    """
    if not line.startswith('"'):
        return None, clean(line) or None
    words = [word.replace('\\"', '"') for word in _QUOTED.findall(line)]
    return (clean(words[0]) if words else None), (clean(" ".join(words[1:])) if len(words) > 1 else None)


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_STAT = "/proc/stat"
_NOTES = (
    "processes and threads begun (fork and clone, as /proc/stat counts them), which is not the number of programs started",
    "without names: /proc/stat knows only how many",
)


def difference(before: Sample, after: Sample, _seconds: float, _limits: Limits) -> Answer:
    """Subtract `processes` of /proc/stat."""
    first, last = (forks(text) for text in both(_STAT, before, after))
    grown = growth(first, last)
    if grown is None:
        raise TierFailure(
            Reason("reset", "the counter `processes` of %s went from %d back to %d" % (_STAT, first, last))
        )
    return Answer({"count": grown, "items": [], "events": [], "omitted": 0}, notes=_NOTES)


def forks(text: str) -> int:
    """Return the line `processes` of /proc/stat: how often a task was made since boot; ValueError when it is missing."""
    found = [line.split() for line in text.splitlines() if line.startswith("processes ")]
    if len(found) != 1 or len(found[0]) != 2:
        raise ValueError("%s has no line `processes`" % _STAT)
    return natural(found[0][1])


_COMMAND = Command(
    tool="execsnoop", args=_ARGS, ready=_READY, parse=parse, stream=True
)  # of bcc and of libbpf-tools, whose forms are the same

COLLECTOR = Collector(
    name="execsnoop",
    category="process",
    question="Which programs are being started?",
    kind="events",
    unit="processes",
    native=_NATIVE,
    bcc=_COMMAND,
    libbpf_tools=_COMMAND,
    procfs=Procfs(files=(_STAT,), difference=difference),
)
