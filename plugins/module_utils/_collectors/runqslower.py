# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""runqslower: which tasks wait for a CPU longer than 10 ms?"""

from __future__ import annotations

import re
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import plain
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
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import runqslower as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string

_LONG_US = 10000  # as bpf/runqslower.bpf.c has it, and as the tool has it by default


class Waits(t.NamedTuple):
    """Of one thread: how often it waited long, all that time together, and its longest wait; in microseconds."""

    comm: str
    tid: int
    waits: int
    total_us: float
    longest_us: float


def by_name(found: t.Iterable[Waits]) -> list[Row]:
    """Return a row for each name; `tid` is the thread that waited longest."""
    rows: dict[str, Row] = {}
    for one in found:
        row = rows.setdefault(
            one.comm,
            {"labels": {"comm": one.comm}, "count": 0, "total_us": 0.0, "longest_us": -1.0, "tid": 0, "threads": 0},
        )
        row["count"] += one.waits
        row["total_us"] = round(row["total_us"] + one.total_us, 3)
        row["threads"] += 1
        if one.longest_us > row["longest_us"]:
            row.update(longest_us=one.longest_us, tid=one.tid)
    return list(rows.values())


# --- tier 3 -----------------------------------------------------------------------------------------------------------

_KEY = struct.Struct("=I16s")  # struct key of bpf/runqslower.bpf.c
_WAITS = struct.Struct("=QQQ")


def read(maps: Maps, limits: Limits) -> Answer:
    """Return the threads' waits by name."""
    found = []
    for key, raw in maps.items("slow"):
        tid, comm = _KEY.unpack(key)
        count, ns, longest = _WAITS.unpack(raw)
        found.append(Waits(c_string(comm), tid, count, round(ns / 1000, 3), round(longest / 1000, 3)))
    return counts(by_name(found), limits, lost=maps.variable("lost"))


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "LAT(us)"  # the last word of the header
# "%-8s %-16s %-6s %14s"; a name (comm) has at most 15 characters, and may hold spaces and line ends. 0.18 writes it as Python
# writes bytes.
_ROW = re.compile(r"[0-9:]{8} (b'[^'\n]{0,60}' *|.{16}) ([0-9]{1,10}) +([0-9]{1,20})\n", re.DOTALL)


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Add up the lines that bcc's runqslower prints; a line that cannot be read is a wait that is lost."""
    body = text_after(text, _READY)
    threads: dict[tuple[str, int], Waits] = {}
    unread = position = 0
    while position < len(body):
        match = _ROW.match(body, position)
        if match is None:
            unread += 1
            position = (body.find("\n", position) + 1) or len(body)
            continue
        position = match.end()
        comm, tid, waited = plain(match.group(1)), int(match.group(2)), natural(match.group(3))
        have = threads.get((comm, tid), Waits(comm, tid, 0, 0, 0))
        longest = max(have.longest_us, waited)
        threads[comm, tid] = Waits(comm, tid, have.waits + 1, have.total_us + waited, longest)
    return counts(by_name(threads.values()), limits, lost=unread)


_COMMAND = Command(
    tool="runqslower", args=(str(_LONG_US),), ready=_READY, parse=parse, stream=True
)  # of bcc and of libbpf-tools, whose forms are the same

COLLECTOR = Collector(
    name="runqslower",
    category="cpu",
    question="Which tasks wait for a CPU longer than 10 ms?",
    kind="counts",
    unit="waits",
    native=Native(narrows=TASKS, program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND,
    procfs=None,  # /proc adds up what tasks wait, and does not say how long one wait was
)
