# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it means that two tiers agree about the same time; docs/tiers.md says it in words.

Both see the same events, each takes the time of day a moment apart, and a bucket's bound can lie between the moments. How far
apart depends on how the tool is attached: a kprobe is a trap, which in an emulated processor takes some 10 microseconds, and a
tool that has one at the end of what it measures finds all of it that much longer.
"""

from __future__ import annotations

import typing as t

COUNT_SHARE = 0.03  # by how much two counts of a histogram may differ
MOVED_SHARE = {
    "tracepoint": 0.10,
    "kprobe": 0.25,
}  # how much of what they hold may be in another bucket, by how the tool attaches
FAR_SHARE = 0.03  # how much may be more than one bucket away
QUANTILES = (0.5, 0.9, 0.99)  # each at most one bucket apart
ENDS = ("saddr", "sport", "daddr", "dport")  # what a flow is to both

Buckets = t.List[t.Tuple[float, float, int]]
Data = t.Mapping[str, t.Any]


def buckets(found: Data) -> Buckets:
    """Return the buckets of a histogram that has one series."""
    (series,) = found["series"]
    return [(lo, hi, n) for lo, hi, n in series["buckets"]]


def count(histogram: Buckets) -> int:
    """Return how many values a histogram holds."""
    return sum(n for _lo, _hi, n in histogram)


def quantile_bucket(histogram: Buckets, share: float) -> int:
    """Return the number of the bucket, by its power of two, in which a quantile lies."""
    left = share * count(histogram)
    for _lo, hi, n in histogram:
        left -= n
        if left <= 0:
            return int(hi).bit_length()
    raise AssertionError("an empty histogram has no quantile")


def moved(one: Buckets, other: Buckets) -> float:
    """Return the share of what two histograms hold that is in another bucket (their total variation distance)."""
    shares = [{lo: n / count(each) for lo, _hi, n in each} for each in (one, other)]
    return sum(abs(shares[0].get(lo, 0) - shares[1].get(lo, 0)) for lo in {*shares[0], *shares[1]}) / 2


def far(one: Buckets, other: Buckets) -> float:
    """Return the share of what two histograms hold that is more than one bucket away (their Levy distance's height).

    At every bound, what the one has below it is between what the other has below half of it and below twice of it.
    """
    bounds = sorted({hi for _lo, hi, _n in (*one, *other)})
    below = [
        {
            at: sum(n for _lo, hi, n in each if hi <= at) / count(each)
            for bound in bounds
            for at in (bound / 2, bound, bound * 2)
        }
        for each in (one, other)
    ]
    gaps = (
        max(first[bound / 2] - second[bound], second[bound] - first[bound * 2])
        for bound in bounds
        for first, second in (below, below[::-1])
    )
    return max(0.0, *gaps)


def assert_histograms_agree(one: Buckets, other: Buckets, attached: str) -> None:
    """Two histograms agree when their counts do, when few values are in another bucket, and next to none further away."""
    counts = [count(each) for each in (one, other)]
    assert abs(counts[0] - counts[1]) <= COUNT_SHARE * max(counts), counts
    assert moved(one, other) <= MOVED_SHARE[attached], (one, other)
    assert far(one, other) <= FAR_SHARE, (one, other)
    for share in QUANTILES:
        assert abs(quantile_bucket(one, share) - quantile_bucket(other, share)) <= 1, (share, one, other)


def flows(found: Data) -> dict[tuple[t.Any, ...], int]:
    """Return how often each flow of tcpretrans retransmitted."""
    return {tuple(row["labels"][end] for end in ENDS): row["count"] for row in found["items"]}


def processes(found: Data) -> set[int]:
    """Return the processes that execsnoop saw start."""
    return {event["pid"] for event in found["events"]}
