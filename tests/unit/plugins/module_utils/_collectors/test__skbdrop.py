# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""skbdrop: names of reasons, and tiers 2 and 1."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import skbdrop
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

REASONS = {2: "SKB_DROP_REASON_NOT_SPECIFIED", 3: "SKB_DROP_REASON_NO_SOCKET", 9: "ODD"}
SUBSYSTEMS = {0: "SKB_DROP_REASON_SUBSYS_CORE", 2: "SKB_DROP_REASON_SUBSYS_OPENVSWITCH"}


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (3, "NO_SOCKET"),
        (9, "ODD"),
        (2 << 16 | 7, "OPENVSWITCH 7"),
        (5 << 16 | 7, str(5 << 16 | 7)),
        (0xFFFFFFFF, None),
    ],
)
def test_name_of_a_reason(number: int, name: str | None) -> None:
    assert skbdrop.name_of(number, REASONS, SUBSYSTEMS) == name


def test_a_reason_without_btf_is_its_number() -> None:
    assert skbdrop.name_of(3, {}, {}) == "3"


# By the format strings of tcpdrop-bpfcc 0.26; Python 3 prints a frame, which is bytes, with its quotes.
HEADER = "TIME     PID     IP SADDR:SPORT          > DADDR:DPORT          STATE (FLAGS)\n"
WARNING = "WARNING: tcp_drop() kernel function not found or traceable. Use tracpoint:skb:kfree_skb instead.\n"
FIRST = (
    "18:35:32 0       4  192.0.2.1:443        > 192.0.2.7:41000      ESTABLISHED (ACK)\n"
    "\tb'kfree_skb_reason+0x5c'\n\tb'tcp_rcv_established+0x1f'\n\tb'tcp_v4_do_rcv+0x10'\n\n"
)
SECOND = (
    "18:35:33 120     6  2001:db8::1:443      > 2001:db8::2:41000    CLOSE (RST|ACK)\n"
    "\ttcp_drop+0x1\n\ttcp_v6_rcv+0x200\n\n"
)


def functions(answer: Answer) -> dict[str | None, int]:
    assert {(row["labels"]["reason"], row["labels"]["netns"]) for row in answer.data["items"]} <= {(None, None)}
    return {row["labels"]["function"]: row["count"] for row in answer.data["items"]}


def test_lines_are_counted_by_the_function_that_dropped() -> None:
    answer = skbdrop.parse(WARNING + HEADER + FIRST + SECOND + FIRST, 0, Limits())
    assert functions(answer) == {"tcp_rcv_established": 2, "tcp_v6_rcv": 1}
    assert (answer.data["count"], answer.lost) == (3, 0)


def test_a_drop_whose_stack_is_not_there_has_no_function() -> None:
    head = FIRST.split("\t", 1)[0]
    answer = skbdrop.parse(HEADER + head + "\n" + head + "\t[unknown]\n\n", 0, Limits())
    assert functions(answer) == {None: 2}


@pytest.mark.parametrize("line", ["garbage", "18:35:32 0 4 here > there CLOSE (ACK)", "18:35:32 0"])
def test_a_line_that_cannot_be_read_is_lost(line: str) -> None:
    answer = skbdrop.parse(HEADER + line + "\n" + FIRST, 0, Limits())
    assert (answer.data["count"], answer.lost) == (1, 1)


def test_a_tool_that_never_got_ready_has_no_answer() -> None:
    with pytest.raises(ValueError, match="did not print"):
        skbdrop.parse("Traceback\n", 0, Limits())


def sample(no_ports: int, filtered: int, no_ports6: int, dropped: str) -> dict[str, str]:
    return {
        "/proc/net/snmp": "Ip: Forwarding InDiscards\nIp: 1 0\nTcp: MaxConn InErrs\nTcp: -1 5\n"
        "Udp: InDatagrams NoPorts InErrors\nUdp: 9 %d 0\n" % no_ports,
        "/proc/net/netstat": "TcpExt: ListenDrops IPReversePathFilter\nTcpExt: 0 %d\n" % filtered,
        "/proc/net/snmp6": "Ip6InReceives 5\nUdp6NoPorts %d\n" % no_ports6,
        "/proc/net/softnet_stat": "00000001 %s 00000000\n00000001 00000000 00000000\n" % dropped,
    }


def test_counters_are_subtracted() -> None:
    answer = skbdrop.difference(sample(5, 1, 2, "00000001"), sample(8, 1, 4, "00000011"), 1.0, Limits())
    counters = {row["labels"]["counter"]: row["count"] for row in answer.data["items"]}
    assert counters == {"UdpNoPorts": 3, "Udp6NoPorts": 2, "SoftnetDropped": 16}
    assert (answer.data["count"], answer.lost) == (21, None)


def test_a_cpu_that_came_is_left_out_and_named() -> None:
    before, after = sample(5, 1, 2, "00000001"), sample(5, 1, 2, "00000004")
    row = "00000001 %08x" + " 00000000" * 10 + " %08x\n"
    before["/proc/net/softnet_stat"] = row % (1, 0)
    after["/proc/net/softnet_stat"] = row % (4, 0) + row % (70000, 1)
    answer = skbdrop.difference(before, after, 1.0, Limits())
    assert answer.data["count"] == 3
    assert answer.notes[-1] == "not counted, because they came or went in the window: CPU1"


def test_without_snmp_there_is_no_answer() -> None:
    with pytest.raises(TierFailure, match="cannot be read"):
        skbdrop.difference({}, {}, 1.0, Limits())
