# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histograms as people have them in their templates: buckets, or a result, a record's data, a survey's collector."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _histogram
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _units
from ansible_collections.ebpf.fleet.plugins.plugin_utils._filters import Unusable
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

_WIDTH = 40  # characters of the longest bar
_MOST = 200  # rows; a histogram of 64-bit values has 64

Bucket = list[int]


def buckets(value: t.Any) -> list[Bucket]:
    """Return the buckets of a histogram; [] where it knows none.

    >>> buckets([[4, 8, 2], [2, 4, 1]])
    [[2, 4, 1], [4, 8, 2]]
    >>> buckets({"collector": "runqlat", "data": {"series": [{"buckets": [[0, 2, 1]]}, {"buckets": None}]}})
    [[0, 2, 1]]
    """
    if value is None:
        return []
    if isinstance(value, t.Mapping):
        return _of_mapping(value)
    if isinstance(value, (list, tuple)):
        return [list(one) for one in _histogram.merge([[_bucket(one) for one in value]])]
    raise Unusable("A histogram is a list of [lo, hi, count], or a result that has one, not %s." % _shown(value))


def merged(values: t.Any) -> list[Bucket]:
    """Return histograms added bucket by bucket.

    >>> merged([[[2, 4, 1]], [[2, 4, 2], [8, 16, 1]], None])
    [[2, 4, 3], [8, 16, 1]]
    """
    if not isinstance(values, (list, tuple)):
        raise Unusable("Histograms to merge are a list of them, not %s." % _shown(values))
    return [list(one) for one in _histogram.merge(buckets(one) for one in values)]


def quantile(value: t.Any, q: t.Any) -> dict[str, int] | None:
    """Return the bounds of the bucket in which a quantile lies, None for an empty histogram.

    >>> quantile([[2, 4, 3], [8, 16, 1]], 0.99)
    {'lo': 8, 'hi': 16}
    """
    if isinstance(q, bool) or not isinstance(q, (int, float)) or not 0 < q <= 1:
        raise Unusable("A quantile is a number above 0 and at most 1, such as 0.99, not %s." % _shown(q))
    found = _histogram.quantile(buckets(value), q)
    return None if found is None else {"lo": found.lo, "hi": found.hi}


def drawn(value: t.Any, unit: str = "us", width: t.Any = _WIDTH) -> str:
    """Return a histogram as text, a line for each bucket from the first to the last that has something.

    >>> print(drawn([[2, 4, 4], [8, 16, 1]], "us", 8))
    2 \u00b5s \u2013 4 \u00b5s   4  \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588
    4 \u00b5s \u2013 8 \u00b5s   0
    8 \u00b5s \u2013 16 \u00b5s  1  \u2588\u2588
    """
    if isinstance(width, bool) or not isinstance(width, int) or not 1 <= width <= 500:
        raise Unusable("The width of a bar is a number from 1 to 500, not %s." % _shown(width))
    rows = _filled(buckets(value))[:_MOST]
    most = max((count for _lo, _hi, count in rows), default=0)
    labels = [_units.interval({"lo": lo, "hi": hi}, one_line(unit, 30)) for lo, hi, _count in rows]
    counts = [_units.number(count) for _lo, _hi, count in rows]
    widths = max(map(len, labels), default=0), max(map(len, counts), default=0)
    return "\n".join(
        ("%s  %s  %s" % (label.ljust(widths[0]), said.rjust(widths[1]), "\u2588" * -(-width * row[2] // most))).rstrip()
        for label, said, row in zip(labels, counts, rows, strict=True)
    )


def _of_mapping(value: t.Mapping[t.Any, t.Any]) -> list[Bucket]:
    """Return the buckets of a record's result or its data, of a series, or of a collector of survey.json."""
    for key in ("data", "histogram"):
        if key in value:
            return buckets(value[key])
    if "series" in value:
        return merged(list(value["series"]))
    if "buckets" in value:
        return buckets(value["buckets"])
    keys = ", ".join(one_line(key, 30) for key in list(value)[:8])
    raise Unusable("A histogram has `buckets`, `series`, `data` or `histogram`; what was given has: %s." % keys)


def _bucket(value: t.Any) -> tuple[int, int, int]:
    if isinstance(value, (list, tuple)) and len(value) == 3:
        lo, hi, count = value
        whole = all(isinstance(one, int) and not isinstance(one, bool) for one in value)
        if whole and 0 <= lo < hi and count >= 0:
            return lo, hi, count
    raise Unusable("A bucket is [lo, hi, count] of whole numbers, lo below hi, not %s." % _shown(value))


def _filled(found: list[Bucket]) -> list[Bucket]:
    """Return log2 buckets with the empty ones between them."""
    if not found or any(not _is_log2(lo, hi) for lo, hi, _count in found):
        return found
    counts = {(lo, hi): count for lo, hi, count in found}
    slots = range(_histogram.slot_of(found[0][0]), _histogram.slot_of(found[-1][0]) + 1)
    return [[*_histogram.bounds(slot), counts.get(_histogram.bounds(slot), 0)] for slot in slots]


def _is_log2(lo: int, hi: int) -> bool:
    return lo.bit_length() <= 64 and (lo, hi) == _histogram.bounds(_histogram.slot_of(lo))


def _shown(value: t.Any) -> str:
    return one_line(repr(value), 80)
