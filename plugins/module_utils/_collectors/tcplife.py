# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""tcplife: which TCP sessions end, how long did they last, and how much did they carry?"""

from __future__ import annotations

import functools
import mmap
import re
import socket
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _flow
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import unread_note
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, growth, mib, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts, events
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import tcplife as program
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

UNKNOWN = "unknown"  # comm, where nobody on this host opened or closed the session
_FIELDS = ("family", "saddr", "sport", "daddr", "dport", "netns")

# --- tier 3 -----------------------------------------------------------------------------------------------------------

_HEAD = struct.Struct("=QQQQ")  # struct session of bpf/tcplife.bpf.c, up to its flow
_TAIL = struct.Struct("=I16s")  # and from there
_SUMS = struct.Struct("=QQQ")  # struct sums
_ROOM_FOR_ONE = 128  # bytes of the ring that a session takes, with the ring's own
_NOTES = (
    "us: from the first SYN until the socket is closed; null where the session began before the window",
    "comm and pid: who connected, or closed first or last on this host; unknown where only packets did",
    "tx_bytes and rx_bytes: of the whole session, each byte once; sessions on loopback have two ends and are two",
)


def sizes(limits: Limits) -> dict[str, int]:
    """Return the ring buffer's size for `max_events`: a power of two and whole pages, as the kernel wants it."""
    return {"first": max(1 << (limits.max_events * _ROOM_FOR_ONE - 1).bit_length(), mmap.PAGESIZE)}


def read(maps: Maps, limits: Limits) -> Answer:
    """Return the first sessions in full, and sums by name of all of them."""
    start = struct.unpack("=QQ", maps.variable_bytes("window"))[0]
    rows = [native_event(raw, start) for raw in maps.records("first")]
    sums = [(c_string(key) or UNKNOWN, _SUMS.unpack(raw)) for key, raw in maps.items("names")]
    by_name = counts((_by_name(name, *three) for name, three in sums), limits)
    lost, count = maps.variable("lost"), maps.variable("sessions")
    answer = events(rows, limits, lost, _NOTES)
    answer.data.update(count=count, items=by_name.data["items"], omitted=count - lost - len(answer.data["events"]))
    return answer


def _by_name(comm: str, sessions: int, sent: int, received: int) -> Row:
    return {"labels": {"comm": comm}, "count": sessions, "tx_bytes": sent, "rx_bytes": received}


def native_event(raw: bytes, start: int) -> dict[str, t.Any]:
    """Return the session in one `struct session`; `start` is the window's, on the same clock."""
    time, lasted, sent, received = _HEAD.unpack_from(raw)
    ends = _flow.decode(raw[_HEAD.size : _HEAD.size + _flow.SIZE])
    pid, comm = _TAIL.unpack_from(raw, _HEAD.size + _flow.SIZE)
    return {
        "t_ms": round((time - start) / 1e6),
        "pid": pid or None,
        "comm": c_string(comm) or UNKNOWN,
        **{name: ends[name] for name in _FIELDS},
        "tx_bytes": sent,
        "rx_bytes": received,
        "us": round(lasted / 1000) if lasted else None,
    }


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "RX_KB"
_ARGS = ("-s",)  # one form in all versions, and whole addresses
_LINE = re.compile(
    r"([0-9]{1,10}),(.{0,16}),[46],([0-9a-f.:]+),([0-9]{1,5}),([0-9a-f.:]+),([0-9]{1,5}),([0-9]{1,15}),([0-9]{1,15}),([0-9]{1,15}\.[0-9]{2})",
    re.DOTALL,
)
# "%-7d %-16s %-15s %-5d %-15s %-5d %-6.2f %-6.2f %-.2f"; addresses are as long as they are.
_LIBBPF_LINE = re.compile(
    r"([0-9]{1,10}) +(.{16}) ([0-9a-f.:]+) +([0-9]{1,5}) +([0-9a-f.:]+) +([0-9]{1,5}) +([0-9]{1,15}\.[0-9]{2}) +([0-9]{1,15}\.[0-9]{2})"
    r" +([0-9]{1,15}\.[0-9]{2})"
)
_WHOLE_NOTE = (
    "sessions that began after the tool did, and attempts that were refused; bytes are whole KiB, as it prints them"
)
_PARTS_NOTE = "sessions that began after the tool did, and attempts that were refused; bytes are hundredths of KiB, as it prints them"
_SCOPE_NOTES = ("the tool names whoever ran when a session changed its state, and counts the SYN and the FIN as bytes",)


def parse(text: str, _elapsed: float, limits: Limits, form: re.Pattern[str] = _LINE, note: str = _WHOLE_NOTE) -> Answer:
    """Read the lines that the tool prints, one for each session that has ended."""
    rows: list[dict[str, t.Any]] = []
    unread = 0
    body = text_after(text, _READY)
    for line in body.split("\n"):
        row = _read(line.rstrip("\r"), form)
        if row is not None:
            rows.append(row)
        elif line:
            unread += 1
    answer = events(rows, limits, lost=unread, notes=(note, *_SCOPE_NOTES, *unread_note(unread)))
    sums: dict[str, Row] = {}
    for row in rows:
        have = sums.setdefault(row["comm"], _by_name(row["comm"], 0, 0, 0))
        have.update(
            _by_name(row["comm"], *(have[name] + row.get(name, 1) for name in ("count", "tx_bytes", "rx_bytes")))
        )
    answer.data["items"] = counts(sums.values(), limits).data["items"]
    return answer


def _read(line: str, form: re.Pattern[str]) -> dict[str, t.Any] | None:
    match = form.fullmatch(line)
    if not match:
        return None
    pid, comm, saddr, sport, daddr, dport, sent, received, milliseconds = match.groups()
    try:
        for address in (saddr, daddr):
            socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except OSError:
        return None
    ends = _flow.flow(saddr, natural(sport), daddr, natural(dport))
    return {
        "t_ms": None,
        "pid": natural(pid) or None,
        "comm": clean(comm.rstrip(" "), 64) or UNKNOWN,
        **{name: ends[name] for name in _FIELDS},
        "tx_bytes": round(float(sent) * 1024),
        "rx_bytes": round(float(received) * 1024),
        "us": round(float(milliseconds) * 1000),
    }


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_SNMP = "/proc/net/snmp"
_PROCFS_NOTES = (
    "connections opened (Tcp ActiveOpens and PassiveOpens), which is not the number of sessions that ended",
    "of the network namespace of Ansible's process; without ends, bytes and times, which /proc does not know",
)


def difference(before: Sample, after: Sample, _seconds: float, _limits: Limits) -> Answer:
    """Subtract the connections opened from either side."""
    first, last = (mib(text, "Tcp") for text in both(_SNMP, before, after))
    opened = 0
    for name in ("ActiveOpens", "PassiveOpens"):
        if name not in first or name not in last:
            raise ValueError("%s has no %s" % (_SNMP, name))
        grown = growth(first[name], last[name])
        if grown is None:
            raise TierFailure(
                Reason("reset", "the counter %s went from %d backwards in the window" % (name, first[name]))
            )
        opened += grown
    return Answer({"count": opened, "items": [], "events": [], "omitted": 0}, notes=_PROCFS_NOTES)


_COMMAND = Command(tool="tcplife", args=_ARGS, ready=_READY, parse=parse, stream=True)

COLLECTOR = Collector(
    name="tcplife",
    category="network",
    question="Which TCP sessions end, how long did they last, and how much did they carry?",
    kind="events",
    unit="sessions",
    native=Native(program=program, read=read, sizes=sizes),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND._replace(args=(), parse=functools.partial(parse, form=_LIBBPF_LINE, note=_PARTS_NOTE)),
    procfs=Procfs(files=(_SNMP,), difference=difference),
)
