# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""bitesize: how large are the requests that block devices get?"""

from __future__ import annotations

import functools
import struct

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _decode
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_sections import TABLE_SIZE, full
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import log2_histograms
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, histogram, series
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    DISKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.biolatency import (
    DEVICES,
    DISKSTATS,
    came_and_went,
    caveats,
    disks,
    grown_by,
    name_of,
    whole_devices,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._histogram import merge
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import bitesize as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

# --- tier 3 -----------------------------------------------------------------------------------------------------------

# enum req_op of include/linux/blk_types.h; the numbers have been the same since 4.10.
_OPERATIONS = {0: "read", 1: "write", 2: "flush", 3: "discard", 5: "secure erase", 9: "write zeroes"}
_FLUSH_NOTE = "a flush carries nothing, and is in the first bucket"


def operation(number: int) -> str:
    """Return what a request does."""
    return _OPERATIONS.get(number, "other")


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one distribution for each device and operation; those without a name of their own are one."""
    found: dict[tuple[str, str], list[bytes]] = {}
    for key, raw in maps.items("hists"):
        device, number = struct.unpack("=II", key)
        found.setdefault((name_of(device), operation(number)), []).append(raw)
    rows = [_decode.series(raws, {"device": key[0], "operation": key[1]}, 1024) for key, raws in found.items()]
    return histogram(rows, limits, maps.variable("lost"), (_FLUSH_NOTE,))


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "I/O... Hit Ctrl-C"  # of "block I/O", as bcc calls it, and of "block device I/O"
_TOGETHER_NOTE = "all devices and operations together: the tool tells them by process only"


def parse(text: str, _elapsed: float, limits: Limits, room: int | None = TABLE_SIZE) -> Answer:
    """Add up the histograms by process that bcc's bitesize prints at its end, in KiB."""
    # "Process Name = NAME", which holds whatever a process calls itself: only its beginning is looked at.
    lines = text_after(text, _READY).splitlines(True)
    body = "".join(line for line in lines if not line.startswith("Process Name = "))
    found = [buckets for _none, buckets in log2_histograms(body, "Kbytes", None)]
    merged = merge(found)
    count = sum(n for _lo, _hi, n in merged)
    answer = histogram([series({}, count, None, merged)] if count else [], limits, notes=(_TOGETHER_NOTE,))
    return full(answer, sum(map(len, found)), room, "process")


# --- tier 1 -----------------------------------------------------------------------------------------------------------

# Columns of Documentation/admin-guide/iostats.rst, from 0: (requests completed, sectors of 512 bytes).
_KINDS = ((3, 5), (7, 9), (14, 16))
_NAMES = ("read", "write", "discard")
_NOTES = ("a mean, not a distribution: the kernel counts requests and adds up their sectors",)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract requests and sectors, device by device, leaving out partitions."""
    first, last = (disks(text, _KINDS) for text in both(DISKSTATS, before, after))
    whole = whole_devices(last, after)
    rows: list[Row] = []
    for name, disk in last.items():
        if name in whole:
            grown = grown_by(first.get(name), disk)
            for kind, done, sectors in zip(_NAMES, grown[::2], grown[1::2]):
                if done:
                    rows.append(series({"device": clean(name, 64), "operation": kind}, done, sectors / 2, None))
    changed = came_and_went((first, whole_devices(first, before)), (last, whole))
    return histogram(rows, limits, notes=_NOTES + caveats(*changed, (row["labels"]["device"] for row in rows)))


_COMMAND = Command(tool="bitesize", args=(), ready=_READY, parse=parse)

COLLECTOR = Collector(
    name="bitesize",
    category="disk",
    question="How large are the requests that block devices get?",
    kind="histogram",
    unit="KiB",
    native=Native(narrows=DISKS, program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND._replace(parse=functools.partial(parse, room=None)),
    procfs=Procfs(files=(DISKSTATS, DEVICES), difference=difference),
)
