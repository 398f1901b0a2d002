# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""A TCP connection's two ends, as labels: from what a tool prints, and from bpf/include/flow.h."""

from __future__ import annotations

import socket
import struct
import typing as t

Labels = t.Dict[str, t.Any]

_FLOW = struct.Struct("=16s16sIHHHH")  # struct flow of bpf/include/flow.h
SIZE = _FLOW.size
_MAPPED = "::ffff:"


def flow(
    saddr: str,
    sport: int,
    daddr: str,
    dport: int,
    netns: int | None = None,
    process: str | None = None,
    pid: int | None = None,
) -> Labels:
    """Return a flow's labels. IPv4 over an IPv6 socket (::ffff:192.0.2.1) is the IPv4 that it is on the wire."""
    if saddr.startswith(_MAPPED) and daddr.startswith(_MAPPED) and "." in saddr and "." in daddr:
        saddr, daddr = saddr[len(_MAPPED) :], daddr[len(_MAPPED) :]
    return {
        "family": "ipv6" if ":" in saddr else "ipv4",
        "saddr": saddr,
        "sport": sport,
        "daddr": daddr,
        "dport": dport,
        "netns": netns,
        "process": process,
        "pid": pid,
    }


def decode(raw: bytes) -> Labels:
    """Return the labels of a `struct flow`, without a process."""
    saddr, daddr, netns, family, sport, dport, _unused = _FLOW.unpack(raw)
    width = 16 if family == socket.AF_INET6 else 4
    ends = [socket.inet_ntop(family, end[:width]) for end in (saddr, daddr)]
    return flow(ends[0], sport, ends[1], socket.ntohs(dport), netns)
