# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""compactsnoop: how long does the kernel move pages to make large blocks of them, and for whom?"""

from __future__ import annotations

import re

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _stalls
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import distribution, unread_note
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Labels, histogram, series
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    TASKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import compactsnoop as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean


def labels(process: str | None, _kind: int = 0) -> Labels:
    """Return the labels of compactions."""
    return {"process": process}


# --- tier 3 -----------------------------------------------------------------------------------------------------------

_SCOPE_NOTE = "each zone of memory by itself; kcompactd works in the background and holds nobody up"


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one distribution for each process."""
    return histogram(_stalls.rows(maps, labels), limits, maps.variable("lost"), (_SCOPE_NOTE,))


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "STATUS"
_LINE = re.compile(r"(.{14}) ([0-9]{1,10}) +[0-9]+ +\S+ +-?[0-9]+ +A?SYNC +([0-9]{1,15}\.[0-9]{3}) +\S+ *")
_TOOL_NOTE = "names are cut to 14 letters by the tool, which runs on x86_64 only"


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Gather the lines that bcc's compactsnoop prints, one for each zone, in milliseconds."""
    values: dict[str, list[float]] = {}
    unread = 0
    for line in text_after(text, _READY).splitlines():
        match = _LINE.fullmatch(line)
        if match:
            values.setdefault(clean(match.group(1).rstrip(), 64), []).append(float(match.group(3)) * 1000)
        elif line.strip():
            unread += 1
    rows = [distribution(found, labels(name)) for name, found in values.items()]
    return histogram(rows, limits, unread, (_SCOPE_NOTE, _TOOL_NOTE, *unread_note(unread)))


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_COUNTER = "compact_stall"
_NOTE = (
    "how often tasks had to compact memory themselves (compact_stall of /proc/vmstat), and not how long nor for whom"
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract `compact_stall`."""
    count = _stalls.grown(before, after, lambda name: name == _COUNTER)[_COUNTER]
    rows = [series(labels(None), count, None, None)] if count else []
    return histogram(rows, limits, notes=(_NOTE,))


COLLECTOR = Collector(
    name="compactsnoop",
    category="memory",
    question="How long does the kernel move pages to make large blocks of them, and for whom?",
    kind="histogram",
    unit="us",
    native=Native(narrows=TASKS, program=program, read=read),
    bcc=Command(tool="compactsnoop", args=(), ready=_READY, parse=parse, stream=True),
    procfs=Procfs(files=(_stalls.VMSTAT,), difference=difference),
)
