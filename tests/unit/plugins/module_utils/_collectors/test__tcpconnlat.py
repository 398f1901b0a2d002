# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcpconnlat at tier 2."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import tcpconnlat
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

# By the format strings of tcpconnlat-bpfcc 0.26.
HEADER = "PID     COMM         IP SADDR            DADDR            DPORT LAT(ms)\n"
LINES = (
    "1201    curl         4  192.0.2.1        192.0.2.7        443   35.12\n"
    "1202    a b 4 c      6  2001:db8::1      2001:db8::2      80    0.07\n"
    "12020001 \xff\x1b          4  127.0.0.1        127.0.0.1        80    0.00\n"
)


def test_lines_are_a_distribution() -> None:
    answer = tcpconnlat.parse(HEADER + LINES, 0, Limits())
    (row,) = answer.data["series"]
    assert row["buckets"] == [(0, 2, 1), (64, 128, 1), (32768, 65536, 1)]
    assert (row["count"], row["total"], answer.lost) == (3, 35190.0, 0)


def test_nothing_happened() -> None:
    assert tcpconnlat.parse(HEADER, 0, Limits()).data == {"count": 0, "total": 0, "series": []}


@pytest.mark.parametrize("line", ["garbage", "1201    curl         4  192.0.2.1        192.0.2.7        443   "])
def test_a_line_that_cannot_be_read_is_lost(line: str) -> None:
    answer = tcpconnlat.parse(HEADER + line + "\n" + LINES, 0, Limits())
    assert (answer.data["count"], answer.lost) == (3, 1)
    assert any("could not be read" in note for note in answer.notes)


def test_a_tool_that_never_got_ready_has_no_answer() -> None:
    with pytest.raises(ValueError, match="did not print"):
        tcpconnlat.parse("Traceback\n", 0, Limits())
