# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""biotop: which processes use which disks, and how much?"""

from __future__ import annotations

import functools
import re
import struct

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import unread_note
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Labels, Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    DISKS,
    TASKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.biolatency import name_of
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.bitesize import operation
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import biotop as program
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean


def labels(process: str | None, pid: int, device: str | None, what: str) -> Labels:
    """Return the labels of what one process does to one device."""
    return {"process": process, "pid": pid, "device": device, "operation": what}


# --- tier 3 -----------------------------------------------------------------------------------------------------------

_KEY = struct.Struct("=III")  # struct key of bpf/biotop.bpf.c
_USE = struct.Struct("=QQ16s")  # struct use
_NOTES = (
    "bytes as they are submitted; what is written behind a process's back is a kernel thread's (pid of a kworker)",
    "devices that lie on others (device mapper, RAID, loop) are handed the same bytes before those are",
)


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one row for each process, device and operation; `count` is bytes."""
    rows: dict[tuple[int, str, str], Row] = {}
    for key, raw in maps.items("uses"):
        pid, device, number = _KEY.unpack(key)
        submissions, size, process = _USE.unpack(raw)
        at = (pid, name_of(device), operation(number))
        row = rows.setdefault(at, {"labels": labels(c_string(process), *at), "count": 0, "requests": 0})
        row["count"] += size
        row["requests"] += submissions
    return counts(rows.values(), limits, maps.variable("bytes"), maps.variable("lost"), _NOTES)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Hit Ctrl-C to end"
_FIRST_TABLE = "loadavg: "  # that of libbpf-tools says nothing before
_ARGS = ("-C", "-r", "1000", "1")  # a table each second, one below the other
# "%-7d %-16s %1s %-3d %-3d %-8s %5s %7s %6.2f"; a name may hold anything. Kbytes was a whole number before Python 3.
# bcc prints "?" for a disk without a name, the tool of libbpf-tools nothing.
_LINE = re.compile(
    r"([0-9]{1,10}) +(.{0,16}?) +([RW]) +([0-9]+) +([0-9]+) +(?:(\S{1,64}) +)?([0-9]+)"
    r" +([0-9]{1,20}(?:\.[0-9]+)?(?:e[+][0-9]{1,2})?) +[0-9]+\.[0-9]{2} *",
    re.DOTALL,
)
_HEADER = re.compile(r"(PID +COMM +D +MAJ +MIN .*|[0-9:]{8} loadavg: .*|Detaching\.\.\.|)")
_TOOL_NOTES = ("requests that completed, reads and writes only: discards are counted as reads",)


def parse(text: str, _elapsed: float, limits: Limits, ready: str = _READY) -> Answer:
    """Add up the tables that the tool prints each second; a line that cannot be read is counted as lost.

    ValueError where it says of all that they carried nothing: bcc 0.18 asks a request for its size when that is done, and
    newer kernels (5.10) have counted it down to zero by then.
    """
    rows: dict[tuple[int, str, str, str], Row] = {}
    unread = 0
    for line in text_after(text, ready).split("\n"):
        match = _LINE.fullmatch(line)
        if match:
            pid, comm, flag, _major, _minor, device, requests, size, *_rest = match.groups()
            what = "write" if flag == "W" else "read"
            name, disk = clean(comm, 64), "unknown" if device in (None, "?") else clean(device, 64)
            key = (natural(pid), name, disk, what)
            row = rows.setdefault(key, {"labels": labels(name, key[0], disk, what), "count": 0, "requests": 0})
            row["count"] += round(float(size) * 1024)
            row["requests"] += natural(requests)
        elif not _HEADER.fullmatch(line):
            unread += 1
    requests = sum(row["requests"] for row in rows.values())
    if requests and not any(row["count"] for row in rows.values()):
        raise ValueError("the tool saw %d requests and says of each that it was of 0 bytes" % requests)
    return counts(rows.values(), limits, lost=unread, notes=(*_TOOL_NOTES, *unread_note(unread)))


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_IO, _COMM = "/proc/*/io", "/proc/*/comm"
_PROCFS_NOTES = (
    "bytes that processes had fetched from disks, and bytes that they made dirty, which may reach a disk later or never",
    "of the processes that were there at the end; without devices, which /proc/PID/io does not tell",
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract `read_bytes` and `write_bytes` of every process: Documentation/filesystems/proc.rst, 3.3."""
    last = {path: moved(text) for path, text in after.items() if path.endswith("/io")}
    if not last:
        raise TierFailure(
            Reason("no_file", "no process's /proc/PID/io can be read", "boot a kernel with CONFIG_TASK_IO_ACCOUNTING")
        )
    rows: list[Row] = []
    for path, numbers in last.items():
        earlier = moved(before[path]) if path in before else (0, 0)
        if numbers[0] < earlier[0] or numbers[1] < earlier[1]:  # the number of an ended process, given to a new one
            earlier = (0, 0)
        pid = path.split("/")[2]
        process = after.get("/proc/%s/comm" % pid)
        for what, now, was in zip(("read", "write"), numbers, earlier):
            if now > was:
                name = clean(process.rstrip("\n"), 64) if process is not None else None
                rows.append({"labels": labels(name, int(pid), None, what), "count": now - was, "requests": None})
    return counts(rows, limits, notes=_PROCFS_NOTES)


def moved(text: str) -> tuple[int, int]:
    """Return (read, written) bytes from the text of /proc/PID/io; ValueError when they are not there."""
    found = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if "read_bytes" not in found or "write_bytes" not in found:
        raise ValueError("%s has no read_bytes and write_bytes" % _IO)
    return natural(found["read_bytes"]), natural(found["write_bytes"])


_COMMAND = Command(tool="biotop", args=_ARGS, ready=_READY, parse=parse, stream=True, tables=True)

COLLECTOR = Collector(
    name="biotop",
    category="disk",
    question="Which processes use which disks, and how much?",
    kind="counts",
    unit="bytes",
    native=Native(narrows=TASKS + DISKS, program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND._replace(ready=_FIRST_TABLE, parse=functools.partial(parse, ready=_FIRST_TABLE)),
    procfs=Procfs(files=(_IO, _COMM), difference=difference),
)
