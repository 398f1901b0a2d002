# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""opensnoop: which files are opened, and which are looked for in vain?"""

from __future__ import annotations

import re
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._names import error_name
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    TASKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import opensnoop as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

_PATH_MAX = 188
_SCOPE_NOTE = (
    "open, creat, openat and openat2 of 64-bit programs; a path is as the program gave it, relative to a folder of its own "
    "where it has no / in front"
)


def largest(rows: t.Iterable[Row], limits: Limits, count: int, lost: int | None, notes: tuple[str, ...]) -> Answer:
    """Return the answer; where there are too many rows, half of the room is for what failed."""
    ordered = sorted(rows, key=lambda row: -row["count"])
    failed = [row for row in ordered if row["labels"]["error"] is not None]
    opened = [row for row in ordered if row["labels"]["error"] is None]
    room = max(limits.max_items - len(opened), (limits.max_items + 1) // 2)
    kept = failed[:room]
    kept += opened[: limits.max_items - len(kept)]
    answer = counts(kept, limits, count, lost, notes)
    answer.data["omitted"] = len(ordered) - len(kept)
    return answer


def _row(path: str | None, error: int, count: int, process: str) -> Row:
    labels = {"path": path, "error": error_name(error) if error else None}
    return {"labels": labels, "count": count, "process": process}


# --- tier 3 -----------------------------------------------------------------------------------------------------------

_KEY = struct.Struct("=188sI")  # struct key of bpf/opensnoop.bpf.c
_OPENS = struct.Struct("=Q16s")
_CUT_NOTE = "of each path, %d bytes at most; the process is the first one that opened it" % (_PATH_MAX - 1)


def sizes(limits: Limits) -> dict[str, int]:
    """Return the maps' sizes, which grow with the rows that are asked for."""
    return {"failed": max(limits.max_items // 2, 2048), "opened": max(limits.max_items // 2, 1024)}


def read(maps: Maps, limits: Limits) -> Answer:
    """Return the opens by path and error."""
    rows = []
    for name in ("failed", "opened"):
        for key, raw in maps.items(name):
            path, error = _KEY.unpack(key)
            count, comm = _OPENS.unpack(raw)
            rows.append(_row(c_string(path) or None, error, count, c_string(comm)))
    lost = maps.variable("lost")
    return largest(rows, limits, sum(row["count"] for row in rows) + lost, lost, (_SCOPE_NOTE, _CUT_NOTE))


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "PATH"  # the last word of the header
# "%-6d %-16s %4d %3d " and the path. A name (comm) has at most 15 bytes, and may hold spaces and line ends; a path too.
_ROW = re.compile(rb"[0-9]{1,10} +(.{16}) +(-?[0-9]{1,10}) +([0-9]{1,4}) ([^\n]*)\n", re.DOTALL)


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Add up the lines that bcc's opensnoop prints; a line that cannot be read is an open that is lost."""
    body = text_after(text, _READY).encode("utf-8", "surrogateescape")
    rows: dict[tuple[str, int], Row] = {}
    unread = position = 0
    while position < len(body):
        match = _ROW.match(body, position)
        if match is None:
            unread += 1
            position = (body.find(b"\n", position) + 1) or len(body)
            continue
        position = match.end()
        comm, _descriptor, error, path = match.groups()
        key = clean(path[: _PATH_MAX - 1]), int(error)
        row = rows.setdefault(key, _row(key[0] or None, key[1], 0, clean(comm.rstrip(b" "), 64)))
        row["count"] += 1
    count = sum(row["count"] for row in rows.values()) + unread
    return largest(rows.values(), limits, count, unread, (_SCOPE_NOTE, _CUT_NOTE))


_COMMAND = Command(
    tool="opensnoop", args=(), ready=_READY, parse=parse, stream=True
)  # of bcc and of libbpf-tools, whose forms are the same

COLLECTOR = Collector(
    name="opensnoop",
    category="filesystem",
    question="Which files are opened, and which are looked for in vain?",
    kind="counts",
    unit="opens",
    native=Native(narrows=TASKS, program=program, read=read, sizes=sizes),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND,
    procfs=None,  # nothing in /proc counts opens
)
