# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""tcpretrans: which TCP connections send again what was lost?"""

from __future__ import annotations

import re
import socket
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _nstat, _sockets
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, growth, mib, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._flow import decode, flow
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._names import tcp_state
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import tcpretrans as program
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure

# --- tier 3 -----------------------------------------------------------------------------------------------------------

_SEEN = struct.Struct("=QQQII")  # struct retransmits of bpf/tcpretrans.bpf.c
_OWNER_NOTE = (
    "process: who had the flow's socket open when the window was over; null when nobody had (it was closed, is the kernel's "
    "own, or was not accepted yet)"
)
_SEGMENTS_NOTE = "one retransmit may send several segments; the kernel's RetransSegs counts segments"


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one row per flow, with the process that has its socket open."""
    flows = [(key, _SEEN.unpack(raw)) for key, raw in maps.items("flows")]
    owners = _sockets.owners(inode for _key, (_count, _segments, inode, _state, _unused) in flows)
    rows = [native_row(key, seen, owners.get(seen[2])) for key, seen in flows]
    answer = counts(rows, limits, maps.variable("events"), maps.variable("lost"), (_SEGMENTS_NOTE, _OWNER_NOTE))
    answer.data["segments"] = maps.variable("segments")
    return answer


def native_row(key: bytes, seen: tuple[int, int, int, int, int], owner: _sockets.Owner | None) -> dict[str, t.Any]:
    """Return the row of one `struct flow` and its `struct retransmits`."""
    events, segments, _inode, state, _unused = seen
    labels = decode(key)
    if owner is not None:
        labels["process"], labels["pid"] = owner.process, owner.pid
    return {"labels": labels, "count": events, "segments": segments, "state": tcp_state(state)}


_NATIVE = Native(
    program=program,
    read=read,
)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "RADDR:RPORT"
_LINE = re.compile(
    r"[0-9:]{8} +[0-9]+ +[46] +([0-9a-f.:]+):([0-9]{1,5}) +([RL])> ([0-9a-f.:]+):([0-9]{1,5}) +([A-Z_0-9]+)"
)
_PROCESS_NOTE = "the tool names whichever process was interrupted, so that no process is given here"
_SCOPE_NOTE = "without the SYN-ACKs that a listening socket sends again, which the tool does not trace"


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Add up by flow the lines that bcc's tcpretrans prints, one for each retransmit; `state` is the last one seen.

    A line that cannot be read is a retransmit whose flow is lost. Loss probes (type L, only with -l) are none.
    """
    flows: dict[tuple[str, int, str, int], dict[str, t.Any]] = {}
    unread = 0
    for line in text_after(text, _READY).splitlines():
        found = _read(line)
        if found is None:
            unread += 1
            continue
        kind, ends, state = found
        if kind == "R":
            row = flows.setdefault(ends, {"labels": flow(*ends), "count": 0, "segments": None, "state": None})
            row["count"] += 1
            row["state"] = state
    notes: tuple[str, ...] = (_SCOPE_NOTE, _PROCESS_NOTE)
    if unread:
        notes += ("%d lines of the tool's output could not be read and are counted as lost" % unread,)
    return counts(flows.values(), limits, lost=unread, notes=notes)


def _read(line: str) -> tuple[str, tuple[str, int, str, int], str] | None:
    """Return type, both ends, and state of "TIME PID IP LADDR:LPORT T> RADDR:RPORT STATE"."""
    match = _LINE.fullmatch(line.rstrip())
    if not match:
        return None
    saddr, sport, kind, daddr, dport, state = match.groups()
    try:
        for address in (saddr, daddr):
            socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except OSError:
        return None
    return kind, (saddr, natural(sport), daddr, natural(dport)), state


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_SNMP, _NETSTAT, _SNMP6 = _nstat.SNMP, _nstat.NETSTAT, _nstat.SNMP6
# What TcpExt says of retransmits, in the words of Documentation/networking/snmp_counter.rst. They overlap and are no
# parts of RetransSegs.
_DETAIL = (
    "TCPFastRetrans",
    "TCPSlowStartRetrans",
    "TCPLostRetransmit",
    "TCPSynRetrans",
    "TCPTimeouts",
    "TCPLossProbes",
    "TCPLossProbeRecovery",
    "TCPRetransFail",
    "TCPSpuriousRTOs",
    "TCPSpuriousRtxHostQueues",
)
_NOTES = (
    "segments (Tcp RetransSegs), IPv4 and IPv6 together, of the network namespace of Ansible's process",
    "one retransmit of tiers 2 and 3 may hold several segments",
    "without flows: the items are the kernel's own counters by cause, which overlap",
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract RetransSegs, and what TcpExt says of the causes."""
    first, last = (mib(text, "Tcp") for text in both(_SNMP, before, after))
    if "RetransSegs" not in first or "RetransSegs" not in last:
        raise ValueError("%s has no RetransSegs" % _SNMP)
    grown = growth(first["RetransSegs"], last["RetransSegs"])
    if grown is None:
        raise TierFailure(
            Reason("reset", "the counter RetransSegs went from %(RetransSegs)d backwards in the window" % first)
        )
    rows, notes = _causes(before, after)
    return counts(rows, limits, count=grown, notes=_NOTES + notes + _families(before, after))


def _causes(before: Sample, after: Sample) -> tuple[list[dict[str, t.Any]], tuple[str, ...]]:
    if _NETSTAT not in before or _NETSTAT not in after:
        return [], ("%s cannot be read, so that the causes are not known" % _NETSTAT,)
    first, last = mib(before[_NETSTAT], "TcpExt"), mib(after[_NETSTAT], "TcpExt")
    grown = ((name, growth(first[name], last[name])) for name in _DETAIL if name in first and name in last)
    return [{"labels": {"counter": name}, "count": by} for name, by in grown if by], ()


def _families(before: Sample, after: Sample) -> tuple[str, ...]:
    """Say how much of the traffic was IPv6: /proc/net/snmp6 has no counters of TCP's own."""
    if _SNMP6 not in before or _SNMP6 not in after:
        return ()
    sent4 = [mib(sample[_SNMP], "Ip").get("OutRequests") for sample in (before, after)]
    sent6 = [_nstat.snmp6(sample[_SNMP6]).get("Ip6OutRequests") for sample in (before, after)]
    ipv4 = growth(sent4[0], sent4[1]) if sent4[0] is not None and sent4[1] is not None else None
    ipv6 = growth(sent6[0], sent6[1]) if sent6[0] is not None and sent6[1] is not None else None
    if ipv4 is None or ipv6 is None:
        return ()
    return ("of all IP packets sent in the window, %d were IPv4 and %d IPv6" % (ipv4, ipv6),)


COLLECTOR = Collector(
    name="tcpretrans",
    category="network",
    question="Which TCP connections send again what was lost?",
    kind="counts",
    unit="retransmits",
    native=_NATIVE,
    bcc=Command(tool="tcpretrans", args=(), ready=_READY, parse=parse, stream=True),
    procfs=Procfs(files=(_SNMP, _NETSTAT, _SNMP6), difference=difference),
)
