# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gethostlatency at tiers 3 and 2."""

from __future__ import annotations

import struct
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import gethostlatency
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import gethostlatency as program
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

# What can be found, by function.
GLIBC = {
    "getaddrinfo": "/lib/libc.so.6:100",
    "gethostbyname": "/lib/libc.so.6:200",
    "gethostbyname2": "/lib/libc.so.6:300",
}


def test_the_sections_name_the_functions_that_the_programs_number() -> None:
    assert set(program.PROGRAMS) == {
        (when + function, "%s/%s" % (kind, function))
        for when, kind in (("on_", "uprobe"), ("after_", "uretprobe"))
        for function in gethostlatency._FUNCTIONS
    }


def test_each_function_has_a_program_at_its_entry_and_one_at_its_return() -> None:
    assert gethostlatency.targets(GLIBC.get) == {
        "on_getaddrinfo": ["/lib/libc.so.6:100"],
        "on_gethostbyname": ["/lib/libc.so.6:200"],
        "on_gethostbyname2": ["/lib/libc.so.6:300"],
        "after_getaddrinfo": ["/lib/libc.so.6:100"],
        "after_gethostbyname": ["/lib/libc.so.6:200"],
        "after_gethostbyname2": ["/lib/libc.so.6:300"],
    }
    assert gethostlatency.scope_notes(GLIBC.get) == (
        "calls of /lib/libc.so.6's functions, whichever process makes them",
        gethostlatency._UNSEEN_NOTE,
    )


def test_a_function_that_is_not_there_is_left_out_and_said_so() -> None:
    some = {name: where for name, where in GLIBC.items() if name != "gethostbyname2"}
    targets = gethostlatency.targets(some.get)
    assert (targets["on_gethostbyname2"], targets["after_gethostbyname2"]) == ([], [])
    assert targets["after_gethostbyname"] == ["/lib/libc.so.6:200"]
    assert "/lib/libc.so.6 has no gethostbyname2" in gethostlatency.scope_notes(some.get)


def test_without_any_of_them_there_is_no_answer_at_this_tier() -> None:
    with pytest.raises(TierFailure, match="none of the functions getaddrinfo, gethostbyname, gethostbyname2") as caught:
        gethostlatency.targets({}.get)
    assert caught.value.reason.code == "no_symbol"


def test_they_are_found_here() -> None:
    assert all(where[0].startswith("/") for where in gethostlatency.targets().values())


class Maps:
    """What the programs have counted: by name and function's number, a slot with a call."""

    def __init__(self, calls: list[tuple[bytes, int, int]], failed: int = 0, lost: int = 0) -> None:
        """One call each."""
        self._calls, self._variables = calls, {"failed": failed, "lost": lost}

    def items(self, name: str) -> t.Iterator[tuple[bytes, bytes]]:
        """Yield struct key and struct hist."""
        assert name == "hists"
        for comm, function, slot in self._calls:
            slots = [int(slot == at) for at in range(64)]
            yield struct.pack("=16sI", comm, function), struct.pack("=65Q", 1000 << slot, *slots)

    def variable(self, name: str) -> int:
        """Return a number."""
        return self._variables[name]


def test_a_distribution_for_each_name_and_function() -> None:
    maps = Maps([(b"curl", 0, 5), (b"\xff\x1b", 2, 0)], failed=1, lost=4)
    answer = gethostlatency.read(t.cast("t.Any", maps), Limits())
    assert answer.data == {
        "count": 2,
        "total": 33.0,
        "series": [
            {
                "labels": {"comm": "curl", "function": "getaddrinfo"},
                "count": 1,
                "total": 32.0,
                "buckets": [(32, 64, 1)],
            },
            {
                "labels": {"comm": "\ufffd\ufffd", "function": "gethostbyname2"},
                "count": 1,
                "total": 1.0,
                "buckets": [(0, 2, 1)],
            },
        ],
    }
    assert answer.lost == 4
    assert any(note.startswith("1 calls found no address") for note in answer.notes)


def test_nobody_asked() -> None:
    answer = gethostlatency.read(t.cast("t.Any", Maps([])), Limits())
    assert (answer.data, answer.lost) == ({"count": 0, "total": 0, "series": []}, 0)
    assert not any("found no address" in note for note in answer.notes)


# By the format strings of gethostlatency-bpfcc: of 0.26, the third line as older versions have it.
HEADER = "TIME      PID     COMM                  LATms HOST\n"
LINES = (
    "06:10:24  28011   wget                  90.00 www.example.com\n"
    "06:10:28  4194304 a 9 1.00               0.07 \n"
    "06:10:28  28127  wget                   1.00 a b\udcff\x1b 2.00 c\n"
    "06:10:29  1       line\nend           12345.67 x\n"
)


def test_lines_are_distributions_by_name() -> None:
    answer = gethostlatency.parse(HEADER + LINES, 0, Limits())
    assert answer.data == {
        "count": 4,
        "total": 12436740.0,
        "series": [
            {
                "labels": {"comm": "wget", "function": None},
                "count": 2,
                "total": 91000.0,
                "buckets": [(512, 1024, 1), (65536, 131072, 1)],
            },
            {"labels": {"comm": "a 9 1.00", "function": None}, "count": 1, "total": 70.0, "buckets": [(64, 128, 1)]},
            {
                "labels": {"comm": "line\nend", "function": None},
                "count": 1,
                "total": 12345670.0,
                "buckets": [(8388608, 16777216, 1)],
            },
        ],
    }
    assert answer.lost == 0


def test_the_tool_saw_nothing() -> None:
    answer = gethostlatency.parse(HEADER, 0, Limits())
    assert (answer.data, answer.lost) == ({"count": 0, "total": 0, "series": []}, 0)


@pytest.mark.parametrize(
    "line", ["garbage", "06:10:28  28127   wget                        www.example.com", "and the rest of a name"]
)
def test_a_line_that_cannot_be_read_is_lost(line: str) -> None:
    answer = gethostlatency.parse(HEADER + line + "\n" + LINES, 0, Limits())
    assert (answer.data["count"], answer.lost) == (4, 1)
    assert any("could not be read" in note for note in answer.notes)


def test_a_tool_that_never_got_ready_has_no_answer() -> None:
    with pytest.raises(ValueError, match="did not print"):
        gethostlatency.parse("Traceback\n", 0, Limits())
