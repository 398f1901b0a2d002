# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histograms as people have them: what merges, where a quantile lies, and one sentence for what is none."""

from __future__ import annotations

import random
import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.ebpf.fleet.plugins.filter import histograms
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _people

from .conftest import Folder, record

A, B = [[2, 4, 1], [8, 16, 3]], [[2, 4, 2], [4, 8, 5]]
BOTH = [[2, 4, 3], [4, 8, 5], [8, 16, 3]]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, []),
        ([], []),
        (A, A),
        ([[8, 16, 3], [2, 4, 1]], A),
        ({"buckets": A}, A),
        ({"buckets": None, "count": 7}, []),
        ({"series": [{"labels": {}, "buckets": A}, {"labels": {}, "buckets": B}]}, BOTH),
        ({"collector": "biolatency", "data": {"count": 4, "series": [{"buckets": A}]}}, A),
        ({"collector": "biolatency", "data": None}, []),
        ({"collector": "biolatency", "histogram": {"buckets": B, "quantiles": {}}}, B),
    ],
)
def test_what_is_taken_for_a_histogram(value: t.Any, wanted: list[list[int]]) -> None:
    assert _people.buckets(value) == wanted
    assert _people.merged([value, None]) == wanted


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("abc", "A histogram is a list of"),
        (7, "A histogram is a list of"),
        ([[1, 2]], "A bucket is"),
        ([[4, 2, 1]], "A bucket is"),
        ([[2, 4, -1]], "A bucket is"),
        ([[2, 4, 1.5]], "A bucket is"),
        ([[2, 4, True]], "A bucket is"),
        ([["<script>", 4, 1]], "A bucket is"),
        ({"items": []}, "what was given has: items"),
    ],
)
def test_what_is_none_is_one_sentence(value: t.Any, said: str) -> None:
    for function, arguments in (
        (_people.merged, ([value],)),
        (_people.quantile, (value, 0.5)),
        (_people.drawn, (value,)),
    ):
        with pytest.raises(_people.Unusable, match=said) as told:
            function(*arguments)
        assert "\n" not in str(told.value)
        assert str(told.value)[-1] == "."


def test_merging_loses_nothing_in_whatever_order() -> None:
    chance = random.Random(4)
    many = [
        [[1 << n, 2 << n, chance.randrange(1, 9)] for n in sorted(chance.sample(range(1, 40), 5))] for _ in range(50)
    ]
    whole = _people.merged(many)
    chance.shuffle(many)
    assert _people.merged(many) == whole
    assert _people.merged([_people.merged(many[:20]), _people.merged(many[20:])]) == whole
    assert sum(one[2] for one in whole) == sum(bucket[2] for one in many for bucket in one)


@pytest.mark.parametrize("q", [0, -1, 1.01, "0.5", None, True])
def test_a_quantile_that_there_is_not(q: t.Any) -> None:
    with pytest.raises(_people.Unusable, match="A quantile is a number above 0"):
        _people.quantile(A, q)


@pytest.mark.parametrize(("q", "wanted"), [(0.25, (2, 4)), (0.26, (8, 16)), (1, (8, 16))])
def test_quantiles(q: float, wanted: tuple[int, int]) -> None:
    assert _people.quantile(A, q) == dict(zip(("lo", "hi"), wanted, strict=True))
    assert _people.quantile([], q) is None


def test_they_agree_with_the_report(folder: Folder) -> None:
    for number in range(3):
        folder.add("web-%d" % number, ("web",), record("tier3", "web-%d" % number))
    survey = folder.survey()
    whole = {one["collector"]: one for one in survey.head["inventory"]["collectors"]}
    survey.close()
    results = [one for _ in range(3) for one in record("tier3")["results"] if one["collector"] == "runqlat"]
    merged = _people.merged(results)
    assert merged == [list(one) for one in whole["runqlat"]["histogram"]["buckets"]]
    assert _people.quantile(merged, 0.99) == whole["runqlat"]["histogram"]["quantiles"]["p99"]
    assert _people.quantile(whole["runqlat"], 0.5) == whole["runqlat"]["histogram"]["quantiles"]["p50"]


def test_a_drawing_shows_gaps_and_has_no_more_than_its_rows() -> None:
    lines = _people.drawn([[2, 4, 1], [16, 32, 100]], "retransmits", 10).splitlines()
    assert [line.count("\u2588") for line in lines] == [1, 0, 0, 10]
    assert _people.drawn([]) == ""
    assert len(_people.drawn([[n, n + 1, 1] for n in range(100_000)]).splitlines()) == 200
    assert "\x1b" not in _people.drawn(A, "\x1b[31mred")


def test_the_filters_are_those_that_are_documented() -> None:
    filters = histograms.FilterModule().filters()
    assert set(filters) == {"merge_histograms", "quantile", "draw_histogram"}
    with pytest.raises(AnsibleFilterError, match="ebpf.fleet.quantile: A quantile is"):
        filters["quantile"](A, 7)
