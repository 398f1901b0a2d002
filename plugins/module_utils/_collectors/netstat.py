# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""netstat: which troubles do the network's counters tell of?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _nstat
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, grown
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

_SOCKSTAT, _CONNTRACK = "/proc/net/sockstat", "/proc/net/stat/nf_conntrack"
# Documentation/networking/snmp_counter.rst; include/uapi/linux/snmp.h.
_COUNTERS = {
    "Ip": ("InHdrErrors", "InAddrErrors", "InDiscards", "OutDiscards", "OutNoRoutes", "ReasmFails", "FragFails"),
    "Tcp": ("AttemptFails", "EstabResets", "RetransSegs", "InErrs", "InCsumErrors"),
    "Udp": ("NoPorts", "RcvbufErrors", "SndbufErrors", "InCsumErrors", "MemErrors"),
    "TcpExt": (
        "SyncookiesSent",
        "SyncookiesFailed",
        "PruneCalled",
        "RcvPruned",
        "OfoPruned",
        "ListenOverflows",
        "ListenDrops",
        "TCPLostRetransmit",
        "TCPTimeouts",
        "TCPSpuriousRTOs",
        "TCPAbortOnData",
        "TCPAbortOnMemory",
        "TCPAbortOnTimeout",
        "TCPAbortFailed",
        "TCPMemoryPressures",
        "TCPBacklogDrop",
        "TCPRcvQDrop",
        "TCPZeroWindowDrop",
        "TCPTimeWaitOverflow",
        "TCPReqQFullDrop",
        "TCPReqQFullDoCookies",
        "TCPSynRetrans",
        "TCPRetransFail",
        "TCPChallengeACK",
    ),
}
_COUNTERS6 = (
    "Ip6InHdrErrors",
    "Ip6InAddrErrors",
    "Ip6InDiscards",
    "Ip6OutDiscards",
    "Ip6OutNoRoutes",
    "Ip6ReasmFails",
    "Ip6FragFails",
    "Udp6NoPorts",
    "Udp6RcvbufErrors",
    "Udp6SndbufErrors",
    "Udp6InCsumErrors",
)
_OF_CONNTRACK = {"drop": "ConntrackDrop", "early_drop": "ConntrackEarlyDrop", "insert_failed": "ConntrackInsertFailed"}
_NOTES = (
    (
        "the kernel's counters that tell of trouble, named as nstat does, of the network namespace of Ansible's process; Tcp and"
        " TcpExt are of IPv4 and IPv6"
    ),
    (
        "one packet or connection can be in several, and the count is their sum; SoftnetDropped and SoftnetTimeSqueezed are the"
        " host's"
    ),
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract the counters, and tell of the sockets that there are at the end."""
    both(_nstat.SNMP, before, after)
    before, after, unsteady = _nstat.steady(before, after)
    found, notes = grown(troubles(before), troubles(after))
    rows: list[Row] = [{"labels": {"counter": name}, "count": by} for name, by in found.items() if by]
    sockets = after.get(_SOCKSTAT)
    if sockets is not None:
        notes += ("sockets at the end of the window: %s" % clean("; ".join(sockets.splitlines()), 400),)
    return counts(rows, limits, notes=(*_NOTES, *unsteady, *notes))


def troubles(sample: Sample) -> dict[str, int]:
    """Return the counters in a sample; ValueError when a file is of another form."""
    found = _nstat.read(sample, _COUNTERS, _COUNTERS6)
    for column, name in ((1, "SoftnetDropped"), (2, "SoftnetTimeSqueezed")):
        total = _nstat.softnet(sample, column)
        if total is not None:
            found[name] = total
    if _CONNTRACK in sample:
        head, *lines = sample[_CONNTRACK].splitlines()  # names, then a line for each CPU
        columns = head.split()
        for word, name in _OF_CONNTRACK.items():
            if word in columns:
                found[name] = _nstat.added(lines, columns.index(word))
    return found


COLLECTOR = Collector(
    name="netstat",
    category="network",
    question="Which troubles do the network's counters tell of?",
    kind="counts",
    unit="events",
    native=None,
    bcc=None,
    procfs=Procfs(
        files=(_nstat.SNMP, _nstat.NETSTAT, _nstat.SNMP6, _nstat.SOFTNET, _SOCKSTAT, _CONNTRACK), difference=difference
    ),
)
