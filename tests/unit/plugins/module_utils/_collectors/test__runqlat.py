# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""runqlat at tiers 1 and 2."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import runqlat
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

FILE = "/proc/schedstat"
DOMAIN = "domain0 00000000,00000003 " + "7 " * 36


def schedstat(version: int, *cpus: tuple[int, int]) -> str:
    """A schedstat of (run_delay, pcount) by CPU, with the other fields large and different from both."""
    lines = ["version %d" % version, "timestamp 4295000000"]
    for number, (delay, runs) in enumerate(cpus):
        lines += ["cpu%d 901 0 902 903 904 905 906000000000 %d %d" % (number, delay, runs), DOMAIN]
    return "\n".join(lines) + "\n"


def difference(before: dict[str, str], after: dict[str, str]) -> t.Any:
    return runqlat.difference(before, after, 1.0, Limits())


def test_all_cpus_together() -> None:
    before, after = schedstat(15, (1000, 10), (5000, 20)), schedstat(15, (4000, 13), (7500, 25))
    answer = difference({FILE: before}, {FILE: after})
    assert answer.data == {
        "count": 8,
        "total": 5.5,
        "series": [{"labels": {}, "count": 8, "total": 5.5, "buckets": None}],
    }
    assert "not a distribution" in answer.notes[0]


def test_nothing_ran() -> None:
    same = {FILE: schedstat(15, (1, 1))}
    assert difference(same, same).data == {"count": 0, "total": 0, "series": []}


def test_a_cpu_that_came_in_the_window_is_left_out_and_named() -> None:
    before, after = schedstat(15, (1000, 10)), schedstat(15, (2000, 12), (10**9, 10**6))
    answer = difference({FILE: before}, {FILE: after})
    assert (answer.data["count"], answer.data["total"]) == (2, 1.0)
    assert any("cpu1" in note for note in answer.notes)


def test_a_counter_of_32_bits_that_wraps() -> None:
    before, after = schedstat(15, (1000, 2**32 - 2)), schedstat(15, (3000, 3))
    assert difference({FILE: before}, {FILE: after}).data["count"] == 5


def tasks(**texts: str) -> dict[str, str]:
    return {"/proc/%s/task/%s/schedstat" % (name[1:], name[1:]): text for name, text in texts.items()}


@pytest.mark.parametrize(
    ("before", "after", "count", "total"),
    [
        (tasks(t1="9 1000 2\n"), tasks(t1="9 4000 5\n"), 3, 3.0),
        (tasks(), tasks(t2="9 4000 5\n"), 5, 4.0),  # began in the window
        (tasks(t1="9 1000 2\n", t2="1 1 1\n"), tasks(t1="9 1000 3\n"), 1, 0.0),  # t2 ended in the window
        (tasks(t1="9 9000 8\n"), tasks(t1="1 500 2\n"), 2, 0.5),  # its number given to a new thread
    ],
)
def test_threads_where_there_is_no_schedstat(
    before: dict[str, str], after: dict[str, str], count: int, total: float
) -> None:
    answer = difference(before, after)
    assert (answer.data["count"], answer.data["total"]) == (count, total)
    assert any("ended in the window" in note for note in answer.notes)


@pytest.mark.parametrize("after", [{}, tasks(t1="0 0 0\n", t2="0 0 0\n")])
def test_a_kernel_that_accounts_nothing_is_no_idle_one(after: dict[str, str]) -> None:
    with pytest.raises(TierFailure) as failure:
        difference({}, after)
    assert failure.value.reason.code == "not_accounted"
    assert failure.value.reason.remedy


@pytest.mark.parametrize("text", ["", "1 2\n", "1 2 3 4\n", "a b c\n"])
def test_a_hostile_task(text: str) -> None:
    with pytest.raises(ValueError, match=r"fields|not a number"):
        difference({}, tasks(t1=text))


HISTOGRAM = (
    "     usecs               : count     distribution\n"
    "         0 -> 1          : 233      |***********                             |\n"
    "         2 -> 3          : 742      |************************************    |\n"
)
GREETING = "Tracing run queue latency... Hit Ctrl-C to end.\n"


def test_the_tool() -> None:
    answer = runqlat.parse(GREETING + "\n" + HISTOGRAM, 0.0, Limits())
    assert answer.data == {
        "count": 975,
        "total": None,
        "series": [{"labels": {}, "count": 975, "total": None, "buckets": [(0, 2, 233), (2, 4, 742)]}],
    }
    assert answer.lost is None


def test_the_tool_saw_nothing() -> None:
    assert runqlat.parse(GREETING + "\n", 0.0, Limits()).data["count"] == 0


@pytest.mark.parametrize(
    "text",
    ["", GREETING, HISTOGRAM, GREETING + "\n" + HISTOGRAM + "\n" + HISTOGRAM, GREETING + "\npid = 7\n" + HISTOGRAM],
)
def test_a_tool_that_is_not_understood(text: str) -> None:
    with pytest.raises(ValueError, match="tool"):
        runqlat.parse(text, 0.0, Limits())
