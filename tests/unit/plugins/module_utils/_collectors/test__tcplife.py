# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcplife at all tiers."""

from __future__ import annotations

import socket
import struct

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import tcplife
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure


def session(lasted: int, family: int, pid: int, comm: bytes) -> bytes:
    ends = [
        socket.inet_pton(family, text) for text in (("10.0.0.1", "10.0.0.2") if family == 2 else ("::1", "fe80::2"))
    ]
    flow = struct.pack("=16s16sIHHHH", *ends, 4026531840, family, 40000, socket.htons(443), 0)
    return struct.pack("=QQQQ", 5_000_000, lasted, 10, 20) + flow + struct.pack("=I16s", pid, comm)


def test_native_sessions() -> None:
    event = tcplife.native_event(session(2_500_400, socket.AF_INET, 7, b"cu\xffrl"), 1_000_000)
    assert event == {
        "t_ms": 4,
        "pid": 7,
        "comm": "cu\ufffdrl",
        "family": "ipv4",
        "saddr": "10.0.0.1",
        "sport": 40000,
        "daddr": "10.0.0.2",
        "dport": 443,
        "netns": 4026531840,
        "tx_bytes": 10,
        "rx_bytes": 20,
        "us": 2500,
    }
    event = tcplife.native_event(session(0, socket.AF_INET6, 0, b""), 1_000_000)
    assert [event[name] for name in ("pid", "comm", "family", "daddr", "us")] == [
        None,
        "unknown",
        "ipv6",
        "fe80::2",
        None,
    ]


@pytest.mark.parametrize(("events", "size"), [(1, 4096), (1000, 131072), (1025, 262144)])
def test_the_ring_has_room_for_the_events(events: int, size: int) -> None:
    assert tcplife.sizes(Limits(max_events=events)) == {"first": size}


# By the format strings of tcplife-bpfcc 0.26 with -s.
HEADER = "PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,TX_KB,RX_KB,MS\n"
LINES = (
    "120,curl,4,192.0.2.1,41000,192.0.2.7,443,1,20,35.12\n"
    "7,a,b c,6,::ffff:192.0.2.1,443,::ffff:192.0.2.9,5000,0,0,0.07\n"
    "0,,6,2001:db8::1,443,2001:db8::2,5000,3,4,1.00\n"
)


def test_lines_are_sessions() -> None:
    answer = tcplife.parse(HEADER + LINES, 0, Limits())
    first, second, third = answer.data["events"]
    assert (first["comm"], first["pid"], first["tx_bytes"], first["rx_bytes"], first["us"]) == (
        "curl",
        120,
        1024,
        20480,
        35120,
    )
    # A name may hold commas, and IPv4 may come by an IPv6 socket.
    assert (second["comm"], second["family"], second["daddr"], second["dport"]) == ("a,b c", "ipv4", "192.0.2.9", 5000)
    assert (third["comm"], third["pid"], third["family"]) == ("unknown", None, "ipv6")
    assert (answer.data["count"], answer.lost) == (3, 0)


@pytest.mark.parametrize(
    "line", ["garbage", "1,a,4,192.0.2.1,1,192.0.2.777,2,0,0,1.00", "1,a,4,192.0.2.1,1,192.0.2.7,2,0,0"]
)
def test_a_line_that_cannot_be_read_is_lost(line: str) -> None:
    answer = tcplife.parse(HEADER + line + "\n" + LINES, 0, Limits())
    assert (answer.data["count"], answer.lost) == (3, 1)


SNMP = "Tcp: MaxConn ActiveOpens PassiveOpens\nTcp: -1 %d %d\n"


def test_connections_opened() -> None:
    before, after = ({"/proc/net/snmp": SNMP % pair} for pair in ((10, 20), (13, 25)))
    assert tcplife.difference(before, after, 1.0, Limits()).data["count"] == 8


def test_counters_that_went_backwards() -> None:
    before, after = ({"/proc/net/snmp": SNMP % pair} for pair in ((10, 20), (13, 2)))
    with pytest.raises(TierFailure, match="PassiveOpens went from 20 backwards"):
        tcplife.difference(before, after, 1.0, Limits())
    with pytest.raises(ValueError, match="has no ActiveOpens"):
        tcplife.difference(*[{"/proc/net/snmp": "Tcp: A\nTcp: 1\n"}] * 2, 1.0, Limits())
