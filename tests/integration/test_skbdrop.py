# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""skbdrop against the counters of a network namespace in which nothing else happens, and the kernel's list of its functions."""

from __future__ import annotations

import collections.abc
import pathlib
import subprocess
import sys

import pytest
from alone import Alone, rows_of, run
from collecting import Collection, native
from truth import EXACT, truth

CLOSED = 300

# To a closed port, from a socket that is connected to nothing, so that it hears of no refusal.
_KNOCK = """
import socket, sys
knocker = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[2])):
    knocker.sendto(b"x", (sys.argv[1], 9))
"""
# A socket that nobody reads from and that has room for little.
_FLOOD = """
import socket, sys
deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
deaf.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[1])):
    sender.sendto(b"x" * 500, deaf.getsockname())
"""
_RULES = "table inet drops { chain arriving { type filter hook input priority 0; udp dport 77 drop; }; }"
_FILTERED = """
import socket, sys
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[1])):
    sender.sendto(b"x", ("127.0.0.1", 77))
"""


@pytest.fixture
def alone() -> collections.abc.Iterator[Alone]:
    namespace = Alone("drop")
    yield namespace
    namespace.close()


@truth("skbdrop", EXACT)
def test_closed_ports_of_both_families(alone: Alone) -> None:
    collection = Collection(duration=6, collectors=["skbdrop"], max_items=10000)
    before, before6 = alone.counters("/proc/net/snmp", "Udp"), alone.counters6()
    alone.python(_KNOCK, "127.0.0.1", str(CLOSED))
    alone.python(_KNOCK, "::1", str(CLOSED // 2))
    after, after6 = alone.counters("/proc/net/snmp", "Udp"), alone.counters6()
    rows = rows_of(native(collection.result("skbdrop")), alone.inum)
    counted = after["NoPorts"] - before["NoPorts"]
    counted6 = after6["Udp6NoPorts"] - before6["Udp6NoPorts"]
    assert (counted, counted6) == (CLOSED, CLOSED // 2)
    # The kernel gives the reason since 5.17. A refusal that no socket waits for is dropped as well, elsewhere.
    found = {(row["labels"]["reason"], row["labels"]["function"]): row["count"] for row in rows}
    if {reason for reason, _function in found} != {None}:
        assert sum(count for (reason, _function), count in found.items() if reason == "NO_SOCKET") == counted + counted6
    functions = {function: count for (_reason, function), count in found.items() if function and "udp" in function}
    assert sorted(functions.values()) == [counted6, counted], found
    known = {line.split()[2] for line in pathlib.Path("/proc/kallsyms").read_text(encoding="ascii").splitlines()}
    assert set(functions) <= known


def test_a_full_socket_and_a_firewall_are_told_apart(alone: Alone) -> None:
    run("ip", "netns", "exec", alone.name, "nft", _RULES)
    collection = Collection(duration=6, collectors=["skbdrop"], max_items=10000)
    before = alone.counters("/proc/net/snmp", "Udp")
    alone.python(_FLOOD, "500")
    alone.python(_FILTERED, "70")
    after = alone.counters("/proc/net/snmp", "Udp")
    rows = rows_of(native(collection.result("skbdrop")), alone.inum)
    full = after["RcvbufErrors"] - before["RcvbufErrors"]
    assert full > 400
    reasons: dict[str | None, int] = {}
    for row in rows:
        reasons[row["labels"]["reason"]] = reasons.get(row["labels"]["reason"], 0) + row["count"]
    if set(reasons) == {None}:
        assert reasons[None] >= full + 70
    else:
        assert (reasons["SOCKET_RCVBUFF"], reasons["NETFILTER_DROP"]) == (full, 70), reasons


@truth("skbdrop", "at least the test's datagrams", tier=1)
def test_at_tier_1_the_same_drops_are_in_the_kernels_counters(alone: Alone) -> None:
    # Of Ansible's namespace, which other processes share: not fewer than ours.
    collection = Collection(duration=3, collectors=["skbdrop"], tier="1")
    subprocess.run([sys.executable, "-c", _KNOCK, "127.0.0.1", "40"], check=True)
    result = collection.result("skbdrop")
    assert (result["tier"], result["status"]) == (1, "ok")
    counters = {row["labels"]["counter"]: row["count"] for row in result["data"]["items"]}
    assert counters["UdpNoPorts"] >= 40
    assert result["data"]["count"] == sum(counters.values())
