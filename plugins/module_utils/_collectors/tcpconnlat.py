# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""tcpconnlat: how long does it take to connect?"""

from __future__ import annotations

import re

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _decode
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import distribution, unread_note
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import histogram
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    Answer,
    Collector,
    Command,
    Limits,
    Native,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import tcpconnlat as program

# --- tier 3 -----------------------------------------------------------------------------------------------------------

_SCOPE_NOTE = "TCP connections that this host's processes began in the window, of every network namespace, loopback too"


def read(maps: Maps, limits: Limits) -> Answer:
    """Return the distribution of all connections that came about."""
    row = _decode.series([maps.variable_bytes("hist")], {})
    failed = maps.variable("failed")
    notes: tuple[str, ...] = (_SCOPE_NOTE,)
    if failed:
        notes += ("%d attempts failed in the window, and are not in the distribution" % failed,)
    return histogram([row] if row["count"] else [], limits, maps.variable("lost"), notes)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "LAT(ms)"
_LINE = re.compile(r".* +[46] +[0-9a-f.:]+ +[0-9a-f.:]+ +[0-9]{1,5} +([0-9]{1,15}\.[0-9]{2}) *")
_ROUNDED_NOTE = "the tool rounds to 10 us, so that a connection may be in the bucket next to its own"
_REFUSED_NOTE = (
    "attempts that were refused are in it too: the tool takes any answer to the SYN, and does not tell which it was"
)


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Gather the lines that bcc's tcpconnlat prints, one for each connection, in milliseconds."""
    lines = text_after(text, _READY).splitlines()
    found = [match for match in map(_LINE.fullmatch, lines) if match]
    row = distribution((float(match.group(1)) * 1000 for match in found), {})
    unread = sum(1 for line in lines if line.strip()) - len(found)
    notes = (_SCOPE_NOTE, _ROUNDED_NOTE, _REFUSED_NOTE, *unread_note(unread))
    return histogram([row] if found else [], limits, unread, notes)


_COMMAND = Command(
    tool="tcpconnlat", args=(), ready=_READY, parse=parse, stream=True
)  # of bcc and of libbpf-tools, whose forms are the same

COLLECTOR = Collector(
    name="tcpconnlat",
    category="network",
    question="How long does it take to connect?",
    kind="histogram",
    unit="us",
    native=Native(program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND,
    procfs=None,  # it counts connections, and times none
)
