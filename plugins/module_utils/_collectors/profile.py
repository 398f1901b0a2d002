# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""profile: what do the CPUs run?"""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import perf_event
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps, cpus
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
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, first_line

_PACE = "%d samples each second of each CPU that is not idle" % perf_event.SAMPLES

# --- tier 3 -----------------------------------------------------------------------------------------------------------

_KEY = struct.Struct("=QQI16s4x")  # struct key of bpf/profile.bpf.c


def targets() -> t.Mapping[str, t.Sequence[str]]:
    """Return the CPUs to sample."""
    online = first_line("/sys/devices/system/cpu/online") or "0"
    return {"on_sample": [str(cpu) for cpu in cpus(online)]}


def read(maps: Maps, limits: Limits) -> Answer:
    """Return the stacks with their samples."""
    seen = []
    for key, raw in maps.items("samples"):
        kernel, user, pid, process = _KEY.unpack(key)
        seen.append(_stacks.Seen(pid, c_string(process), kernel, user, struct.unpack("=Q", raw)[0]))
    rows, notes = _stacks.rows(maps, seen)
    idle = "%d more samples found their CPU idle" % maps.variable("idle")
    return stacks(rows, limits, lost=maps.variable("lost"), notes=(_PACE, idle, *notes))


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Sampling at"


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Read the stacks that bcc's profile prints at its end."""
    rows, unread = _stacks.parse(text_after(text, _READY), marked=True)
    return stacks(rows, limits, lost=unread, notes=(_PACE, *unread_note(unread)))


COLLECTOR = Collector(
    name="profile",
    category="cpu",
    question="What do the CPUs run?",
    kind="stacks",
    unit="samples",
    native=Native(narrows=TASKS, program=program, read=read, targets=targets),
    bcc=Command(tool="profile", args=("-d", "-a", "-F", str(perf_event.SAMPLES)), ready=_READY, parse=parse),
    procfs=None,  # /proc knows who had the CPU, and not what for
)
