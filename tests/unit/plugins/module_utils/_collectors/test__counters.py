# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counters: strict numbers, growth across wraps and resets, the tables of /proc/net."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _counters
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0, 0, 0),
        (5, 9, 4),
        (2**32 - 6, 10, 16),  # one wrap of 32 bits
        (2**31, 0, None),  # half the range: as likely a reset
        (2**31 + 1, 0, 2**31 - 1),
        (100, 50, None),  # a reset
        (2**32, 2**32 + 7, 7),  # past 32 bits without a wrap
        (2**33, 5, None),
        (2**64 - 1, 2, 3),  # one wrap of 64 bits
        (2**63, 2**64 - 1, 2**63 - 1),
    ],
)
def test_growth(before: int, after: int, expected: int | None) -> None:
    assert _counters.growth(before, after) == expected


@pytest.mark.parametrize("text", ["0", "7", "18446744073709551615"])
def test_natural(text: str) -> None:
    assert _counters.natural(text) == int(text)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1_000", " 1", "1.0", "0x1", "\u0661", "1" * 21, "nan"])
def test_what_is_no_natural_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        _counters.natural(text)


SNMP = "Ip: Forwarding DefaultTTL\nIp: 1 64\nTcp: RtoMin MaxConn RetransSegs\nTcp: 200 -1 12\n"


def test_a_section_of_snmp() -> None:
    assert _counters.mib(SNMP, "Tcp") == {"RtoMin": 200, "RetransSegs": 12}
    assert _counters.mib(SNMP, "Ip") == {"Forwarding": 1, "DefaultTTL": 64}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tcp: RtoMin\n",  # truncated
        "Tcp: RtoMin MaxConn\nTcp: 200\n",
        "Tcp: RtoMin\nTcp: 200\nTcp: 300\n",
        "Tcp: RtoMin\nTcp: many\n",
    ],
)
def test_what_is_no_section_of_snmp(text: str) -> None:
    with pytest.raises(ValueError, match=r"Tcp: lines|not a number"):
        _counters.mib(text, "Tcp")


@pytest.mark.parametrize(("before", "after"), [({}, {}), ({"/proc/x": ""}, {}), ({}, {"/proc/x": ""})])
def test_a_file_that_is_missing_is_named(before: dict[str, str], after: dict[str, str]) -> None:
    with pytest.raises(TierFailure) as failure:
        _counters.both("/proc/x", before, after, "look for it")
    assert failure.value.reason == ("no_file", "/proc/x cannot be read", "look for it")


def test_a_file_in_both_samples() -> None:
    assert _counters.both("/proc/x", {"/proc/x": "1"}, {"/proc/x": "2"}) == ("1", "2")
