# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""listendrop against a socket that accepts nothing, and connections that find its queue full."""

from __future__ import annotations

import contextlib
import math
import socket

from collecting import Collection
from truth import truth

ATTEMPTS = 12


@truth("listendrop", "at least the attempts, at most each once more a second", tier=1)
def test_an_accept_queue_that_is_full() -> None:
    collection = Collection(duration=3, collectors=["listendrop"])
    with socket.socket() as server, contextlib.ExitStack() as opened:
        server.bind(("127.0.0.1", 0))
        server.listen(1)  # room for two
        for _ in range(2 + ATTEMPTS):
            client = opened.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        result = collection.result("listendrop")
    assert (result["tier"], result["status"]) == (1, "ok")
    causes = {row["labels"]["cause"]: row["count"] for row in result["data"]["items"]}
    # Each of them is turned away at its first SYN, and at each that is sent again; kernels from 6.5 on send four a second apart.
    attempts = ATTEMPTS * (1 + math.ceil(result["window"]["seconds"]))
    assert ATTEMPTS <= causes["accept queue full"] <= attempts
    assert result["data"]["count"] == sum(causes.values())


def test_a_socket_that_has_room_turns_nobody_away() -> None:
    collection = Collection(duration=2, collectors=["listendrop"])
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server, contextlib.ExitStack() as opened:
        for _ in range(20):
            opened.enter_context(socket.create_connection(server.getsockname()))
    result = collection.result("listendrop")
    assert (result["status"], result["data"]["count"]) == ("idle", 0)
