# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Log2 histograms with exact bounds: slots to buckets, merging, quantiles that carry their bucket's bounds.

Bucket i holds values v with lo <= v < hi, where bucket 0 is [0, 2) and bucket i > 0 is [2**i, 2**(i+1)): the same
bounds as bcc's log2 histograms, whose first row is "0 -> 1", so that both sources merge without loss.
"""

from __future__ import annotations

import typing as t

Bucket = t.Tuple[int, int, int]  # lo, hi (exclusive), count


class Quantile(t.NamedTuple):
    """A quantile lies in [lo, hi): what a histogram can truly say of it."""

    lo: int
    hi: int


def bounds(slot: int) -> tuple[int, int]:
    """Return [lo, hi) of a slot.

    >>> bounds(0), bounds(1), bounds(10)
    ((0, 2), (2, 4), (1024, 2048))
    """
    return (0 if slot == 0 else 1 << slot, 1 << (slot + 1))


def slot_of(value: int) -> int:
    """Return the slot that a value falls in: floor(log2(value)), 0 for 0 and 1."""
    return max(value.bit_length() - 1, 0)


def from_slots(slots: t.Sequence[int]) -> list[Bucket]:
    """Return the buckets of a kernel's slot array, empty ones left out, ascending."""
    return [(*bounds(slot), count) for slot, count in enumerate(slots) if count]


def merge(histograms: t.Iterable[t.Iterable[t.Sequence[int]]]) -> list[Bucket]:
    """Add histograms bucket by bucket: associative, commutative, nothing lost."""
    counts: dict[tuple[int, int], int] = {}
    for histogram in histograms:
        for lo, hi, count in histogram:
            counts[lo, hi] = counts.get((lo, hi), 0) + count
    return [(lo, hi, count) for (lo, hi), count in sorted(counts.items())]


def quantile(buckets: t.Iterable[t.Sequence[int]], q: float) -> Quantile | None:
    """Return the bounds of the bucket that holds the q-quantile (nearest rank: the ceil(q * n)-th smallest value).

    None for an empty histogram; ValueError unless 0 < q <= 1.
    """
    if not 0 < q <= 1:
        raise ValueError("a quantile is above 0 and at most 1, not %r" % (q,))
    ordered = sorted((lo, hi, count) for lo, hi, count in buckets if count > 0)
    total = sum(count for _lo, _hi, count in ordered)
    if not total:
        return None
    rank = -(-q * total // 1)  # ceil
    seen = 0
    for lo, hi, count in ordered:
        seen += count
        if seen >= rank:
            return Quantile(lo, hi)
    return Quantile(*ordered[-1][:2])
