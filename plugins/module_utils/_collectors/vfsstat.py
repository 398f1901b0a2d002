# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""vfsstat: how often are files read, written, synced, opened and created?"""

from __future__ import annotations

import functools
import re
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    TASKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import vfsstat as by_fentry
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import vfsstat_kprobe as by_kprobe
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure

OPERATIONS = ("read", "write", "fsync", "open", "create")  # as bpf/include/vfsstat.h and the tool order them
_SCOPE_NOTE = (
    "calls of vfs_read, vfs_write, vfs_fsync_range, vfs_open and vfs_create: readv, splice and io_uring go other ways"
)


def _answer(numbers: t.Iterable[tuple[str, int]], limits: Limits, lost: int | None, *notes: str) -> Answer:
    rows = [{"labels": {"operation": name}, "count": number} for name, number in numbers if number]
    return counts(rows, limits, lost=lost, notes=notes)


# --- tier 3 -----------------------------------------------------------------------------------------------------------


def read(maps: Maps, limits: Limits) -> Answer:
    """Add up the CPUs' counters."""
    sums = [sum(struct.unpack("=Q", raw)[0] for raw in maps.per_cpu("counts", at)) for at in range(len(OPERATIONS))]
    return _answer(zip(OPERATIONS, sums), limits, maps.variable("lost"), _SCOPE_NOTE)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "CREATE/s"
_ARGS = ("1",)  # a row each second, so that a rate is a number, and one more at the end for what is left
_CUT_NOTE = "what is left of the last second is not in it"
_ROW = re.compile(r"[0-9:]{8} *:((?: +[0-9]+){5})(?:(?: +[0-9]+){3})? *")  # 0.31 has UNLINK, MKDIR and RMDIR too


def parse(text: str, _elapsed: float, limits: Limits, notes: tuple[str, ...] = ()) -> Answer:
    """Add up the rows that the tool prints; a row that cannot be read is counted as lost."""
    sums = [0] * len(OPERATIONS)
    unread = 0
    for line in text_after(text, _READY).splitlines():
        match = _ROW.fullmatch(line)
        if match:
            sums = [have + natural(more) for have, more in zip(sums, match.group(1).split())]
        else:
            unread += 1
    return _answer(zip(OPERATIONS, sums), limits, unread, _SCOPE_NOTE, *notes)


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_IO = "/proc/*/io"
_IO_NOTES = (
    "system calls that read or write, which /proc/PID/io counts, of the processes that were there at the end",
    "without fsync, open and create, which nothing in /proc counts",
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract `syscr` and `syscw` of every process: Documentation/filesystems/proc.rst, 3.3."""
    first, last = ({path: calls(text) for path, text in sample.items()} for sample in (before, after))
    if not last:
        raise TierFailure(
            Reason("no_file", "no process's /proc/PID/io can be read", "boot a kernel with CONFIG_TASK_IO_ACCOUNTING")
        )
    sums = [0, 0]
    for path, numbers in last.items():
        earlier = first.get(path, (0, 0))
        if numbers[0] < earlier[0] or numbers[1] < earlier[1]:  # the number of an ended process, given to a new one
            earlier = (0, 0)
        sums = [have + now - was for have, now, was in zip(sums, numbers, earlier)]
    return _answer(zip(OPERATIONS, sums), limits, None, *_IO_NOTES)


def calls(text: str) -> tuple[int, int]:
    """Return (reading, writing) system calls from the text of /proc/PID/io; ValueError when they are not there."""
    found = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if "syscr" not in found or "syscw" not in found:
        raise ValueError("%s has no syscr and syscw" % _IO)
    return natural(found["syscr"]), natural(found["syscw"])


_COMMAND = Command(tool="vfsstat", args=_ARGS, ready=_READY, parse=parse, stream=True, tables=True)

COLLECTOR = Collector(
    name="vfsstat",
    category="filesystem",
    question="How often are files read, written, synced, opened and created?",
    kind="counts",
    unit="calls",
    native=Native(
        narrows=TASKS, program=by_fentry, read=read, instead=Native(narrows=TASKS, program=by_kprobe, read=read)
    ),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND._replace(parse=functools.partial(parse, notes=(_CUT_NOTE,))),
    procfs=Procfs(files=(_IO,), difference=difference),
)
