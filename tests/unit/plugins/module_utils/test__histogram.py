# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log2 histograms: exact bounds, merging, honest quantiles."""

from __future__ import annotations

import random

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils import _histogram


@pytest.mark.parametrize(
    ("value", "slot"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (1023, 9), (1024, 10), (2**63, 63)]
)
def test_slots_hold_their_values(value: int, slot: int) -> None:
    assert _histogram.slot_of(value) == slot
    low, high = _histogram.bounds(slot)
    assert low <= value < high


def test_from_slots_leaves_empty_ones_out() -> None:
    assert _histogram.from_slots([3, 0, 0, 2]) == [(0, 2, 3), (8, 16, 2)]


def test_merging_loses_nothing_in_any_order() -> None:
    chance = random.Random(1)
    parts = [_histogram.from_slots([chance.randrange(5) for _ in range(20)]) for _ in range(8)]
    whole = _histogram.merge(parts)
    assert sum(count for _lo, _hi, count in whole) == sum(count for part in parts for _lo, _hi, count in part)
    chance.shuffle(parts)
    assert _histogram.merge([_histogram.merge(parts[:3]), _histogram.merge(parts[3:])]) == whole


@pytest.mark.parametrize("q", [0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1])
def test_a_quantiles_bounds_hold_the_true_one(q: float) -> None:
    chance = random.Random(int(q * 1000))
    values = sorted(int(chance.expovariate(0.01)) for _ in range(997))
    slots = [0] * 64
    for value in values:
        slots[_histogram.slot_of(value)] += 1
    found = _histogram.quantile(_histogram.from_slots(slots), q)
    true = values[-(-int(q * 1000) * 997 // 1000) - 1]
    assert found is not None
    assert found.lo <= true < found.hi


@pytest.mark.parametrize("q", [0, -1, 1.5])
def test_a_quantile_is_a_share(q: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        _histogram.quantile([(0, 2, 1)], q)


def test_an_empty_histogram_has_no_quantile() -> None:
    assert _histogram.quantile([], 0.5) is None
    assert _histogram.quantile([(0, 2, 0)], 0.5) is None
