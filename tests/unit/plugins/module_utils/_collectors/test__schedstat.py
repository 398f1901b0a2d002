# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scheduler's accounts; what becomes of them is in the tests of runqlat and cpudist."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _schedstat

DOMAIN = "domain0 00000000,00000003 " + "7 " * 36


def schedstat(version: int, *cpus: tuple[int, int]) -> str:
    """A schedstat of (run_delay, pcount) by CPU, with the other fields large and different from both."""
    lines = ["version %d" % version, "timestamp 4295000000"]
    for number, (delay, runs) in enumerate(cpus):
        lines += ["cpu%d 901 0 902 903 904 905 906000000000 %d %d" % (number, delay, runs), DOMAIN]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("version", [15, 16, 17])
def test_the_fields_of_every_known_version(version: int) -> None:
    assert _schedstat.cpus(schedstat(version, (5000, 7), (2**40, 2**33))) == {
        "cpu0": (7, 5000, 906000000000),
        "cpu1": (2**33, 2**40, 906000000000),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "unknown version"),
        (schedstat(14, (1, 1)), "unknown version"),
        (schedstat(18, (1, 1)), "unknown version"),
        (schedstat(15, (1, 1)) + "version 15\n", "unknown version"),
        ("version fifteen\n", "not a number"),
        ("version 15\ntimestamp 1\n", "lacks fields"),
        ("version 15\ncpu0 1 0 1 1\n", "lacks fields"),  # truncated
        ("version 15\ncpu0 1 0 1 1 1 1 1 x 1\n", "not a number"),
        ("version 15\ncpu0 1 0 1 1 1 1 1 -5 1\n", "not a number"),
    ],
)
def test_a_schedstat_that_is_not_understood(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _schedstat.cpus(text)


def test_the_fields_of_a_thread() -> None:
    assert _schedstat.task("901 5000 7\n") == _schedstat.Account(runs=7, waited=5000, ran=901)
