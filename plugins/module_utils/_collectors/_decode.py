# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""From the kernel's bytes to data: what several collectors' programs write alike."""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _histogram

_SLOTS = 64  # HIST_SLOTS of bpf/include/log2.h


def histogram(raws: t.Iterable[bytes], labels: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return one row of `series` from one or more `struct hist` {u64 total ns; u64 slots[64]}, summed; times in us."""
    total, slots = 0, [0] * _SLOTS
    for raw in raws:
        numbers = struct.unpack("=%dQ" % (_SLOTS + 1), raw)
        total += numbers[0]
        slots = [have + more for have, more in zip(slots, numbers[1:])]
    return {
        "labels": labels,
        "count": sum(slots),
        "total": total // 1000,
        "buckets": [list(bucket) for bucket in _histogram.from_slots(slots)],
    }


def distribution(series: list[dict[str, t.Any]], limit: int) -> dict[str, t.Any]:
    """Return a histogram collector's data from its rows: the largest `limit` of them, and sums over all."""
    totals = [row["total"] for row in series]
    kept = sorted(series, key=lambda row: (-row["count"], str(row["labels"])))
    return {
        "count": sum(row["count"] for row in series),
        "total": None if None in totals else sum(totals),
        "series": kept[:limit],
        "omitted": max(len(kept) - limit, 0),
    }


def largest(items: list[dict[str, t.Any]], limit: int) -> tuple[list[dict[str, t.Any]], int]:
    """Return the `limit` rows of the highest count, the same order every time, and how many were left out."""
    kept = sorted(items, key=lambda row: (-row["count"], str(sorted(row["labels"].items(), key=str))))
    return kept[:limit], max(len(kept) - limit, 0)
