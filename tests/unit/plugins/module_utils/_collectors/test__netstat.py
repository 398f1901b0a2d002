# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netstat: counters of several files, and what a kernel does not have."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import netstat
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

SNMP = (
    "Ip: Forwarding DefaultTTL InHdrErrors OutNoRoutes\nIp: 1 64 0 %d\n"
    "Tcp: RtoAlgorithm MaxConn AttemptFails EstabResets RetransSegs\nTcp: 1 -1 %d 3 4\n"
    "Udp: InDatagrams NoPorts InErrors RcvbufErrors\nUdp: 10 1 1 %d\n"
)
NETSTAT = "TcpExt: SyncookiesSent ListenDrops TCPTimeouts\nTcpExt: %d 0 0\nIpExt: InNoRoutes\nIpExt: 0\n"
SOFTNET = "00052936 %08x %08x 00000000\n000cec18 00000001 0000000b 00000000\n"
CONNTRACK = (
    "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error\n"
    "00000010  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 %08x 00000000 00000000\n"
    "00000010  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000000a 00000000 00000000\n"
)
SOCKSTAT = "sockets: used 25\nTCP: inuse 15 orphan 0 tw 3 alloc 15 mem 158\nFRAG: inuse 0 memory 0\n"


def sample(n: int) -> dict[str, str]:
    """Return a sample in which each counter is ahead of the one at 0 by a multiple of n."""
    return {
        "/proc/net/snmp": SNMP % (n, 2 * n, 3 * n),
        "/proc/net/netstat": NETSTAT % (4 * n),
        "/proc/net/snmp6": "Ip6InReceives 5\nUdp6RcvbufErrors %d\n" % (5 * n),
        "/proc/net/softnet_stat": SOFTNET % (6 * n, 7 * n),
        "/proc/net/sockstat": SOCKSTAT,
        "/proc/net/stat/nf_conntrack": CONNTRACK % (8 * n),
    }


def test_counters_of_all_files() -> None:
    answer = netstat.difference(sample(0), sample(10), 1.0, Limits())
    assert {row["labels"]["counter"]: row["count"] for row in answer.data["items"]} == {
        "IpOutNoRoutes": 10,
        "TcpAttemptFails": 20,
        "UdpRcvbufErrors": 30,
        "TcpExtSyncookiesSent": 40,
        "Udp6RcvbufErrors": 50,
        "SoftnetDropped": 60,
        "SoftnetTimeSqueezed": 70,
        "ConntrackDrop": 80,
    }
    assert answer.data["count"] == 360
    assert answer.notes[-1].startswith(
        "sockets at the end of the window: sockets: used 25; TCP: inuse 15 orphan 0 tw 3"
    )


def test_a_host_with_snmp_only() -> None:
    before, after = ({"/proc/net/snmp": sample(n)["/proc/net/snmp"]} for n in (0, 1))
    assert netstat.difference(before, after, 1.0, Limits()).data["count"] == 6


def test_counters_that_went_backwards_are_told() -> None:
    answer = netstat.difference({**sample(0), "/proc/net/netstat": NETSTAT % 9}, sample(0), 1.0, Limits())
    assert (answer.data["count"], answer.notes[2]) == (
        0,
        "not counted, because they went backwards in the window: TcpExtSyncookiesSent",
    )


def softnet(*cpus: tuple[int, int], numbered: bool = True) -> str:
    """Return softnet_stat of CPUs, of each its number and the packets that it dropped; before 5.7 without the number."""
    rows = ["00052936 %08x 00000000%s" % (dropped, " 00000000" * 8) for _cpu, dropped in cpus]
    return "".join(
        "%s%s\n" % (row, " %08x" * 4 % (0, cpu, 0, 0) if numbered else "") for row, (cpu, _n) in zip(rows, cpus)
    )


@pytest.mark.parametrize(
    ("before", "after", "numbered", "dropped", "left_out"),
    [
        (((0, 5), (1, 70000)), ((0, 9), (1, 70001)), True, 5, None),
        (((0, 5),), ((0, 9), (1, 70000)), True, 4, "CPU1"),  # it came, with all that it counted since the boot
        (((0, 5), (1, 70000)), ((0, 9),), True, 4, "CPU1"),
        (((0, 5), (1, 7)), ((0, 9), (127, 70000)), True, 4, "CPU1, CPU127"),
        (((0, 5), (1, 70000)), ((0, 9), (1, 70001)), False, 5, None),
        (((0, 5),), ((0, 9), (1, 70000)), False, 0, "all 1 CPUs, all 2 CPUs"),
    ],
)
def test_a_cpu_that_comes_or_goes_is_left_out_and_named(
    before: tuple[tuple[int, int], ...],
    after: tuple[tuple[int, int], ...],
    numbered: bool,
    dropped: int,
    left_out: str | None,
) -> None:
    first, last = (
        {**sample(0), "/proc/net/softnet_stat": softnet(*cpus, numbered=numbered)} for cpus in (before, after)
    )
    answer = netstat.difference(first, last, 1.0, Limits())
    assert answer.data["count"] == dropped
    told = [note for note in answer.notes if "came or went" in note]
    assert told == (["not counted, because they came or went in the window: " + left_out] if left_out else [])


def test_without_snmp_there_is_no_answer() -> None:
    with pytest.raises(TierFailure, match="/proc/net/snmp cannot be read"):
        netstat.difference({}, sample(0), 1.0, Limits())


@pytest.mark.parametrize(
    "change",
    [
        {"/proc/net/softnet_stat": "00000001\n"},
        {"/proc/net/softnet_stat": "xyz xyz xyz\n"},
        {"/proc/net/stat/nf_conntrack": CONNTRACK % 1 + "0 0\n"},
        {"/proc/net/stat/nf_conntrack": ""},
        {"/proc/net/snmp": "Ip: A\n"},
    ],
)
def test_another_form(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="."):
        netstat.difference(*[{**sample(0), **change}] * 2, 1.0, Limits())
