# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of each kind of data, and its bounds."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _shape
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

TWO = Limits(max_items=2, max_events=2)


def test_a_histogram_counts_what_it_leaves_out() -> None:
    rows = [_shape.series({"device": name}, n, n * 10, [(0, 2, n)]) for name, n in (("a", 1), ("b", 5), ("c", 3))]
    answer = _shape.histogram(rows, TWO)
    assert answer.data["count"] == 9
    assert answer.data["total"] == 90
    assert [row["labels"]["device"] for row in answer.data["series"]] == ["b", "c"]
    assert answer.notes == ("1 of 3 series are left out, the smallest ones (the limit is 2)",)


@pytest.mark.parametrize(("totals", "expected"), [((), 0), ((1, 2.5), 3.5), ((1, None), None), ((None,), None)])
def test_a_total_is_unknown_when_one_is(totals: tuple[t.Any, ...], expected: float | None) -> None:
    rows = [_shape.series({"n": n}, 1, total, None) for n, total in enumerate(totals)]
    assert _shape.histogram(rows, Limits()).data["total"] == expected


def test_counts_are_sorted_and_bounded() -> None:
    rows = [{"labels": {"n": n}, "count": n} for n in (1, 3, 2)]
    answer = _shape.counts(rows, TWO, lost=4)
    assert answer.data == {"count": 6, "items": [rows[1], rows[2]], "omitted": 1}
    assert answer.lost == 4


def test_a_headline_of_its_own() -> None:
    assert _shape.counts([], TWO, count=7).data == {"count": 7, "items": [], "omitted": 0}


def test_events_are_first_come_and_all_counted_by_name() -> None:
    rows = [{"comm": comm, "pid": pid} for pid, comm in enumerate("aabcc")]
    answer = _shape.events(rows, TWO)
    assert answer.data == {
        "count": 5,
        "items": [{"labels": {"comm": "a"}, "count": 2}, {"labels": {"comm": "c"}, "count": 2}],
        "events": rows[:2],
        "omitted": 3,
    }
    assert answer.notes == ("1 of 3 items are left out, the smallest ones (the limit is 2)",)
