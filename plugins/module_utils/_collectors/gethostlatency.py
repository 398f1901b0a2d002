# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""gethostlatency: how long does the C library take to find the addresses of a name?"""

from __future__ import annotations

import functools
import re
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import mapped
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _decode
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import distribution, unread_note
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Labels, histogram
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    Answer,
    Collector,
    Command,
    Limits,
    Native,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import gethostlatency as program
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

_FUNCTIONS = ("getaddrinfo", "gethostbyname", "gethostbyname2")  # as bpf/gethostlatency.bpf.c numbers them
_UNSEEN_NOTE = (
    "not seen: processes with a C library of their own (in containers, static programs), and programs that ask name "
    "servers themselves (Go's own resolver, dig)"
)


def labels(comm: str, function: str | None) -> Labels:
    """Return the labels of a distribution."""
    return {"comm": comm, "function": function}


# --- tier 3 -----------------------------------------------------------------------------------------------------------

_KEY = struct.Struct("=16sI")  # struct key of bpf/gethostlatency.bpf.c

Find = t.Callable[[str], t.Optional[str]]


def targets(find: Find = mapped.in_libc) -> dict[str, list[str]]:
    """Return what each program is attached to: the function that its section names, in the C library of this Python.

    A function that the library does not have has no target; TierFailure when it has none of them.
    """
    found = {name: find(section.partition("/")[2]) for name, section in program.PROGRAMS}
    if not any(found.values()):
        message = "the C library that Python uses here has none of the functions %s" % ", ".join(_FUNCTIONS)
        raise TierFailure(Reason("no_symbol", message), "native")
    return {name: [where] if where else [] for name, where in found.items()}


def scope_notes(find: Find = mapped.in_libc) -> tuple[str, ...]:
    """Return the notes about what is seen: which file's functions, and which of them are not there."""
    found = {name: find(name) for name in _FUNCTIONS}
    files = sorted({clean(where.rpartition(":")[0], 200) for where in found.values() if where})
    missing = tuple("%s has no %s" % (", ".join(files), name) for name, where in found.items() if not where)
    return ("calls of %s's functions, whichever process makes them" % ", ".join(files), *missing, _UNSEEN_NOTE)


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one distribution for each process name and function."""
    rows = []
    for key, raw in maps.items("hists"):
        comm, function = _KEY.unpack(key)
        rows.append(_decode.series([raw], labels(c_string(comm), _FUNCTIONS[function])))
    failed = maps.variable("failed")
    notes = scope_notes()
    if failed:
        notes += ("%d calls found no address; they are in the distributions" % failed,)
    return histogram(rows, limits, maps.variable("lost"), notes)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "LATms"
# "%-9s %-7d %-16s %10.2f %s", or of libbpf-tools "%-8s %-7d %-16s %-10.3f %s"; a name
# (comm) has at most 15 characters, and may hold spaces and line ends.
_LINE = re.compile(r"[0-9:]{8} {1,2}[0-9]{1,10} +(.{16}) +([0-9]{1,12}\.[0-9]{2,3}) [^\n]*\n", re.DOTALL)
_THREADS_NOTE = "the tool does not say which function it was, and names threads"
_ROUNDED_NOTE = "the tool rounds to 10 us, so that a call may be in the bucket next to its own"


def parse(
    text: str, _elapsed: float, limits: Limits, notes: tuple[str, ...] = (_THREADS_NOTE, _ROUNDED_NOTE)
) -> Answer:
    """Gather the lines that the tool prints, one for each call, in milliseconds; hosts' names are dropped."""
    body = text_after(text, _READY)
    times: dict[str, list[float]] = {}
    unread = position = 0
    while position < len(body):
        match = _LINE.match(body, position)
        if match is None:
            unread += 1
            position = (body.find("\n", position) + 1) or len(body)
            continue
        position = match.end()
        times.setdefault(clean(match.group(1).rstrip(" "), 64), []).append(float(match.group(2)) * 1000)
    rows = (distribution(several, labels(comm, None)) for comm, several in times.items())
    return histogram(rows, limits, unread, (_UNSEEN_NOTE, *notes, *unread_note(unread)))


_COMMAND = Command(tool="gethostlatency", args=(), ready=_READY, parse=parse, stream=True)

COLLECTOR = Collector(
    name="gethostlatency",
    category="network",
    question="How long does the C library take to find the addresses of a name?",
    kind="histogram",
    unit="us",
    native=Native(program=program, read=read, targets=targets),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND._replace(parse=functools.partial(parse, notes=(_THREADS_NOTE,))),
    procfs=None,  # what a process does within itself is not in /proc
)
