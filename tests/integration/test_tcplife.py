# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcplife against sessions of which everything is known: their number, their bytes, their ends, how long they lasted."""

from __future__ import annotations

import collections.abc
import typing as t

import pytest
from alone import Alone
from collecting import Collection, answered, asking, native
from truth import EXACT, tiers, truth

SESSIONS = 40
REQUEST, REPLY = 1000, 70000

# Sessions one after another: the client sends, the server answers and closes first, the client after.
_SERVER = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = socket.create_server((sys.argv[1], 7100), family=family)
print("listening", flush=True)
while True:
    peer = server.accept()[0]
    size = 0
    while size < int(sys.argv[2]):
        size += len(peer.recv(1 << 16))
    peer.sendall(b"y" * int(sys.argv[3]))
    peer.close()
"""
_CLIENT = """
import os, socket, sys, time
for number in range(int(sys.argv[2])):
    peer = socket.create_connection((sys.argv[1], 7100))
    time.sleep(float(sys.argv[5]))
    peer.sendall(b"x" * int(sys.argv[3]))
    size = 0
    while True:
        got = peer.recv(1 << 16)
        size += len(got)
        if not got:
            break
    assert size == int(sys.argv[4])
    peer.close()
print(os.getpid())
"""


@pytest.fixture
def alone() -> collections.abc.Iterator[Alone]:
    namespace = Alone("life")
    yield namespace
    namespace.close()


def sessions(data: dict[str, t.Any], netns: int | None) -> tuple[list[dict[str, t.Any]], list[dict[str, t.Any]]]:
    """Return the sessions of a namespace, as the client has them and as the server has them."""
    mine = [event for event in data["events"] if event["netns"] == netns]
    clients = [event for event in mine if event["dport"] == 7100]
    return clients, [event for event in mine if event["sport"] == 7100]


@tiers("tcplife", {3: EXACT, 2: EXACT + "; bytes to a KiB"})
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_each_session_has_two_ends_and_all_of_its_bytes(alone: Alone, address: str, tier: int) -> None:
    server = alone.start(_SERVER, address, str(REQUEST), str(REPLY))
    try:
        collection = Collection(duration=10, collectors=["tcplife"], max_events=100000, **asking(tier))
        pid = int(alone.python(_CLIENT, address, str(SESSIONS), str(REQUEST), str(REPLY), "0.02"))
        result = collection.result("tcplife")
        data = answered(result, tier)
    finally:
        server.kill()
        server.communicate()
    clients, servers = sessions(data, None if tier == 2 else alone.inum)
    assert (len(clients), len(servers)) == (SESSIONS, SESSIONS)
    if tier == 2:
        if result["source"].startswith("bcc:"):
            assert {(one["tx_bytes"], one["rx_bytes"]) for one in clients} == {(0, REPLY // 1024 * 1024)}
        for one in clients:  # libbpf-tools: hundredths of KiB, and the FIN, which is a byte
            if result["source"].startswith("libbpf-tools:"):
                assert one["tx_bytes"] == pytest.approx(REQUEST, abs=12)
                assert one["rx_bytes"] == pytest.approx(REPLY, abs=12)
        assert min(one["us"] for one in clients) >= 20000
        return
    assert {(one["tx_bytes"], one["rx_bytes"]) for one in clients} == {(REQUEST, REPLY)}
    assert {(one["tx_bytes"], one["rx_bytes"]) for one in servers} == {(REPLY, REQUEST)}
    assert sorted(one["sport"] for one in clients) == sorted(one["dport"] for one in servers)
    assert {(one["pid"], one["saddr"], one["daddr"]) for one in clients} == {(pid, address, address)}
    assert {one["pid"] for one in servers} == {server.pid}, "the server closes first"
    # The client waits for 20 ms before it sends. All of them together took no longer than the window.
    assert min(one["us"] for one in clients) >= 20000
    assert sum(one["us"] for one in clients) < 1e6 * result["window"]["seconds"]
    assert data["count"] >= 2 * SESSIONS
    sums = {item["labels"]["comm"]: item for item in data["items"]}
    (comm,) = {one["comm"] for one in clients + servers}
    assert sums[comm]["count"] >= 2 * SESSIONS
    assert sums[comm]["tx_bytes"] >= SESSIONS * (REQUEST + REPLY)


@truth("tcplife", EXACT, tier=1)
def test_at_tier_1_connections_that_are_opened_are_counted_at_both_ends(alone: Alone) -> None:
    server = alone.start(_SERVER, "127.0.0.1", "1", "1")
    try:
        collection = Collection(alone.within, duration=6, collectors=["tcplife"], tier="1")
        alone.python(_CLIENT, "127.0.0.1", str(SESSIONS), "1", "1", "0")
        result = collection.result("tcplife")
    finally:
        server.kill()
        server.communicate()
    assert (result["tier"], result["status"], result["data"]["count"]) == (1, "ok", 2 * SESSIONS)


def test_a_session_that_began_before_the_window_has_no_known_age(alone: Alone) -> None:
    held = """
import socket, sys
server = socket.create_server(("127.0.0.1", 7100))
client = socket.create_connection(("127.0.0.1", 7100))
peer = server.accept()[0]
client.sendall(b"x" * 123)
peer.recv(200)
print("connected", flush=True)
sys.stdin.readline()
client.close()
peer.recv(1)
peer.close()
"""
    holder = alone.start(held)
    collection = Collection(duration=4, collectors=["tcplife"])
    holder.communicate("\n", timeout=10)
    clients, servers = sessions(native(collection.result("tcplife")), alone.inum)
    assert [(one["us"], one["tx_bytes"], one["rx_bytes"]) for one in clients] == [(None, 123, 0)]
    assert [(one["us"], one["tx_bytes"], one["rx_bytes"]) for one in servers] == [(None, 0, 123)]


def test_a_connection_that_was_refused_is_no_session(alone: Alone) -> None:
    collection = Collection(duration=4, collectors=["tcplife"])
    refused = "import socket; s = socket.socket(); print(s.connect_ex(('127.0.0.1', 7100)))"
    assert alone.python(refused).strip() == "111"
    result = collection.result("tcplife")
    assert sessions(result["data"], alone.inum) == ([], [])


def test_more_sessions_than_events_are_kept(alone: Alone) -> None:
    server = alone.start(_SERVER, "127.0.0.1", "1", "1")
    try:
        collection = Collection(duration=12, collectors=["tcplife"], max_events=16)
        alone.python(_CLIENT, "127.0.0.1", "200", "1", "1", "0")
        result = collection.result("tcplife")
    finally:
        server.kill()
        server.communicate()
    assert result["status"] == "truncated"
    assert result["data"]["count"] >= 400
    assert len(result["data"]["events"]) <= 16
    assert result["lost"] > 0
    kept = len(result["data"]["events"]) + result["lost"] + result["data"]["omitted"]
    assert kept == result["data"]["count"]
    assert sum(item["count"] for item in result["data"]["items"]) == result["data"]["count"]
