# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcpstates at tiers 3 and 2."""

from __future__ import annotations

import struct
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import tcpstates
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits


class Maps:
    """What the programs have counted: by state, {slot: count} and nanoseconds."""

    def __init__(self, states: dict[int, tuple[int, dict[int, int]]], unknown: int = 0, lost: int = 0) -> None:
        """A state that is not named has nothing."""
        self._states, self._variables = states, {"unknown": unknown, "lost": lost}
        self.max_entries = 16

    def __getitem__(self, name: str) -> Maps:
        """There is one that is asked for its size."""
        assert name == "hists"
        return self

    def lookup(self, name: str, key: bytes) -> bytes:
        """Return a struct hist."""
        assert name == "hists"
        total, slots = self._states.get(struct.unpack("=I", key)[0], (0, {}))
        return struct.pack("=65Q", total, *(slots.get(slot, 0) for slot in range(64)))

    def variable(self, name: str) -> int:
        """Return a number."""
        return self._variables[name]


def read(maps: Maps) -> t.Any:
    return tcpstates.read(t.cast("t.Any", maps), Limits())


def test_a_distribution_for_each_state_that_was_left() -> None:
    answer = read(Maps({1: (3_500_000, {10: 2, 11: 1}), 11: (1000, {0: 1}), 13: (2000, {1: 1})}))
    assert answer.data == {
        "count": 5,
        "total": 3503.0,
        "series": [
            {
                "labels": {"state": "ESTABLISHED"},
                "count": 3,
                "total": 3500.0,
                "buckets": [(1024, 2048, 2), (2048, 4096, 1)],
            },
            {"labels": {"state": "CLOSING"}, "count": 1, "total": 1.0, "buckets": [(0, 2, 1)]},
            {"labels": {"state": "13"}, "count": 1, "total": 2.0, "buckets": [(2, 4, 1)]},
        ],
    }
    assert answer.lost == 0
    assert not any("not in the distributions" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        (0, "7 states that were left are not in the distributions: they began before the window"),
        (3, "or their sockets found no room"),
    ],
)
def test_states_that_began_before_the_window(lost: int, words: str) -> None:
    answer = read(Maps({}, unknown=7, lost=lost))
    assert answer.data == {"count": 0, "total": 0, "series": []}
    assert answer.lost == lost
    assert any(words in note for note in answer.notes)
    assert any("no room" in note for note in answer.notes) == (lost > 0)


# By the format strings of tcpstates-bpfcc 0.18 and 0.26.
HEADER = "SKADDR,C-PID,C-COMM,IP,LADDR,LPORT,RADDR,RPORT,OLDSTATE,NEWSTATE,MS\n"
LINES = (
    "ffff9fd7e8192000,22384,curl,4,10.0.0.8,0,192.0.2.15,80,CLOSE,SYN_SENT,0.000\n"
    "ffff9fd7e8192000,0,swapper/5,4,10.0.0.8,63446,192.0.2.15,80,SYN_SENT,ESTABLISHED,1.373\n"
    "ffff9fd7e8192000,22384,a,b\n4,,4,10.0.0.8,63446,192.0.2.15,80,ESTABLISHED,FIN_WAIT1,176.042\n"
    "ffff9fd7e8192000,0,,4,10.0.0.8,63446,192.0.2.15,80,FIN_WAIT1,FIN_WAIT2,0.536\n"
    "ffff9fd7e8192000,0,\udcff\x1b,4,10.0.0.8,63446,192.0.2.15,80,FIN_WAIT2,CLOSE,0.006\n"
    "ffff9fd7e8192001,0,swapper/5,6,2001:db8::1,22,::ffff:192.0.2.1,9,LISTEN,SYN_RECV,0.000\n"
    "ffff9fd7e8192001,0,swapper/5,6,2001:db8::1,22,::ffff:192.0.2.1,9,SYN_RECV,ESTABLISHED,0.010\n"
    "ffff9fd7e8192002,1,sshd,6,::,22,::,0,ESTABLISHED,13,0.000\n"
)


def test_lines_are_distributions_by_state() -> None:
    answer = tcpstates.parse(HEADER + LINES, 0, Limits())
    assert {row["labels"]["state"]: (row["count"], row["total"], row["buckets"]) for row in answer.data["series"]} == {
        "SYN_SENT": (1, 1373, [(1024, 2048, 1)]),
        "ESTABLISHED": (1, 176042, [(131072, 262144, 1)]),
        "FIN_WAIT1": (1, 536, [(512, 1024, 1)]),
        "FIN_WAIT2": (1, 6, [(4, 8, 1)]),
        "SYN_RECV": (1, 10, [(8, 16, 1)]),
    }
    assert (answer.data["count"], answer.lost) == (5, 0)
    assert any(note.startswith("1 states that were left are not in") for note in answer.notes)


def test_nothing_happened() -> None:
    answer = tcpstates.parse(HEADER, 0, Limits())
    assert (answer.data, answer.lost) == ({"count": 0, "total": 0, "series": []}, 0)
    assert not any("not in the distributions" in note for note in answer.notes)


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        "ffff9fd7e8192000,22384,curl,4,10.0.0.8,0,192.0.2.15,80,ESTABLISHED,FIN_WAIT1,",
        "ffff9fd7e8192000,22384,curl,4,10.0.0.8,0,192.0.2.15,80,ESTABLISHED,FIN_WAIT1,-1.000",
        "ffff9fd7e8192000,22384,curl,4,10.0.0.8,0,192.0.2.15,80,<b>,FIN_WAIT1,1.000",
        "ffff9fd7e8192000,22384,a name that is too long,4,10.0.0.8,0,192.0.2.15,80,ESTABLISHED,FIN_WAIT1,1.000",
    ],
)
def test_a_line_that_cannot_be_read_is_lost(line: str) -> None:
    answer = tcpstates.parse(HEADER + line + "\n" + LINES, 0, Limits())
    assert (answer.data["count"], answer.lost) == (5, 1)
    assert any("could not be read" in note for note in answer.notes)


def test_a_tool_that_never_got_ready_has_no_answer() -> None:
    with pytest.raises(ValueError, match="did not print"):
        tcpstates.parse("Traceback\n", 0, Limits())
