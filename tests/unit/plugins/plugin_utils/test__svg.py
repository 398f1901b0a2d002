# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures: right, bounded, and well-formed."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _row, _svg

NONE = {"p50": None, "p90": None, "p99": None}


def bars(svg: str) -> list[tuple[float, str]]:
    """Return the height and the tooltip of each bar."""
    root = ET.fromstring(svg)
    return [
        (float(group.findall("rect")[1].get("height", "")), group.findtext("title", "")) for group in root.iter("g")
    ]


def test_bars_are_as_high_as_their_counts_and_gaps_are_shown() -> None:
    buckets = [(4, 8, 50), (16, 32, 100), (32, 64, 1)]
    found = bars(_svg.histogram(buckets, "us", _row.quantiles(buckets)))
    assert [height for height, _title in found] == [66.0, 0.0, 132.0, 1.5]  # of what happened once, something is seen
    assert found[1][1] == "8 \u00b5s \u2013 16 \u00b5s: 0 (0%)"
    assert found[2][1] == "16 \u00b5s \u2013 32 \u00b5s: 100 (66%)"


def test_quantiles_are_marked_once_for_each_bucket() -> None:
    buckets = [(0, 2, 10), (2, 4, 90)]
    marks = [
        one.text
        for one in ET.fromstring(_svg.histogram(buckets, "us", _row.quantiles(buckets))).iter("text")
        if one.get("class") == "q"
    ]
    assert marks == ["p50 p90 p99"]


@pytest.mark.parametrize(
    "buckets",
    [
        [(0, 2, 1)],
        [(1 << n, 1 << (n + 1), 2**63) for n in range(1, 64)],
        [(0, 2, 1), (1 << 62, 1 << 63, 1)],
        [(0, 10, 5), (10, 100, 6)],  # not log2: drawn as it is
        [(n, n + 1, 1) for n in range(1000, 4000)],
    ],
)
def test_every_histogram_can_be_drawn(buckets: list[tuple[int, int, int]]) -> None:
    svg = _svg.histogram(buckets, "<us>", _row.quantiles(buckets))
    ET.fromstring(svg)
    assert len(svg) < 64 * 600


def test_nothing_is_drawn_of_nothing() -> None:
    assert _svg.histogram([], "us", NONE) == ""


@pytest.mark.parametrize(("part", "most", "width"), [(1, 4, "25.00"), (4, 4, "100.00"), (0, 0, "0.00")])
def test_meter_is_as_long_as_its_part(part: int, most: int, width: str) -> None:
    root = ET.fromstring(_svg.meter(part, most))
    assert [one.get("width") for one in root.iter("rect")] == [width]


def test_tier_bar_is_as_long_as_its_hosts() -> None:
    root = ET.fromstring(_svg.tier_bar({"3": 1, "2": 0, "1": 2, "unknown": 1}, 4))
    assert [(one.get("class"), float(one.get("x", "")), float(one.get("width", ""))) for one in root.iter("rect")] == [
        ("t3", 0.0, 25.0),
        ("t1", 25.0, 50.0),
        ("tunknown", 75.0, 25.0),
    ]
    assert root.findtext("title") == "tier 3: 1, tier 1: 2, no tier: 1"
    assert ET.fromstring(_svg.tier_bar({"3": 0, "2": 0, "1": 0, "unknown": 0}, 0)).findtext("title") == "no hosts"
