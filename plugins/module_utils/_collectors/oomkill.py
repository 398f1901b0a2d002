# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""oomkill: which processes does the kernel kill for want of memory?"""

from __future__ import annotations

import re
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _stalls
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import unread_note
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import events
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import oomkill as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

UNKNOWN = "unknown"  # comm, where the kernel tells only the victim's number and it has not ended by the window's end

# --- tier 3 -----------------------------------------------------------------------------------------------------------

_KILL = struct.Struct("=QII16s16s")  # struct kill of bpf/oomkill.bpf.c
_SCOPE_NOTE = "for want of memory on the host, or in a cgroup; trigger: who wanted memory at that moment"


def read(maps: Maps, limits: Limits) -> Answer:
    """Return the victims in the order of their end."""
    start = struct.unpack("=QQ", maps.variable_bytes("window"))[0]
    kills = sorted((_KILL.unpack(raw), struct.unpack("=I", key)[0]) for key, raw in maps.items("kills"))
    lost, count = maps.variable("lost"), maps.variable("events")
    answer = events((native_event(kill, pid, start) for kill, pid in kills), limits, lost, (_SCOPE_NOTE,))
    answer.data["count"] = count
    return answer


def native_event(kill: tuple[int, int, int, bytes, bytes], pid: int, start: int) -> dict[str, t.Any]:
    """Return the event in one `struct kill`; `start` is the window's, on the same clock."""
    time, trigger_pid, _unused, victim, trigger = kill
    return {
        "t_ms": round((time - start) / 1e6),
        "pid": pid,
        "comm": c_string(victim) or UNKNOWN,
        "trigger_pid": trigger_pid,
        "trigger_comm": c_string(trigger),
    }


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Tracing OOM kills"
# Names are up to 15 bytes of anything, line ends and quotes too.
_LINE = re.compile(
    r'[0-9:]{8} Triggered by PID ([0-9]{1,10}) \("(.{0,16}?)"\), OOM kill of PID ([0-9]{1,10}) \("(.{0,16}?)"\),'
    r" [0-9]+ pages(?:, loadavg: [^\n]*)?\n",
    re.DOTALL,
)


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Read the lines that bcc's oomkill prints, one for each kill; what cannot be read is counted as lost."""
    body = text_after(text, _READY)
    rows = [
        {
            "t_ms": None,
            "pid": natural(pid),
            "comm": clean(comm, 64) or UNKNOWN,
            "trigger_pid": natural(trigger_pid),
            "trigger_comm": clean(trigger, 64),
        }
        for trigger_pid, trigger, pid, comm in _LINE.findall(body)
    ]
    unread = sum(1 for line in _LINE.sub("", body).splitlines() if line.strip())
    return events(rows, limits, lost=unread, notes=(_SCOPE_NOTE, *unread_note(unread)))


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_COUNTER = "oom_kill"
_NOTE = "how many (oom_kill of /proc/vmstat, since 4.13), and not which"


def difference(before: Sample, after: Sample, _seconds: float, _limits: Limits) -> Answer:
    """Subtract `oom_kill`."""
    count = _stalls.grown(before, after, lambda name: name == _COUNTER)[_COUNTER]
    return Answer({"count": count, "items": [], "events": [], "omitted": 0}, notes=(_NOTE,))


_COMMAND = Command(
    tool="oomkill", args=(), ready=_READY, parse=parse, stream=True
)  # of bcc and of libbpf-tools, whose forms are the same

COLLECTOR = Collector(
    name="oomkill",
    category="memory",
    question="Which processes does the kernel kill for want of memory?",
    kind="events",
    unit="processes",
    native=Native(program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND,
    procfs=Procfs(files=(_stalls.VMSTAT,), difference=difference),
)
