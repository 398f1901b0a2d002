# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcpretrans at tiers 1 and 2."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import tcpretrans
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

GREETING = "Tracing retransmits ... Hit Ctrl-C to end\n"
HEADER = "TIME     PID     IP LADDR:LPORT          T> RADDR:RPORT          STATE\n"
HEADER_0_18 = "TIME     PID    IP LADDR:LPORT          T> RADDR:RPORT          STATE\n"
V4 = "03:04:05 0       4  10.0.0.1:443         R> 10.0.0.2:51234       ESTABLISHED\n"
V4_0_18 = "03:04:05 1234   4  10.0.0.1:443         R> 10.0.0.2:51234       ESTABLISHED\n"
V6 = "03:04:05 0       6  fe80::1:22           R> fe80::5054:ff:fe12:3456:65535 FIN_WAIT1\n"
MAPPED = "03:04:05 0       6  ::ffff:10.0.0.1:443  R> ::ffff:10.0.0.2:51234 SYN_RECV\n"
PROBE = "03:04:05 0       4  10.0.0.1:443         L> 10.0.0.2:51234       ESTABLISHED\n"
SEQUENCE = "03:04:05 0       4  10.0.0.1:443         R> 10.0.0.2:51234       ESTABLISHED  12345\n"


def parse(body: str, header: str = HEADER) -> t.Any:
    return tcpretrans.parse(GREETING + header + body, 1.0, Limits())


@pytest.mark.parametrize(
    ("body", "family", "ends", "count", "state"),
    [
        (V4, "ipv4", ("10.0.0.1", 443, "10.0.0.2", 51234), 1, "ESTABLISHED"),
        (V4_0_18 * 3, "ipv4", ("10.0.0.1", 443, "10.0.0.2", 51234), 3, "ESTABLISHED"),
        (V6, "ipv6", ("fe80::1", 22, "fe80::5054:ff:fe12:3456", 65535), 1, "FIN_WAIT1"),
        (MAPPED, "ipv4", ("10.0.0.1", 443, "10.0.0.2", 51234), 1, "SYN_RECV"),
        (V4 + PROBE, "ipv4", ("10.0.0.1", 443, "10.0.0.2", 51234), 1, "ESTABLISHED"),
        (V4 + V4.replace("ESTABLISHED", "LAST_ACK"), "ipv4", ("10.0.0.1", 443, "10.0.0.2", 51234), 2, "LAST_ACK"),
    ],
)
def test_a_flow(body: str, family: str, ends: tuple[str, int, str, int], count: int, state: str) -> None:
    answer = parse(body)
    labels = dict(zip(("saddr", "sport", "daddr", "dport"), ends))
    labels.update(family=family, netns=None, process=None, pid=None)
    assert answer.data["items"] == [{"labels": labels, "count": count, "segments": None, "state": state}]
    assert answer.data["count"] == count
    assert answer.lost == 0


def test_flows_are_told_apart_by_all_four() -> None:
    body = V4 + V4.replace(":443 ", ":444 ") + V4.replace("10.0.0.2", "10.0.0.3") + V6
    assert [item["count"] for item in parse(body, HEADER_0_18).data["items"]] == [1, 1, 1, 1]


def test_nothing_was_sent_again() -> None:
    answer = parse("")
    assert answer.data == {"count": 0, "items": [], "omitted": 0}
    assert any("process" in note for note in answer.notes)


@pytest.mark.parametrize(
    "line",
    [
        V4[:40] + "\n",  # interrupted in mid-line
        V4.replace("10.0.0.1", "10.0.0.999"),
        V6.replace("fe80::1", "fe80:::::1"),
        V4.replace(" R> ", " X> "),
        V4.replace(":443", ":http"),
        SEQUENCE,
        "\x1b[31m<script>\n",
        "\n",
    ],
)
def test_a_line_that_cannot_be_read_is_lost_not_forgotten(line: str) -> None:
    answer = parse(V4 + line + V4)
    assert answer.data["count"] == 2
    assert answer.lost == 1
    assert any("1 lines" in note for note in answer.notes)


def test_no_header() -> None:
    with pytest.raises(ValueError, match="did not print"):
        tcpretrans.parse(GREETING, 0.0, Limits())


SNMP, NETSTAT, SNMP6 = "/proc/net/snmp", "/proc/net/netstat", "/proc/net/snmp6"


def snmp(segments: int, ipv4: int = 0) -> str:
    return "Ip: OutRequests\nIp: %d\nTcp: MaxConn RetransSegs InErrs\nTcp: -1 %d 99\n" % (ipv4, segments)


def netstat(**counters: int) -> str:
    names = " ".join(counters)
    return "TcpExt: SyncookiesSent %s\nTcpExt: 99 %s\n" % (names, " ".join(str(n) for n in counters.values()))


def snmp6(ipv6: int) -> str:
    return "Ip6InReceives                   \t9\nIp6OutRequests                  \t%d\n" % ipv6


def difference(before: dict[str, str], after: dict[str, str]) -> t.Any:
    return tcpretrans.difference(before, after, 1.0, Limits())


def test_segments_and_their_causes() -> None:
    answer = difference(
        {SNMP: snmp(10, 100), NETSTAT: netstat(TCPFastRetrans=1, TCPTimeouts=5, TCPSynRetrans=2), SNMP6: snmp6(50)},
        {SNMP: snmp(17, 110), NETSTAT: netstat(TCPFastRetrans=3, TCPTimeouts=5, TCPSynRetrans=3), SNMP6: snmp6(54)},
    )
    assert answer.data == {
        "count": 7,
        "items": [
            {"labels": {"counter": "TCPFastRetrans"}, "count": 2},
            {"labels": {"counter": "TCPSynRetrans"}, "count": 1},
        ],
        "omitted": 0,
    }
    assert "of all IP packets sent in the window, 10 were IPv4 and 4 IPv6" in answer.notes


def test_a_counter_that_wraps() -> None:
    assert difference({SNMP: snmp(2**32 - 3)}, {SNMP: snmp(4)}).data["count"] == 7


def test_without_the_files_of_detail() -> None:
    answer = difference({SNMP: snmp(10)}, {SNMP: snmp(17)})
    assert answer.data == {"count": 7, "items": [], "omitted": 0}
    assert any(NETSTAT in note for note in answer.notes)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [({}, {}, "no_file"), ({SNMP: snmp(1)}, {}, "no_file"), ({SNMP: snmp(1000)}, {SNMP: snmp(1)}, "reset")],
)
def test_what_does_not_answer(before: dict[str, str], after: dict[str, str], code: str) -> None:
    with pytest.raises(TierFailure) as failure:
        difference(before, after)
    assert failure.value.reason.code == code


@pytest.mark.parametrize(
    "files",
    [
        {SNMP: ""},
        {SNMP: snmp(1).replace("RetransSegs", "Other")},
        {SNMP: snmp(1).replace(" 1 99", " one 99")},
        {SNMP: snmp(1)[:-8]},
        {SNMP: snmp(1), NETSTAT: "TcpExt: A B\n"},
        {SNMP: snmp(1), SNMP6: "Ip6OutRequests\n"},
        {SNMP: snmp(1), SNMP6: "Ip6OutRequests x\n"},
    ],
)
def test_hostile_files(files: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"lines|not a number|no RetransSegs|name and a value"):
        difference(files, files)
