# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""killsnoop: which processes send signals to which?"""

from __future__ import annotations

import functools
import re
import struct

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._names import signal_name
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    TASKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import killsnoop as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

_LAST_NOTE = "the process ids are those of the last signal of each row"


def _row(process: str, target: str | None, number: int, count: int, ignored: int | None, pids: tuple[int, int]) -> Row:
    labels = {"signal": signal_name(number), "process": process, "target": target}
    return {"labels": labels, "count": count, "ignored": ignored, "pid": pids[0], "target_pid": pids[1]}


# --- tier 3 -----------------------------------------------------------------------------------------------------------

_KEY = struct.Struct("=16s16sI")  # struct key of bpf/killsnoop.bpf.c
_SIGNALS = struct.Struct("=QQII")


def read(maps: Maps, limits: Limits) -> Answer:
    """Return the signals by sender, target and number."""
    rows = []
    for key, raw in maps.items("counts"):
        sender, target, number = _KEY.unpack(key)
        count, ignored, pid, target_pid = _SIGNALS.unpack(raw)
        rows.append(_row(c_string(sender), c_string(target), number, count, ignored, (pid, target_pid)))
    lost = maps.variable("lost")
    note = "%d signals that the kernel sent by itself (SIGCHLD, SIGPIPE, faults, timers) are not in it"
    notes = (note % maps.variable("of_kernel"), _LAST_NOTE)
    return counts(rows, limits, sum(row["count"] for row in rows) + lost, lost, notes)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "RESULT"  # the last word of the header
# "%-9s %-*d %-16s %-4d %-*d %d"; up to 0.24 the ids have "%-6d"; of libbpf-tools "%-8s %-7d %-16s %-9d %-7d %-6d". A name
# (comm) has at most 15 bytes, and may hold spaces and line ends.
_ROW = re.compile(
    rb"[0-9:]{8} {1,2}([0-9]{1,10}) +?(.{16}) (-?[0-9]{1,10}) +(-?[0-9]{1,10}) +(-?[0-9]{1,10}) *\n", re.DOTALL
)
_SCOPE_NOTE = (
    "kill(2) that succeeded, a call that reaches a whole group counting once; not tgkill, sigqueue and pidfd_send_signal, "
    "and without the target's name"
)

_LIBBPF_SCOPE_NOTE = _SCOPE_NOTE.replace("kill(2)", "kill, tkill and tgkill").replace(
    "not tgkill, sigqueue", "not sigqueue"
)


def parse(text: str, _elapsed: float, limits: Limits, scope: str = _SCOPE_NOTE) -> Answer:
    """Add up the lines that the tool prints; a line that cannot be read is a signal that is lost."""
    body = text_after(text, _READY).encode("utf-8", "surrogateescape")
    rows: dict[tuple[str, int], Row] = {}
    failed = unread = position = 0
    while position < len(body):
        match = _ROW.match(body, position)
        if match is None:
            unread += 1
            position = (body.find(b"\n", position) + 1) or len(body)
            continue
        position = match.end()
        pid, comm, number, target, result = match.groups()
        if int(result) < 0 or int(number) == 0:  # 0 is no signal, but asks whether there is such a process
            failed += int(result) < 0
            continue
        key = clean(comm.strip(b" "), 64), int(number)
        row = rows.setdefault(key, _row(key[0], None, key[1], 0, None, (0, 0)))
        row.update(count=row["count"] + 1, pid=int(pid), target_pid=int(target))
    notes = (scope, _LAST_NOTE, "%d calls failed" % failed)
    return counts(rows.values(), limits, sum(row["count"] for row in rows.values()) + unread, unread, notes)


_COMMAND = Command(tool="killsnoop", args=(), ready=_READY, parse=parse, stream=True)

COLLECTOR = Collector(
    name="killsnoop",
    category="process",
    question="Which processes send signals to which?",
    kind="counts",
    unit="signals",
    native=Native(narrows=TASKS, program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND._replace(
        tool="sigsnoop", args=("-k",), parse=functools.partial(parse, scope=_LIBBPF_SCOPE_NOTE)
    ),
    procfs=None,  # nothing in /proc counts signals
)
