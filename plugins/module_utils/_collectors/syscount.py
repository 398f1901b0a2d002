# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""syscount: which system calls are made, by which processes, and how long do they take?"""

from __future__ import annotations

import os
import re
import struct

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _syscalls
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    TASKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import syscount as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

# --- tier 3 -----------------------------------------------------------------------------------------------------------

_KEY = struct.Struct("=16sII")  # struct key of bpf/syscount.bpf.c
_CALLS = struct.Struct("=QQQ")
_WHOLE_NOTE = "calls that began before the window or had not ended with it are not in it; the time includes waiting"


def sizes(limits: Limits) -> dict[str, int]:
    """Return the map's size, which grows with the rows that are asked for."""
    return {"counts": max(limits.max_items, 4096)}


def read(maps: Maps, limits: Limits) -> Answer:
    """Return how often each process made each call, and how long that took."""
    known = _syscalls.names(os.uname().machine)
    rows: dict[tuple[str, str], Row] = {}
    for key, raw in maps.items("counts"):
        comm, number, compat = _KEY.unpack(key)
        count, ns, errors = _CALLS.unpack(raw)
        process, syscall = c_string(comm), name_of(number, bool(compat), known)
        row = rows.setdefault((process, syscall), _row(process, syscall, 0, 0.0, 0))
        row["count"] += count
        row["total_us"] = round(row["total_us"] + ns / 1000, 3)
        row["errors"] += errors
    lost = maps.variable("lost")
    count = sum(row["count"] for row in rows.values()) + lost
    return counts(rows.values(), limits, count, lost, (_WHOLE_NOTE,))


def name_of(number: int, compat: bool, known: dict[int, str]) -> str:
    """Return a call's name; what has none is told by its number, and so is a 32-bit program's: they have their own."""
    return "32-bit call %d" % number if compat else known.get(number, "call %d" % number)


def _row(process: str | None, syscall: str, count: int, total_us: float, errors: int | None) -> Row:
    labels = {"process": process, "syscall": syscall}
    return {"labels": labels, "count": count, "total_us": total_us, "errors": errors}


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Tracing syscalls, printing top"
_ARGS = ("-L", "-T", "100000")  # latencies, of all calls
_HEADER = re.compile(r"SYSCALL +COUNT +TIME \(us\) *")
_ROW = re.compile(r"(\[unknown: [0-9]+\]|\S+) +([0-9]{1,20}) +([0-9]{1,20}\.[0-9]{3})")
_OTHER = re.compile(r"|\[[0-9:]{8}\]|Detaching\.\.\.|\^C")
_NO_PROCESS = "without processes and without errors: the tool counts either by call or by process"


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Read the table that bcc's syscount -L prints at its end; a row that cannot be read is lost."""
    rows, unread, headers = [], 0, 0
    for line in text_after(text, _READY).splitlines():
        match = _ROW.fullmatch(line.strip())
        if match:
            name = clean(match.group(1), 64)
            unknown = re.fullmatch(r"\[unknown: ([0-9]+)\]", name)  # to this version of the tool
            name = name_of(int(unknown.group(1)), compat=False, known=_syscalls.common()) if unknown else name
            rows.append(_row(None, name, natural(match.group(2)), float(match.group(3)), None))
        elif _HEADER.fullmatch(line):
            headers += 1
        elif not _OTHER.fullmatch(line.strip()):
            unread += 1
    if headers != 1:
        raise ValueError("the tool printed %d tables where one was expected" % headers)
    return counts(rows, limits, lost=unread, notes=(_NO_PROCESS,))


_COMMAND = Command(
    tool="syscount", args=_ARGS, ready=_READY, parse=parse
)  # of bcc and of libbpf-tools, whose forms are the same

COLLECTOR = Collector(
    name="syscount",
    category="cpu",
    question="Which system calls are made, by which processes, and how long do they take?",
    kind="counts",
    unit="calls",
    native=Native(narrows=TASKS, program=program, read=read, sizes=sizes),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND,
    procfs=None,  # nothing in /proc counts system calls
)
