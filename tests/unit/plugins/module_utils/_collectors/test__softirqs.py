# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""softirqs at tiers 1 and 2."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import softirqs
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

FILE = "/proc/softirqs"
TEXT = "                    CPU0       CPU1       \n          HI:          0          0\n      NET_RX:  %d %d\n         RCU:    7  8\n"


def test_counts_by_vector() -> None:
    answer = softirqs.difference({FILE: TEXT % (100, 200)}, {FILE: TEXT % (150, 201)}, 1.0, Limits())
    assert answer.data == {
        "count": 51,
        "total": None,
        "series": [{"labels": {"vector": "net_rx"}, "count": 51, "total": None, "buckets": None}],
    }


def test_nothing_happened() -> None:
    answer = softirqs.difference({FILE: TEXT % (1, 2)}, {FILE: TEXT % (1, 2)}, 1.0, Limits())
    assert (answer.data["count"], answer.data["series"]) == (0, [])


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(TierFailure, match="/proc/softirqs cannot be read"):
        softirqs.difference({}, {FILE: TEXT % (1, 2)}, 1.0, Limits())


@pytest.mark.parametrize("text", ["CPU0\n", "CPU0\n<b>: 1\n", "CPU0\n%s: 1\n" % ("X" * 99)])
def test_a_file_of_another_form(text: str) -> None:
    with pytest.raises(ValueError, match="does not name vectors"):
        softirqs.difference({FILE: text}, {FILE: text}, 1.0, Limits())


# By the tool's source: softirqs-bpfcc 0.26, and print_log2_hist of bcc.
GREETING = "Tracing soft irq event time... Hit Ctrl-C to end.\n"
HISTOGRAM = (
    "     usecs               : count     distribution\n         2 -> 3          : %d      |*****               |\n"
)


def test_the_tool() -> None:
    text = GREETING + "\n\nsoftirq = net_rx\n" + HISTOGRAM % 4 + "\nsoftirq = rcu\n" + HISTOGRAM % 9
    answer = softirqs.parse(text, 0.0, Limits())
    assert answer.data == {
        "count": 13,
        "total": None,
        "series": [
            {"labels": {"vector": "rcu"}, "count": 9, "total": None, "buckets": [(2, 4, 9)]},
            {"labels": {"vector": "net_rx"}, "count": 4, "total": None, "buckets": [(2, 4, 4)]},
        ],
    }
    assert answer.truncated is None


def test_the_tool_saw_nothing() -> None:
    assert softirqs.parse(GREETING + "\n", 0.0, Limits()).data["count"] == 0


def test_the_tools_table_is_full() -> None:
    rows = "".join("%10d -> %-10d : 1 |*|\n" % (2**n if n else 0, 2 ** (n + 1) - 1) for n in range(32))
    section = "\nsoftirq = %s\n     usecs               : count     distribution\n" + rows
    answer = softirqs.parse(GREETING + section % "net_rx" + section % "rcu", 0.0, Limits())
    assert answer.truncated is not None
    assert "64 pairs" in answer.truncated


@pytest.mark.parametrize(
    "text", ["", GREETING, GREETING + HISTOGRAM % 1, GREETING + "\nsoftirq = rcu\n", GREETING + "\nhardirq = x\n"]
)
def test_a_tool_that_is_not_understood(text: str) -> None:
    with pytest.raises(ValueError, match="tool"):
        softirqs.parse(text, 0.0, Limits())
