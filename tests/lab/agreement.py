# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it means that two tiers, or we and an independent tool, agree about the same time; docs/agreement.md says it in words.

Histograms: both see the same events, each takes the time of day a moment apart, and a bucket's bound can lie between the moments.
How far apart depends on how the tool is attached: a kprobe is a trap, which in an emulated processor takes some 10 microseconds,
and a tool that has one at the end of what it measures finds all of it that much longer.

A definition returns a Verdict. None of them agrees about nothing: where there was too little to tell, that is no agreement.
"""

from __future__ import annotations

import typing as t

COUNT_SHARE = 0.03  # by how much two counts of a histogram may differ
MOVED_SHARE = {
    "tracepoint": 0.10,
    "kprobe": 0.25,
    "another function": 0.25,
}  # how much of what they hold may be in another bucket, by how, or where, the tool attaches
FAR_SHARE = 0.03  # how much may be more than one bucket away
QUANTILES = (0.5, 0.9, 0.99)  # each at most one bucket apart, where LEAST_BEYOND values lie beyond it
LEAST_BEYOND = 30
ENDS = ("saddr", "sport", "daddr", "dport")  # what a flow is to both

Buckets = t.List[t.Tuple[float, float, int]]
Data = t.Mapping[str, t.Any]
Counted = t.Mapping[t.Any, float]  # by key
Histograms = t.Mapping[t.Any, Buckets]  # by key
Shares = t.Mapping[t.Any, t.Tuple[float, float]]  # by key: how much of how much

LEAST_SHARE_OF_SLACK = 20  # how many times what may differ must be there to be counted
LEAST_VALUES = 100  # in a histogram whose form is compared
LEAST_SHARE_OF_BEYOND = 10
FEW = 3  # by how much the count of a histogram with fewer values may differ
LEAST_SAMPLES = 50
SHARE_APART = 0.1  # by how much two shares may differ


class Verdict(t.NamedTuple):
    """Whether both agree, and by what they differ, in words that are the same in every run but for their figures."""

    agrees: bool
    difference: str


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


def alike(one: Buckets, other: Buckets, attached: str, beyond: int = 0) -> bool:
    """Say whether two histograms agree: when their counts do, few values are in another bucket, and next to none further away.

    `beyond`: the counts may differ by so many, too.
    """
    counts = [count(each) for each in (one, other)]
    return (
        min(counts) > 0
        and abs(counts[0] - counts[1]) <= max(COUNT_SHARE * max(counts), beyond)
        and moved(one, other) <= MOVED_SHARE[attached]
        and far(one, other) <= FAR_SHARE
        and all(
            abs(quantile_bucket(one, share) - quantile_bucket(other, share)) <= 1
            for share in QUANTILES
            if round((1 - share) * min(counts), 6) >= LEAST_BEYOND
        )
    )


def assert_histograms_agree(one: Buckets, other: Buckets, attached: str) -> None:
    """Two histograms are alike."""
    assert alike(one, other, attached), (one, other)


def distributions(ours: Histograms, theirs: Histograms, attached: str = "tracepoint", beyond: int = FEW) -> Verdict:
    """Histograms by key: those with LEAST_VALUES or more are alike; the counts of the others are `beyond` apart at most.

    One at least has LEAST_VALUES, and all together have LEAST_SHARE_OF_BEYOND times `beyond`.
    """
    many, wrong, shares = 0, 0, [0.0, 0.0, 0.0]
    for key in {*ours, *theirs}:
        pair = ours.get(key, []), theirs.get(key, [])
        counts = [count(each) for each in pair]
        if max(counts) < LEAST_VALUES:
            wrong += abs(counts[0] - counts[1]) > beyond
            continue
        many += 1
        wrong += not alike(*pair, attached, beyond)
        if min(counts):
            found = (1 - min(counts) / max(counts), moved(*pair), far(*pair))
            shares = [max(both) for both in zip(shares, found)]
    enough = min(sum(map(count, each.values())) for each in (ours, theirs)) >= LEAST_SHARE_OF_BEYOND * beyond
    text = "of %d distributions, at most: count %.1f%%, in another bucket %.1f%%, further away %.1f%%"
    return Verdict(many > 0 and enough and not wrong, text % (many, *(100 * share for share in shares)))


def same(ours: Counted, theirs: Counted) -> Verdict:
    """Every key is there for both, with the same number; there is one at least, and a number that is not 0."""
    differ = sum(ours.get(key) != theirs.get(key) for key in {*ours, *theirs})
    return Verdict(not differ and any(ours.values()), "%d of %d keys" % (differ, len({*ours, *theirs})))


def near(ours: Counted, theirs: Counted, share: float, slack: float) -> Verdict:
    """The numbers of every key differ by `share` of the larger or by `slack`, whichever is more.

    Of each there is enough that this could be told: all together are LEAST_SHARE_OF_SLACK times the slack.
    """
    apart, wrong = 0.0, 0
    for key in {*ours, *theirs}:
        pair = ours.get(key, 0), theirs.get(key, 0)
        by = abs(pair[0] - pair[1])
        wrong += by > max(share * max(pair), slack)
        apart = max(apart, by / max(pair)) if by > slack else apart
    enough = min(sum(ours.values()), sum(theirs.values())) >= max(LEAST_SHARE_OF_SLACK * slack, 1)
    text = "of %d keys, beyond %g: at most %.1f%%"
    return Verdict(enough and not wrong, text % (len({*ours, *theirs}), slack, 100 * apart))


def in_the_same_place(ours: Shares, theirs: Shares) -> Verdict:
    """Of the same keys, each with LEAST_SAMPLES or more, both find most in the known place, and shares of it SHARE_APART apart at most."""
    wrong, apart = 0, 0.0
    for key in {*ours, *theirs}:
        pair = [each.get(key, (0, 0)) for each in (ours, theirs)]
        if min(whole for _part, whole in pair) < LEAST_SAMPLES:
            wrong += 1
            continue
        shares = [part / whole for part, whole in pair]
        apart = max(apart, abs(shares[0] - shares[1]))
        wrong += abs(shares[0] - shares[1]) > SHARE_APART or min(shares) < 0.5
    keys = len({*ours, *theirs})
    return Verdict(keys > 0 and not wrong, "of %d shares: at most %.1f points" % (keys, 100 * apart))


def flows(found: Data) -> dict[tuple[t.Any, ...], int]:
    """Return how often each flow of tcpretrans retransmitted."""
    return {tuple(row["labels"][end] for end in ENDS): row["count"] for row in found["items"]}


def processes(found: Data) -> set[int]:
    """Return the processes that execsnoop saw start."""
    return {event["pid"] for event in found["events"]}
