# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcpstates against connections whose states last as long as the test lets them."""

from __future__ import annotations

import collections.abc
import typing as t

import pytest
from alone import Alone
from collecting import Collection, native

CONNECTIONS = 20
ESTABLISHED, HALF_CLOSED = 0.3, 0.6  # seconds, each at the lower end of its bucket

# Both ends of all connections; each state begins and ends for all of them at the same time, give or take a millisecond.
_CONNECT = """
import contextlib, socket, sys, time
address, count, established, half = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
with socket.create_server((address, 7300), family=family, backlog=count) as server:
    ends = []
    for _ in range(count):
        client = socket.create_connection((address, 7300))
        ends.append((client, server.accept()[0]))
    time.sleep(established)
    for client, _peer in ends:
        client.shutdown(socket.SHUT_WR)
    for _client, peer in ends:
        assert peer.recv(1) == b""
    time.sleep(half)
    for client, peer in ends:
        peer.close()
    for client, peer in ends:
        assert client.recv(1) == b""
        client.close()
"""


@pytest.fixture
def alone() -> collections.abc.Iterator[Alone]:
    namespace = Alone("states")
    yield namespace
    namespace.close()


def by_state(data: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    return {row["labels"]["state"]: row for row in data["series"]}


def bucket(row: dict[str, t.Any], low: int) -> int:
    """Return how many states lasted for so many microseconds up to twice as many."""
    return sum(count for lo, _hi, count in row["buckets"] if lo == low)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_each_state_of_both_ends_lasts_as_long_as_it_is_held(alone: Alone, address: str) -> None:
    collection = Collection(duration=6, collectors=["tcpstates"])
    alone.python(_CONNECT, address, str(CONNECTIONS), str(ESTABLISHED), str(HALF_CLOSED))
    data = native(collection.result("tcpstates"))
    states = by_state(data)
    assert bucket(states["ESTABLISHED"], 262144) >= 2 * CONNECTIONS
    # Half-closed connections of more than half a second are nobody else's.
    assert bucket(states["FIN_WAIT2"], 524288) == CONNECTIONS
    assert bucket(states["CLOSE_WAIT"], 524288) == CONNECTIONS
    for state in ("SYN_SENT", "SYN_RECV", "FIN_WAIT1", "LAST_ACK"):
        assert states[state]["count"] >= CONNECTIONS, state
        assert sum(count for lo, _hi, count in states[state]["buckets"] if lo < 262144) >= CONNECTIONS, state
    assert bucket(states["LISTEN"], 524288) + bucket(states["LISTEN"], 1048576) >= 1
    # What is held is what adds up.
    assert states["CLOSE_WAIT"]["total"] >= CONNECTIONS * HALF_CLOSED * 1e6
    assert states["ESTABLISHED"]["total"] >= 2 * CONNECTIONS * ESTABLISHED * 1e6
    assert "CLOSE" not in states, "a closed socket is none"
    for row in data["series"]:
        assert row["count"] == sum(count for _lo, _hi, count in row["buckets"])
    assert data["count"] == sum(row["count"] for row in data["series"])


def test_a_state_that_began_before_the_window_is_noted_and_not_counted(alone: Alone) -> None:
    held = """
import socket, sys, time
with socket.create_server(("127.0.0.1", 7301)) as server:
    client = socket.create_connection(("127.0.0.1", 7301))
    peer = server.accept()[0]
    print("connected", flush=True)
    sys.stdin.readline()
    client.shutdown(socket.SHUT_WR)
    peer.recv(1)
    time.sleep(0.6)
    peer.close()
    client.recv(1)
    client.close()
"""
    holder = alone.start(held)
    collection = Collection(duration=6, collectors=["tcpstates"])
    holder.communicate("\n")
    assert holder.returncode == 0
    result = collection.result("tcpstates")
    states = by_state(native(result))
    (note,) = [note for note in result["notes"] if "began before the window" in note]
    # ESTABLISHED of both, and LISTEN; whatever followed is counted.
    assert int(note.split()[0]) >= 3
    assert bucket(states["FIN_WAIT2"], 524288) == bucket(states["CLOSE_WAIT"], 524288) == 1
