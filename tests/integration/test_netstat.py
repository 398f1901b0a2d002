# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netstat and netdev against datagrams that find a full socket, and connections that are refused and reset."""

from __future__ import annotations

import pathlib
import socket
import struct

from collecting import Collection
from truth import truth

DATAGRAMS, SIZE, REFUSED, RESET = 400, 1000, 15, 6


def counters(section: str) -> dict[str, int]:
    """Return a section of /proc/net/snmp."""
    lines = pathlib.Path("/proc/net/snmp").read_text(encoding="ascii").splitlines()
    names, values = [line.split()[1:] for line in lines if line.startswith(section + ":")]
    return dict(zip(names, map(int, values)))


def found_in(result: dict[str, object]) -> dict[str, int]:
    """Return the counts by counter."""
    assert (result["tier"], result["status"]) == (1, "ok")
    data = result["data"]
    assert isinstance(data, dict)
    return {row["labels"]["counter"]: row["count"] for row in data["items"]}


@truth("netdev", "at least the test's packets and bytes", tier=1)
@truth("netstat", "at least what the test lost, at most what the kernel counts around the window", tier=1)
def test_datagrams_that_find_no_room() -> None:
    before = counters("Udp")["RcvbufErrors"]
    collection = Collection(duration=3, collectors=["netstat", "netdev"])
    with socket.socket(type=socket.SOCK_DGRAM) as server, socket.socket(type=socket.SOCK_DGRAM) as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the smallest that there is
        server.bind(("127.0.0.1", 0))
        for _ in range(DATAGRAMS):
            client.sendto(b"x" * SIZE, server.getsockname())
        server.setblocking(False)
        received = 0
        try:
            while server.recv(SIZE):
                received += 1
        except BlockingIOError:
            pass
    record = collection.record()
    outside = counters("Udp")["RcvbufErrors"] - before
    netstat, netdev = record["results"]
    assert received < DATAGRAMS // 2
    assert DATAGRAMS - received <= found_in(netstat)["UdpRcvbufErrors"] <= outside
    (lo,) = [row for row in netdev["data"]["items"] if row["labels"]["device"] == "lo"]
    assert lo["packets"] >= 2 * DATAGRAMS  # each is sent and received
    assert lo["bytes"] >= 2 * DATAGRAMS * SIZE


def test_connections_that_are_refused_and_reset() -> None:
    before = counters("Tcp")
    collection = Collection(duration=3, collectors=["netstat"])
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        for _ in range(REFUSED):
            with socket.socket() as client:
                assert client.connect_ex(nobody.getsockname())
    with socket.create_server(("127.0.0.1", 0)) as server:
        for _ in range(RESET):
            client = socket.create_connection(server.getsockname())
            accepted, _address = server.accept()
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
            client.close()
    found = found_in(collection.result("netstat"))
    after = counters("Tcp")
    outside = {name: after[name] - before[name] for name in ("AttemptFails", "EstabResets")}
    assert REFUSED <= found["TcpAttemptFails"] <= outside["AttemptFails"]
    assert RESET <= found["TcpEstabResets"] <= outside["EstabResets"]
