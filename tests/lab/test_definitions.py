# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No definition of agreement is so wide that a wrong answer fits into it, and none agrees about nothing. No guest is needed."""

from __future__ import annotations

import agreement
import pytest
from agreement import Buckets

BUCKETS: Buckets = [(0, 2, 40), (2, 4, 300), (4, 8, 900), (8, 16, 500), (16, 32, 60), (32, 64, 20)]
COUNTS = {"read": 1000, "write": 400, "flush": 3}
PLACES = {"one": (180.0, 200.0), "other": (90.0, 100.0)}


def scaled(factor: float) -> Buckets:
    return [(low, high, round(n * factor)) for low, high, n in BUCKETS]


def shifted(steps: int) -> Buckets:
    return [(low * 2**steps or 2, high * 2**steps, n) for low, high, n in BUCKETS]


@pytest.mark.parametrize("attached", agreement.MOVED_SHARE)
def test_distributions_that_are_about_the_same_agree(attached: str) -> None:
    assert agreement.distributions({"a": BUCKETS}, {"a": BUCKETS}, attached).agrees
    assert agreement.distributions({"a": BUCKETS}, {"a": scaled(1.02)}, attached).agrees
    few: Buckets = [(2, 4, 5)]
    assert agreement.distributions({"a": BUCKETS, "b": few}, {"a": BUCKETS, "b": [(4, 8, 3)]}, attached).agrees


WRONG = {
    "half are missing": {"a": scaled(0.5)},
    "a twentieth is missing": {"a": scaled(0.95)},
    "all are counted twice": {"a": scaled(2)},
    "milliseconds for microseconds": {"a": shifted(10)},
    "one bucket off": {"a": shifted(1)},
    "without the slow ones": {"a": BUCKETS[:3]},
    "slow ones that are none": {"a": [*BUCKETS[:-1], (32, 64, 20 + 60)]},
    "another key": {"b": BUCKETS},
    "nothing": {},
    "one more": {"a": BUCKETS, "b": [(2.0, 4.0, 4)]},
}


@pytest.mark.parametrize("attached", agreement.MOVED_SHARE)
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_distributions_do_not_agree(wrong: str, attached: str) -> None:
    found = WRONG[wrong]
    assert not agreement.distributions(found, {"a": BUCKETS}, attached).agrees
    assert not agreement.distributions({"a": BUCKETS}, found, attached).agrees


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_distributions_do_not_agree_where_some_more_are_allowed(wrong: str) -> None:
    found = {key: [(low, high, n * 4) for low, high, n in rows] for key, rows in WRONG[wrong].items()}
    right = {"a": [(low, high, n * 4) for low, high, n in BUCKETS]}
    beyond = 60
    more = {"a": [*right["a"][:2], (4, 8, 3600 + beyond), *right["a"][3:]]}
    assert agreement.distributions(right, more, beyond=beyond).agrees
    if wrong != "one more":
        assert not agreement.distributions(found, right, beyond=beyond).agrees
        assert not agreement.distributions(right, found, beyond=beyond).agrees


def test_nothing_and_next_to_nothing_are_no_agreement() -> None:
    few: Buckets = [(2, 4, agreement.LEAST_VALUES - 1)]
    assert not agreement.distributions({}, {}).agrees
    assert not agreement.distributions({"a": few}, {"a": few}).agrees
    many: Buckets = [(2, 4, agreement.LEAST_SHARE_OF_BEYOND * 60 - 1)]
    assert not agreement.distributions({"a": many}, {"a": many}, beyond=60).agrees
    assert not agreement.same({}, {}).agrees
    assert not agreement.same({"a": 0}, {"a": 0}).agrees
    assert not agreement.near({}, {}, 0.03, 0).agrees
    slack = 10.0
    some = {"a": slack * (agreement.LEAST_SHARE_OF_SLACK - 1)}
    assert not agreement.near(some, some, 0.03, slack).agrees
    assert not agreement.in_the_same_place({}, {}).agrees
    rare = {"a": (agreement.LEAST_SAMPLES - 1.0, agreement.LEAST_SAMPLES - 1.0)}
    assert not agreement.in_the_same_place(rare, rare).agrees


def test_equal() -> None:
    assert agreement.same(COUNTS, dict(COUNTS)) == (True, "0 of 3 keys")


@pytest.mark.parametrize("wrong", [{**COUNTS, "read": 999}, {**COUNTS, "sync": 1}, {"read": 1000}, {}])
def test_what_is_not_equal(wrong: dict[str, float]) -> None:
    assert not agreement.same(wrong, COUNTS).agrees
    assert not agreement.same(COUNTS, wrong).agrees


def test_near() -> None:
    assert agreement.near(COUNTS, {"read": 1025, "write": 402, "flush": 0}, 0.03, 5).agrees


@pytest.mark.parametrize(
    "wrong",
    [
        {key: n / 2 for key, n in COUNTS.items()},
        {**COUNTS, "read": 960},
        {**COUNTS, "flush": 9},
        {**COUNTS, "sync": 6},
        {"read": 1000, "flush": 3},
        {"read": COUNTS["write"], "write": COUNTS["read"], "flush": 3},
        {},
    ],
)
def test_what_is_not_near(wrong: dict[str, float]) -> None:
    assert not agreement.near(wrong, COUNTS, 0.03, 5).agrees
    assert not agreement.near(COUNTS, wrong, 0.03, 5).agrees


def test_places() -> None:
    assert agreement.in_the_same_place(PLACES, {"one": (340.0, 400.0), "other": (93.0, 100.0)}).agrees


@pytest.mark.parametrize(
    "wrong",
    [
        {**PLACES, "one": (150.0, 200.0)},  # a share that is another
        {**PLACES, "other": (9.0, 10.0)},  # too few to tell
        {"one": PLACES["one"]},
        {key: (whole - part, whole) for key, (part, whole) in PLACES.items()},
        {},
    ],
)
def test_what_is_in_another_place(wrong: dict[str, tuple[float, float]]) -> None:
    assert not agreement.in_the_same_place(wrong, PLACES).agrees
    assert not agreement.in_the_same_place(PLACES, wrong).agrees


def test_both_elsewhere_is_no_agreement() -> None:
    elsewhere = {key: (whole - part, whole) for key, (part, whole) in PLACES.items()}
    assert not agreement.in_the_same_place(elsewhere, elsewhere).agrees
