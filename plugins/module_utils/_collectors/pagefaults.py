# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""pagefaults: which processes fault pages in?"""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Labels, Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    TASKS,
    Answer,
    Collector,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import pagefaults as program
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean


def labels(process: str | None, pid: int) -> Labels:
    """Return a process's labels."""
    return {"process": process, "pid": pid}


# --- tier 3 -----------------------------------------------------------------------------------------------------------

_FAULTS = struct.Struct("=QQQ16s")  # struct faults of bpf/pagefaults.bpf.c
_NOTES = (
    "faults that processes meet in user mode, not those that the kernel meets while it copies from or to them",
    "write: of these, by writing; present: the page was there, and the access not allowed (as on the first write after fork)",
)


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one row for each process."""
    rows: list[Row] = []
    for key, raw in maps.items("processes"):
        every, writes, present, name = _FAULTS.unpack(raw)
        who = labels(c_string(name), struct.unpack("=I", key)[0])
        rows.append({"labels": who, "count": every, "write": writes, "present": present})
    return counts(rows, limits, lost=maps.variable("lost"), notes=_NOTES)


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_STAT = "/proc/*/stat"
_PROCFS_NOTES = (
    "of the processes that were there at the end, faults that the kernel met on their behalf too",
    "major: of these, those that had to wait for a disk",
)


class Faults(t.NamedTuple):
    """What /proc/PID/stat says of a process."""

    name: str
    started: int
    minor: int
    major: int


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract `minflt` and `majflt` of every process."""
    last = {path: faults(text) for path, text in after.items()}
    if not last:
        raise TierFailure(Reason("no_file", "no process's /proc/PID/stat can be read"))
    rows: list[Row] = []
    for path, now in last.items():
        was = faults(before[path]) if path in before else now._replace(minor=0, major=0)
        if was.started != now.started:  # the number of an ended process, given to a new one
            was = now._replace(minor=0, major=0)
        minor, major = now.minor - was.minor, now.major - was.major
        if minor + major > 0:
            who = labels(now.name, int(path.split("/")[2]))
            rows.append({"labels": who, "count": minor + major, "major": major})
    return counts(rows, limits, notes=_PROCFS_NOTES)


def faults(text: str) -> Faults:
    """Return what /proc/PID/stat says; ValueError when it is of another form.

    The name is in parentheses and may hold parentheses and spaces itself. Columns 10, 12 and 22 of proc_pid_stat(5).
    """
    name, found, rest = text.partition("(")[2].rpartition(")")
    words = rest.split()
    if not found or len(words) < 20:
        raise ValueError("a line of %s is not understood" % _STAT)
    return Faults(clean(name, 64), natural(words[19]), natural(words[7]), natural(words[9]))


COLLECTOR = Collector(
    name="pagefaults",
    category="memory",
    question="Which processes fault pages in?",
    kind="counts",
    unit="faults",
    native=Native(narrows=TASKS, program=program, read=read),
    bcc=None,  # bcc has no tool that tells processes apart
    procfs=Procfs(files=(_STAT,), difference=difference),
)
