# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""exitsnoop: which processes end, and why?"""

from __future__ import annotations

import re
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, growth, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._names import signal_name
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    TASKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.execsnoop import forks
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import exitsnoop as program
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

_CORE = 0x80


def by_reason(found: t.Iterable[tuple[str, int, int]]) -> list[Row]:
    """Return a row for each process name and reason from (name, status as wait(2) has it, how many).

    Either `code` or `signal` is the reason, and the other one null; `cores` is how many of them dumped core.
    """
    rows: dict[tuple[str, int], Row] = {}
    for process, status, count in found:
        number = status & 0x7F
        labels = {
            "process": process,
            "code": None if number else status >> 8 & 0xFF,
            "signal": signal_name(number) if number else None,
        }
        row = rows.setdefault((process, status & ~_CORE), {"labels": labels, "count": 0, "cores": 0})
        row["count"] += count
        row["cores"] += count if status & _CORE else 0
    return list(rows.values())


# --- tier 3 -----------------------------------------------------------------------------------------------------------

_KEY = struct.Struct("=16sI")  # struct key of bpf/exitsnoop.bpf.c


def read(maps: Maps, limits: Limits) -> Answer:
    """Return the exits by process and reason."""
    found = []
    for key, raw in maps.items("counts"):
        comm, status = _KEY.unpack(key)
        found.append((c_string(comm), status, struct.unpack("=Q", raw)[0]))
    lost = maps.variable("lost")
    return counts(by_reason(found), limits, sum(count for _name, _status, count in found) + lost, lost)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "EXIT_CODE"  # the last word of the header
# "%-16s %-7d %-7d %-7d %-7.2f " and then the reason. A name (comm) has at most 15 characters, and may hold spaces and line
# ends; -7 was -6 before 0.25. A signal is INT, or, as libbpf-tools say it, Interrupt.
_ROW = re.compile(
    r"(.{16}) [0-9]{1,10} +[0-9]{1,10} +[0-9]{1,10} +-?[0-9]{1,12}\.[0-9]{2} +"
    r"(?:(0)|code ([0-9]{1,3})|(?:signal ([0-9]{1,3}) \([^\n]{1,64}?\))?(, core dumped ?)?) *\n",
    re.DOTALL,
)
_LEADER_NOTE = "a process is taken to end with its first thread"


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Add up the lines that bcc's exitsnoop prints; a line that cannot be read is an exit that is lost."""
    body = text_after(text, _READY)
    found: list[tuple[str, int, int]] = []
    unread = position = 0
    while position < len(body):
        match = _ROW.match(body, position)
        if match is None:
            unread += body[position] != "\n"  # SIGINT makes the tool print an empty line
            position = (body.find("\n", position) + 1) or len(body)
            continue
        position = match.end()
        comm, _zero, code, signal, core = match.groups()
        status = int(code or 0) << 8 | int(signal or 0) | (_CORE if core else 0)
        found.append((clean(comm.rstrip(" "), 64), status, 1))
    return counts(by_reason(found), limits, lost=unread, notes=(_LEADER_NOTE,))


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_STAT, _LOADAVG = "/proc/stat", "/proc/loadavg"
_NOTES = (
    "processes and threads that are gone: those begun (/proc/stat), less how many more there are at the end (/proc/loadavg)",
    "the two files are not read at the same moment, so that the count may be off by some",
    "without names and reasons: /proc knows only how many",
)


def difference(before: Sample, after: Sample, _seconds: float, _limits: Limits) -> Answer:
    """Subtract what came to be there from what was begun."""
    first, last = (forks(text) for text in both(_STAT, before, after))
    begun = growth(first, last)
    if begun is None:
        raise TierFailure(
            Reason("reset", "the counter `processes` of %s went from %d back to %d" % (_STAT, first, last))
        )
    were, are = (tasks(text) for text in both(_LOADAVG, before, after))
    gone = max(begun - (are - were), 0)
    return Answer({"count": gone, "items": [], "omitted": 0}, notes=_NOTES)


def tasks(text: str) -> int:
    """Return how many processes and threads there are, the second number of "2/345" in /proc/loadavg."""
    words = text.split()
    if len(words) != 5 or "/" not in words[3]:
        raise ValueError("%s does not say how many tasks there are" % _LOADAVG)
    return natural(words[3].partition("/")[2])


_COMMAND = Command(
    tool="exitsnoop", args=(), ready=_READY, parse=parse, stream=True
)  # of bcc and of libbpf-tools, whose forms are the same

COLLECTOR = Collector(
    name="exitsnoop",
    category="process",
    question="Which processes end, and why?",
    kind="counts",
    unit="processes",
    native=Native(narrows=TASKS, program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND,
    procfs=Procfs(files=(_STAT, _LOADAVG), difference=difference),
)
