# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""profile: what do the CPUs run?"""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import perf_event
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import ONLINE, Maps, cpus
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _stacks
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import unread_note
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import stacks
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    TASKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import profile as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import first_line

_PACE = "%d samples each second of each CPU that is not idle" % perf_event.SAMPLES

_ENOUGH = 0.9  # of the samples that are due
_FEWER = (
    "%d samples were taken where %d were due of the CPUs that are online now: a CPU that came online in the window is not"
    " sampled, and one that a hypervisor keeps from running is late"
)

# --- tier 3 -----------------------------------------------------------------------------------------------------------


def targets() -> t.Mapping[str, t.Sequence[str]]:
    """Return the CPUs to sample."""
    return {"on_sample": [str(cpu) for cpu in cpus(first_line(ONLINE) or "0")]}


def read(maps: Maps, limits: Limits) -> Answer:
    """Return the stacks with their samples."""
    seen = list(_stacks.read(maps, "samples"))
    rows, notes = _stacks.rows(maps, seen)
    idle, lost = maps.variable("idle"), maps.variable("lost")
    said = "%d more samples found their CPU idle" % idle
    if not any(maps.variable_bytes("filter")):
        notes = (*_missing(maps, sum(one.amount for one in seen) + idle + lost), *notes)
    return stacks(rows, limits, lost=lost, notes=(_PACE, said, *notes))


def _missing(maps: Maps, taken: int) -> tuple[str, ...]:
    """Return the note that tells when many samples were not taken that were due, as of a CPU that comes in mid-window."""
    start, end = struct.unpack("=QQ", maps.variable_bytes("window"))
    due = round(perf_event.SAMPLES * len(cpus(first_line(ONLINE) or "0")) * (end - start) / 1e9)
    return (_FEWER % (taken, due),) if taken < _ENOUGH * due else ()


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Sampling at"


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Read the stacks that bcc's profile prints at its end."""
    rows, unread, notes = _stacks.parse(text_after(text, _READY), marked=True)
    return stacks(rows, limits, lost=unread, notes=(_PACE, *notes, *unread_note(unread)))


COLLECTOR = Collector(
    name="profile",
    category="cpu",
    question="What do the CPUs run?",
    kind="stacks",
    unit="samples",
    native=Native(narrows=TASKS, program=program, read=read, targets=targets),
    bcc=Command(
        tool="profile", args=("-d", "-a", "-F", str(perf_event.SAMPLES)), ready=_READY, parse=parse, sampler=True
    ),
    procfs=None,  # /proc knows who had the CPU, and not what for
)
