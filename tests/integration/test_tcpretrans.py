# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcpretrans against real loss between two network namespaces, and the kernel's own RetransSegs."""

from __future__ import annotations

import collections.abc
import pathlib
import typing as t

import pytest
from collecting import Collection, answered, asking, native
from lossy import DEAF, Lossy
from truth import EXACT, truth

PAIRS = {"ipv4": ("10.111.0.1", "10.111.0.2"), "ipv6": ("fd00:111::1", "fd00:111::2")}


@pytest.fixture
def pairs() -> collections.abc.Iterator[dict[str, Lossy]]:
    """One pair of namespaces for each family."""
    made: dict[str, Lossy] = {}
    try:
        for number, (family, (left, right)) in enumerate(PAIRS.items()):
            made[family] = Lossy("ab"[number], left, right, percent=10)
        yield made
    finally:
        for pair in made.values():
            pair.close()


def rows_of(data: dict[str, t.Any], netns: int) -> list[dict[str, t.Any]]:
    """Return a result's rows of one network namespace."""
    return [row for row in data["items"] if row["labels"]["netns"] == netns]


@truth("tcpretrans", EXACT + ": RetransSegs of each namespace")
def test_accounts_for_the_kernels_own_count(pairs: dict[str, Lossy]) -> None:
    collection = Collection(duration=30, collectors=["tcpretrans"], max_items=1000)
    before = {(family, side): pair.retransmitted(side) for family, pair in pairs.items() for side in (0, 1)}
    senders = {family: pair.send(600_000, keep=True) for family, pair in pairs.items()}
    after = {(family, side): pair.retransmitted(side) for family, pair in pairs.items() for side in (0, 1)}
    data = native(collection.result("tcpretrans"))

    for family, pair in pairs.items():
        left, right = PAIRS[family]
        for side in (0, 1):
            rows = rows_of(data, pair.inum(side))
            counted = after[family, side] - before[family, side]
            # The counter counts segments and we count events; the event says how many segments it sent, so that both
            # sides of the equation are the same number. (The counter also has what the device refused, which is no
            # retransmit of ours: there is none of that on this link.)
            assert sum(row["segments"] for row in rows) == counted, (family, side, pair.how)
            assert sum(row["count"] for row in rows) <= counted
        rows = rows_of(data, pair.inum(0))
        sending = [row for row in rows if row["labels"]["daddr"] == right and row["labels"]["dport"] == 7000]
        # About a hundred packets, of which a tenth is lost: the chance that not one has to be sent again is 1 in 30,000.
        assert sum(row["count"] for row in sending) >= 1
        assert {row["labels"]["family"] for row in rows} == {family}
        assert {(row["labels"]["saddr"], row["labels"]["process"], row["labels"]["pid"]) for row in sending} == {
            (left, pathlib.Path("/proc/%d/comm" % senders[family]).read_text(encoding="ascii").strip(), senders[family])
        }
    assert data["count"] >= sum(row["count"] for row in data["items"])


@truth("tcpretrans", "at most RetransSegs, at least a quarter, for an event is of four segments at most", tier=2)
def test_at_tier_2_each_flow_is_told(pairs: dict[str, Lossy]) -> None:
    pair = pairs["ipv4"]
    collection = Collection(duration=20, collectors=["tcpretrans"], **asking(2))
    before = pair.retransmitted(0)
    pair.send(600_000, keep=True)
    counted = pair.retransmitted(0) - before
    rows = answered(collection.result("tcpretrans"), 2)["items"]
    found = sum(
        row["count"] for row in rows if (row["labels"]["daddr"], row["labels"]["dport"]) == (PAIRS["ipv4"][1], 7000)
    )
    assert 0 < found <= counted <= 4 * found


@truth("tcpretrans", EXACT + ": RetransSegs", tier=1)
def test_at_tier_1_it_is_the_kernels_own_count(pairs: dict[str, Lossy]) -> None:
    pair = pairs["ipv4"]
    collection = Collection(["ip", "netns", "exec", pair.names[0]], duration=20, collectors=["tcpretrans"], tier="1")
    before = pair.retransmitted(0)
    pair.send(600_000, keep=True)
    counted = pair.retransmitted(0) - before
    result = collection.result("tcpretrans")
    assert counted
    assert (result["tier"], result["status"], result["data"]["count"]) == (1, "ok", counted)


def test_a_flow_that_has_ended_has_no_process(pairs: dict[str, Lossy]) -> None:
    pair = pairs["ipv4"]
    collection = Collection(duration=20, collectors=["tcpretrans"])
    pair.send(300_000, keep=False)
    result = collection.result("tcpretrans")
    rows = [row for row in rows_of(native(result), pair.inum(0)) if row["labels"]["dport"] == 7000]
    assert rows
    assert {(row["labels"]["process"], row["labels"]["pid"]) for row in rows} == {(None, None)}
    assert any("null when nobody had" in note for note in result["notes"])


def test_a_syn_that_nobody_answers_is_sent_again(pairs: dict[str, Lossy]) -> None:
    pair = pairs["ipv6"]
    collection = Collection(duration=4, collectors=["tcpretrans"])
    pair.knock(seconds=2.5)
    data = native(collection.result("tcpretrans"))
    (row,) = [row for row in rows_of(data, pair.inum(0)) if row["labels"]["dport"] == DEAF]
    assert (row["state"], row["labels"]["daddr"]) == ("SYN_SENT", PAIRS["ipv6"][1])
    assert 1 <= row["count"] == row["segments"] <= 2, "after one second, and after two more"
