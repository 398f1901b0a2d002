# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""listendrop: do listening sockets turn connections away?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, growth, mib
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure

_NETSTAT = "/proc/net/netstat"
_ALL = "ListenDrops"
# Each of these is counted in ListenDrops too: net/ipv4/tcp_input.c and tcp_ipv4.c.
_CAUSES = {"ListenOverflows": "accept queue full", "TCPReqQFullDrop": "SYN queue full"}
_NOTES = (
    (
        "attempts that a listening socket gave up, IPv4 and IPv6, of the network namespace of Ansible's process; one connection"
        " may be attempted several times"
    ),
    "accept queue full: the program does not accept as fast as others connect (ListenOverflows)",
    "the kernel counts them for all sockets together, and has no tracepoint that tells them apart",
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract ListenDrops, and what is known of the causes."""
    first, last = (mib(text, "TcpExt") for text in both(_NETSTAT, before, after))
    if _ALL not in first or _ALL not in last:
        raise ValueError("%s has no %s" % (_NETSTAT, _ALL))
    total = growth(first[_ALL], last[_ALL])
    if total is None:
        raise TierFailure(Reason("reset", "the counter %s went from %d backwards in the window" % (_ALL, first[_ALL])))
    rows: list[Row] = []
    for counter, cause in _CAUSES.items():
        by = growth(first[counter], last[counter]) if counter in first and counter in last else None
        if by:
            rows.append({"labels": {"cause": cause}, "count": by})
    others = total - sum(row["count"] for row in rows)
    if others > 0:
        rows.append({"labels": {"cause": "other"}, "count": others})
    return counts(rows, limits, count=total, notes=_NOTES)


COLLECTOR = Collector(
    name="listendrop",
    category="network",
    question="Do listening sockets turn connections away?",
    kind="counts",
    unit="attempts",
    native=None,
    bcc=None,
    procfs=Procfs(files=(_NETSTAT,), difference=difference),
)
