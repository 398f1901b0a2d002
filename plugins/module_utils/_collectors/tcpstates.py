# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""tcpstates: how long do TCP sockets stay in each state?"""

from __future__ import annotations

import functools
import re
import struct

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _decode
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import distribution, unread_note
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._names import tcp_state
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import histogram
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    Answer,
    Collector,
    Command,
    Limits,
    Native,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import tcpstates as program

_SCOPE_NOTES = (
    "states that sockets left in the window, of every network namespace; a connection within the host has two sockets",
    "TIME_WAIT, and FIN_WAIT2 once no process has the socket open, are a smaller socket's of the kernel's own, which is not seen",
    "SYN_RECV is from when a connection that is accepted got its socket, not from its SYN",
)


def _unknown(states: int, why: str) -> tuple[str, ...]:
    """Return the note about states of which nobody saw the beginning."""
    if not states:
        return ()
    return ("%d states that were left are not in the distributions: %s" % (states, why),)


# --- tier 3 -----------------------------------------------------------------------------------------------------------


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one distribution for each state that was left."""
    found = (
        _decode.series([maps.lookup("hists", struct.pack("=I", state))], {"state": tcp_state(state)})
        for state in range(maps["hists"].max_entries)
    )
    lost = maps.variable("lost")
    why = "they began before the window" + (", or their sockets found no room" if lost else "")
    notes = (*_SCOPE_NOTES, *_unknown(maps.variable("unknown"), why))
    return histogram((row for row in found if row["count"]), limits, lost, notes)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "OLDSTATE,NEWSTATE,MS"
_ARGS = ("-s",)  # one form in all versions
# "%x,%d,%s,%s,%s,%s,%s,%d,%s,%s,%.3f"; a name (comm) has at most 15 characters, and may hold commas and line ends.
_LINE = re.compile(
    r"[0-9a-f]{1,16},[0-9]{1,10},.{0,16}?,[46],[0-9a-f.:]+,[0-9]{1,5},[0-9a-f.:]+,[0-9]{1,5},"
    r"([A-Z0-9_]{1,16}),([A-Z0-9_]{1,16}),([0-9]{1,12}\.[0-9]{3})\r?\n",
    re.DOTALL,
)
# "%-16llx %-7d %-16s %-2d %-26s %-5d %-26s %-5d %-11s -> %-11s %.3f"; from 0.31 on an address has 39.
_LIBBPF_READY, _LIBBPF_ARGS = "NEWSTATE", ("-w",)  # whole names and addresses
_LIBBPF_LINE = re.compile(
    r"[0-9a-f]{1,16} +[0-9]{1,10} +.{16} [46] +[0-9a-f.:]+ +[0-9]{1,5} +[0-9a-f.:]+ +[0-9]{1,5} +"
    r"([A-Z0-9_]{1,16}) +-> ([A-Z0-9_]{1,16}) +([0-9]{1,12}\.[0-9]{3})\n",
    re.DOTALL,
)
_TOOL_NOTE = "states that began after the tool did"


def parse(text: str, _elapsed: float, limits: Limits, ready: str = _READY, form: re.Pattern[str] = _LINE) -> Answer:
    """Gather the lines that the tool prints, one for each change, by the state that was left.

    The tool prints 0.000 milliseconds where it does not know how long, and of a state of less than a microsecond.
    """
    body = text_after(text, ready)
    times: dict[str, list[float]] = {}
    unread = unknown = position = 0
    while position < len(body):
        match = form.match(body, position)
        if match is None:
            unread += 1
            position = (body.find("\n", position) + 1) or len(body)
            continue
        position = match.end()
        old, new, microseconds = match.group(1), match.group(2), round(float(match.group(3)) * 1000)
        if microseconds:
            times.setdefault(old, []).append(microseconds)
        elif old != "CLOSE" and (old, new) != ("LISTEN", "SYN_RECV"):
            unknown += 1
    why = "the tool does not know when they began, or they lasted for less than 1 us"
    notes = (*_SCOPE_NOTES, _TOOL_NOTE, *_unknown(unknown, why), *unread_note(unread))
    rows = (distribution(several, {"state": state}) for state, several in times.items())
    return histogram(rows, limits, unread, notes)


_COMMAND = Command(tool="tcpstates", args=_ARGS, ready=_READY, parse=parse, stream=True)

COLLECTOR = Collector(
    name="tcpstates",
    category="network",
    question="How long do TCP sockets stay in each state?",
    kind="histogram",
    unit="us",
    native=Native(program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND._replace(
        args=_LIBBPF_ARGS, ready=_LIBBPF_READY, parse=functools.partial(parse, ready=_LIBBPF_READY, form=_LIBBPF_LINE)
    ),
    procfs=None,  # it lists sockets in the states that they are in, and does not say since when
)
