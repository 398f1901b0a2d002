# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcpconnlat over a wire that holds every packet for a known time, and against refusals, which are no connections."""

from __future__ import annotations

import collections.abc

import pytest
from alone import Alone, Far
from collecting import Collection, answered, asking
from truth import tiers

ONE_WAY = 0.070  # there and back: 140 ms, which lies in [131072, 262144) microseconds
CONNECTIONS = 15

_SERVER = """
import socket
server = socket.create_server(("", 7200))
print("listening", flush=True)
held = []
while True:
    held.append(server.accept())
"""
_CLIENT = """
import socket, sys, time
taken = []
for _ in range(int(sys.argv[2])):
    begun = time.monotonic()
    peer = socket.create_connection((sys.argv[1], 7200))
    taken.append(time.monotonic() - begun)
print(min(taken), max(taken), sum(taken))
"""


@pytest.fixture
def far() -> collections.abc.Iterator[Far]:
    wire = Far("conn", ONE_WAY)
    yield wire
    wire.close()


@tiers(
    "tcpconnlat",
    dict.fromkeys((3, 2), "at least the connections, each between the wire's time and what the client took"),
)
def test_a_connection_takes_a_round_trip(far: Far, tier: int) -> None:
    server = far.sides[1].start(_SERVER)
    try:
        collection = Collection(duration=10, collectors=["tcpconnlat"], **asking(tier))
        said = far.sides[0].python(_CLIENT, far.addresses[1], str(CONNECTIONS))
        data = answered(collection.result("tcpconnlat"), tier)
    finally:
        server.kill()
        server.communicate()
    fastest, slowest, total = (float(word) * 1e6 for word in said.split())
    assert fastest >= 2 * ONE_WAY * 1e6
    (row,) = data["series"]
    # The client's own clock starts earlier and stops later than the kernel's. Others' connections may be as slow by chance.
    there = sum(count for lo, _hi, count in row["buckets"] if 131072 <= lo <= slowest)
    assert there >= CONNECTIONS
    assert row["total"] >= CONNECTIONS * 2 * ONE_WAY * 1e6
    if row["count"] == CONNECTIONS:
        assert row["total"] <= total
        assert there == CONNECTIONS


def test_refusals_are_noted_and_not_counted() -> None:
    alone = Alone("refused")
    try:
        collection = Collection(duration=4, collectors=["tcpconnlat"])
        program = "import socket\nfor _ in range(25): socket.socket().connect_ex(('127.0.0.1', 7200))"
        before = alone.counters("/proc/net/snmp", "Tcp")
        alone.python(program)
        after = alone.counters("/proc/net/snmp", "Tcp")
        result = collection.result("tcpconnlat")
    finally:
        alone.close()
    assert after["AttemptFails"] - before["AttemptFails"] == 25
    (note,) = [note for note in result["notes"] if "attempts failed" in note]
    assert int(note.split()[0]) >= 25
