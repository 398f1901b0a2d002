# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""drsnoop: how long do tasks that want memory have to free some first?"""

from __future__ import annotations

import functools
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
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import drsnoop as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

_CAUSES = ("system", "cgroup")  # as bpf/drsnoop.bpf.c orders them


def labels(process: str | None, cause: int) -> Labels:
    """Return the labels of stalls: whose they are, and what there was not enough of."""
    return {"process": process, "cause": _CAUSES[cause] if cause < len(_CAUSES) else str(cause)}


# --- tier 3 -----------------------------------------------------------------------------------------------------------

_CAUSE_NOTE = "cause: system, where the host has not enough free memory; cgroup, where a cgroup has reached its limit"


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one distribution for each process and cause."""
    return histogram(_stalls.rows(maps, labels), limits, maps.variable("lost"), (_CAUSE_NOTE,))


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "PAGES"
_LINE = re.compile(r"(.{14}) ([0-9]{1,10}) +([0-9]{1,15}\.[0-9]{2}) +-?[0-9]+ *")
_LIBBPF_LINE = re.compile(r"[0-9:]{8} (.{16}) ([0-9]{1,10}) +([0-9]{1,15}\.[0-9]{3}) +-?[0-9]+ *")
_HOST_NOTE = "for want of free memory on the host only: the tool does not trace the limits of cgroups"
_ROUNDED_NOTE = (
    "the tool rounds to 10 us, so that a stall may be in the bucket next to its own; names are cut to 14 letters"
)


def parse(
    text: str,
    _elapsed: float,
    limits: Limits,
    form: re.Pattern[str] = _LINE,
    notes: tuple[str, ...] = (_HOST_NOTE, _ROUNDED_NOTE),
) -> Answer:
    """Gather the lines that the tool prints, one for each stall, in milliseconds."""
    values: dict[str, list[float]] = {}
    unread = 0
    for line in text_after(text, _READY).splitlines():
        match = form.fullmatch(line)
        if match:
            values.setdefault(clean(match.group(1).rstrip(), 64), []).append(float(match.group(3)) * 1000)
        elif line.strip():
            unread += 1
    rows = [distribution(found, labels(name, 0)) for name, found in values.items()]
    return histogram(rows, limits, unread, (*notes, *unread_note(unread)))


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_NOTES = (
    "how often (allocstall of /proc/vmstat), and not how long nor for whom",
    "for want of free memory on the host only, not for a cgroup's limit",
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract `allocstall`, which is one counter for each zone of memory since 4.10."""
    count = sum(_stalls.grown(before, after, lambda name: name.startswith("allocstall")).values())
    rows = [series(labels(None, 0), count, None, None)] if count else []
    return histogram(rows, limits, notes=_NOTES)


_COMMAND = Command(tool="drsnoop", args=(), ready=_READY, parse=parse, stream=True)

COLLECTOR = Collector(
    name="drsnoop",
    category="memory",
    question="How long do tasks that want memory have to free some first?",
    kind="histogram",
    unit="us",
    native=Native(narrows=TASKS, program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND._replace(parse=functools.partial(parse, form=_LIBBPF_LINE, notes=(_HOST_NOTE,))),
    procfs=Procfs(files=(_stalls.VMSTAT,), difference=difference),
)
