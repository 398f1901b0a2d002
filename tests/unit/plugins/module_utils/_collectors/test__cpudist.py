# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cpudist at tiers 1 and 2."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import cpudist
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

CPUS = "version 15\ntimestamp 1\ncpu0 1 0 2 3 4 5 %d 907 %d\n"
THREAD = "/proc/7/task/7/schedstat"


def test_time_and_turns_of_all_cpus() -> None:
    before, after = {"/proc/schedstat": CPUS % (5000, 10)}, {"/proc/schedstat": CPUS % (25500, 14)}
    answer = cpudist.difference(before, after, 1.0, Limits())
    assert answer.data == {
        "count": 4,
        "total": 20.5,
        "series": [{"labels": {}, "count": 4, "total": 20.5, "buckets": None}],
    }
    assert any(note.startswith("a mean, not a distribution") for note in answer.notes)


def test_time_and_turns_of_threads() -> None:
    answer = cpudist.difference({THREAD: "1000 9 2\n"}, {THREAD: "4000 9 5\n"}, 1.0, Limits())
    assert (answer.data["count"], answer.data["total"]) == (3, 3.0)


def test_a_kernel_that_accounts_nothing_is_no_idle_one() -> None:
    with pytest.raises(TierFailure, match="how long tasks run"):
        cpudist.difference({}, {}, 1.0, Limits())


# As print_log2_hist of bcc prints it.
GREETING = "Tracing on-CPU time... Hit Ctrl-C to end.\n"
HISTOGRAM = (
    "     usecs               : count     distribution\n"
    "         0 -> 1          : 0        |                                        |\n"
    "         2 -> 3          : 742      |****************************************|\n"
    "         4 -> 7          : 5        |                                        |\n"
)


def test_the_tool() -> None:
    answer = cpudist.parse(GREETING + "\n" + HISTOGRAM, 0.0, Limits())
    assert (answer.data["count"], answer.data["total"]) == (747, None)
    assert answer.data["series"][0]["buckets"] == [(2, 4, 742), (4, 8, 5)]


def test_the_tool_saw_nothing() -> None:
    assert cpudist.parse(GREETING + "\n", 0.0, Limits()).data["count"] == 0


@pytest.mark.parametrize(
    "text", ["", GREETING, HISTOGRAM, GREETING + "\n" + HISTOGRAM * 2, GREETING + HISTOGRAM.replace("usecs", "msecs")]
)
def test_a_tool_that_is_not_understood(text: str) -> None:
    with pytest.raises(ValueError, match="tool"):
        cpudist.parse(text, 0.0, Limits())
