# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""softirqs against the kernel's own counters of the same time (/proc/softirqs)."""

from __future__ import annotations

import pathlib
import socket

from collecting import Collection, answered, asking, native
from truth import tiers

PACKETS = 20000


def handled() -> dict[str, int]:
    """Return how often each vector was handled since boot."""
    lines = pathlib.Path("/proc/softirqs").read_text(encoding="ascii").splitlines()[1:]
    return {line.split()[0].rstrip(":").lower(): sum(map(int, line.split()[1:])) for line in lines}


def send_to_myself(packets: int) -> None:
    """Send packets over loopback, each of which the kernel receives in a soft interrupt."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, socket.socket(
        socket.AF_INET, socket.SOCK_DGRAM
    ) as sender:
        receiver.bind(("127.0.0.1", 0))
        for _ in range(packets):
            sender.sendto(b"x", receiver.getsockname())
            receiver.recv(1)


@tiers("softirqs", dict.fromkeys((3, 2, 1), "between counts of /proc/softirqs within and around the window, by vector"))
def test_lies_between_the_kernels_own_counts(tier: int) -> None:
    before = handled()
    collection = Collection(duration=6, collectors=["softirqs"], **asking(tier))
    opened = handled()
    send_to_myself(PACKETS)
    done = handled()
    data = answered(collection.result("softirqs"), tier)
    after = handled()
    counts = {row["labels"]["vector"]: row["count"] for row in data["series"]}
    assert done["net_rx"] - opened["net_rx"] >= PACKETS * 0.9, "the work is what was thought"
    # The first pair of samples lies within the window, the second one around it.
    for vector in before:
        assert done[vector] - opened[vector] <= counts.get(vector, 0) <= after[vector] - before[vector], vector
    assert set(counts) <= set(before)
    assert data["count"] == sum(counts.values())


def test_histograms_add_up() -> None:
    collection = Collection(duration=2, collectors=["softirqs"])
    send_to_myself(1000)
    data = native(collection.result("softirqs"))
    (row,) = [row for row in data["series"] if row["labels"] == {"vector": "net_rx"}]
    assert row["count"] == sum(count for _lo, _hi, count in row["buckets"]) >= 900
    low = sum(lo * count for lo, _hi, count in row["buckets"])
    high = sum(hi * count for _lo, hi, count in row["buckets"])
    assert low <= row["total"] <= high
    assert row["total"] < 2e6, "a soft interrupt of loopback takes microseconds"
