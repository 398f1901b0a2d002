# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcprtt over a wire that holds every packet for a known time, against the kernel's own count of segments."""

from __future__ import annotations

import socket

from alone import Far
from collecting import Collection, answered, asking, native
from truth import tiers

ONE_WAY = 0.040  # there and back: 80 ms, which lies in [65536, 131072) microseconds
ROUNDS = 30

_SERVER = """
import socket
server = socket.create_server(("", 7300))
print("listening", flush=True)
peer = server.accept()[0]
peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while True:
    peer.sendall(peer.recv(64) or b"")
"""
_CLIENT = """
import socket, struct, sys, time
peer = socket.create_connection((sys.argv[1], 7300))
peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
slowest = 0
for _ in range(int(sys.argv[2])):
    begun = time.monotonic()
    peer.sendall(b"x")
    peer.recv(1)
    slowest = max(slowest, time.monotonic() - begun)
info = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
rtt = struct.unpack_from("I", info, 68)[0]
segments = struct.unpack_from("I", info, 140)[0]
print(rtt, segments, round(slowest * 1e6))
"""


@tiers("tcprtt", dict.fromkeys((3, 2), "at least the segments, each between the wire's time and what the client saw"))
def test_the_wires_time_is_found_at_each_segment(tier: int) -> None:
    far = Far("rtt", ONE_WAY)
    server = far.sides[1].start(_SERVER)
    try:
        collection = Collection(duration=12, collectors=["tcprtt"], **asking(tier))
        said = far.sides[0].python(_CLIENT, far.addresses[1], str(ROUNDS))
        data = answered(collection.result("tcprtt"), tier)
    finally:
        server.kill()
        server.communicate()
        far.close()
    rtt, segments, slowest = (int(word) for word in said.split())  # tcpi_rtt, tcpi_segs_in of struct tcp_info
    assert rtt >= 2 * ONE_WAY * 1e6
    (row,) = [row for row in data["series"] if row["labels"].get("scope", "remote") == "remote"]
    there = sum(count for lo, _hi, count in row["buckets"] if 65536 <= lo <= slowest)
    # The client has got a SYN-ACK, which came before the connection was established, and after it ROUNDS answers at least;
    # the server as many questions. Other connections of this machine may be as far away.
    assert segments - 1 >= ROUNDS
    assert there >= 2 * ROUNDS
    near = sum(row["count"] for row in data["series"] if row["labels"] == {"scope": "loopback"})
    assert data["count"] == row["count"] + near


def test_loopback_is_told_apart() -> None:
    collection = Collection(duration=3, collectors=["tcprtt"])
    server = socket.create_server(("127.0.0.1", 0))
    with server, socket.create_connection(server.getsockname()) as here, server.accept()[0] as there:
        for _ in range(200):
            here.sendall(b"x")
            there.recv(1)
            there.sendall(b"y")
            here.recv(1)
    data = native(collection.result("tcprtt"))
    (row,) = [row for row in data["series"] if row["labels"] == {"scope": "loopback"}]
    assert row["count"] >= 400
    assert row["total"] / row["count"] < 20000, "microseconds, on loopback"
