# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""skbdrop: where in the kernel, and why, are network packets dropped?"""

from __future__ import annotations

import re
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import btf
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _nstat, _symbols
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import unread_note
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, growth
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Labels, Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import skbdrop as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import read_bytes


def labels(reason: str | None, function: str | None, netns: int | None) -> Labels:
    """Return a drop's labels."""
    return {"reason": reason, "function": function, "netns": netns}


# --- tier 3 -----------------------------------------------------------------------------------------------------------

_DROP = struct.Struct("=QII")  # struct drop of bpf/skbdrop.bpf.c
_NO_REASON = 0xFFFFFFFF  # of bpf/include/drift.h
_PREFIX = "SKB_DROP_REASON_"
_SUBSYSTEMS = "SKB_DROP_REASON_SUBSYS_"
_BTF_MAX = 64 << 20
_REASON_NOTE = "reason: what the kernel calls it; null on kernels before 5.17, which do not say"
_HIDDEN_NOTE = "functions are not known: the kernel hides its addresses (kernel.kptr_restrict)"


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one row for each function, reason and network namespace."""
    drops = [(*_DROP.unpack(key), struct.unpack("=Q", raw)[0]) for key, raw in maps.items("drops")]
    # A location is where a call returns to; the call itself lies before, maybe at its function's end.
    try:
        functions = _symbols.functions(location - 1 for location, _reason, _netns, _count in drops)
    except OSError:
        functions = {}
    reasons, subsystems = names() if drops else ({}, {})
    rows: dict[tuple[str | None, str | None, int | None], int] = {}
    for location, reason, netns, count in drops:
        key = (name_of(reason, reasons, subsystems), functions.get(location - 1), netns or None)
        rows[key] = rows.get(key, 0) + count
    notes = (_REASON_NOTE,) if functions or not drops else (_REASON_NOTE, _HIDDEN_NOTE)
    listed = [{"labels": labels(*key), "count": count} for key, count in rows.items()]
    return counts(listed, limits, lost=maps.variable("lost"), notes=notes)


def names() -> tuple[dict[int, str], dict[int, str]]:
    """Return the running kernel's reasons and subsystems of reasons, by number; empty where it has no BTF."""
    raw = read_bytes(btf.VMLINUX, _BTF_MAX)
    if not raw:
        return {}, {}
    return btf.enum_values(raw, "skb_drop_reason"), btf.enum_values(raw, "skb_drop_reason_subsys")


def name_of(reason: int, reasons: t.Mapping[int, str], subsystems: t.Mapping[int, str]) -> str | None:
    """Return a reason's name without what all of them begin with; None where this kernel gives none.

    The upper half is the subsystem, whose own reasons are numbered by its module: "OPENVSWITCH 3".
    """
    if reason == _NO_REASON:
        return None
    if reason in reasons:
        return _without(reasons[reason], _PREFIX)
    if reason >> 16 in subsystems:
        return "%s %d" % (_without(subsystems[reason >> 16], _SUBSYSTEMS), reason & 0xFFFF)
    return str(reason)


def _without(text: str, prefix: str) -> str:
    return text[len(prefix) :] if text.startswith(prefix) else text


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "(FLAGS)"
_LINE = re.compile(
    r"[0-9:]{8} +[0-9]+ +[46] +[0-9a-f.:]+:[0-9]{1,5} +> +[0-9a-f.:]+:[0-9]{1,5} +[A-Z_0-9]+ +\([A-Z|]*\) *"
)
_FRAME = re.compile(r"\t(?:b')?([^'+]{1,128})(?:\+0x[0-9a-f]+)?'?")
# What lies between the one that drops and the tool.
_FREEING = re.compile(r"(tcp_drop|kfree_skb|sk_skb_reason_drop|__traceiter_|bpf_|trace_|perf_trace_|\[unknown\]).*")
_SCOPE_NOTE = "TCP packets that belong to a socket, which is what the tool traces, and without the reason"


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Count by the dropping function what bcc's tcpdrop prints: a line for each drop, its stack, an empty line."""
    rows: dict[str | None, int] = {}
    unread = 0
    waiting = False  # for the first frame that tells something
    for line in text_after(text, _READY).splitlines():
        frame = _FRAME.fullmatch(line)
        if frame and waiting:
            if not _FREEING.fullmatch(frame.group(1)):
                rows[None] -= 1
                rows[frame.group(1)] = rows.get(frame.group(1), 0) + 1
                waiting = False
        elif _LINE.fullmatch(line):
            rows[None] = rows.get(None, 0) + 1  # until its stack tells
            waiting = True
        elif line and not frame:
            unread += 1
    listed = [{"labels": labels(None, function, None), "count": count} for function, count in rows.items() if count]
    return counts(listed, limits, lost=unread, notes=(_SCOPE_NOTE, *unread_note(unread)))


# --- tier 1 -----------------------------------------------------------------------------------------------------------

# Counters of packets that the kernel gave up, none of which is part of another: Documentation/networking/snmp_counter.rst.
_COUNTERS = {
    "Ip": ("InHdrErrors", "InAddrErrors", "InUnknownProtos", "InDiscards", "OutDiscards", "OutNoRoutes"),
    "Udp": ("NoPorts", "InErrors"),
    "Tcp": ("InErrs",),
    "TcpExt": (
        "ListenDrops",
        "TCPBacklogDrop",
        "TCPRcvQDrop",
        "TCPZeroWindowDrop",
        "TCPOFODrop",
        "TCPMinTTLDrop",
        "TCPDeferAcceptDrop",
        "PFMemallocDrop",
        "IPReversePathFilter",
    ),
}
_COUNTERS6 = (
    "Ip6InHdrErrors",
    "Ip6InAddrErrors",
    "Ip6InUnknownProtos",
    "Ip6InDiscards",
    "Ip6InNoRoutes",
    "Ip6OutDiscards",
    "Ip6OutNoRoutes",
    "Udp6NoPorts",
    "Udp6InErrors",
)
_NOTES = (
    "what the kernel's counters of IP, UDP and TCP say, of the network namespace of Ansible's process, and without functions",
    "packets that a firewall, a queueing discipline or a device drops have no counter among them",
    "SoftnetDropped is of the whole host: packets that found no room before any protocol saw them",
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract counters of drops."""
    both(_nstat.SNMP, before, after)
    before, after, unsteady = _nstat.steady(before, after)
    first, last = drops(before), drops(after)
    grown = ((name, growth(first[name], value)) for name, value in last.items() if name in first)
    rows: list[Row] = [{"labels": {"counter": name}, "count": by} for name, by in grown if by]
    return counts(rows, limits, notes=(*_NOTES, *unsteady))


def drops(sample: Sample) -> dict[str, int]:
    """Return the counters of drops in a sample; ValueError when a file is of another form."""
    found = _nstat.read(sample, _COUNTERS, _COUNTERS6)
    dropped = _nstat.softnet(sample, 1)
    return found if dropped is None else {**found, "SoftnetDropped": dropped}


COLLECTOR = Collector(
    name="skbdrop",
    category="network",
    question="Where in the kernel, and why, are network packets dropped?",
    kind="counts",
    unit="packets",
    native=Native(program=program, read=read),
    bcc=Command(tool="tcpdrop", args=(), ready=_READY, parse=parse, stream=True),
    procfs=Procfs(files=(_nstat.SNMP, _nstat.NETSTAT, _nstat.SNMP6, _nstat.SOFTNET), difference=difference),
)
