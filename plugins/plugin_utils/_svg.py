# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a report as inline SVG, from numbers alone: no text of a host enters them unescaped, no style, no script."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _histogram
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _units
from markupsafe import Markup

Buckets = t.Sequence[t.Sequence[int]]
Quantiles = t.Mapping[str, t.Mapping[str, int] | None]

_MOST = 64  # bars; log2 buckets of 64-bit values are no more
_LEFT, _TOP, _WIDTH, _HEIGHT = 44, 18, 380, 132  # where a histogram's bars are

# Templates: Markup escapes whatever is put into it that is not Markup itself.
_BAR = Markup(
    '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="%s"><title>%s</title>%s</svg>'
)
_BAR_PART = Markup('<rect class="t%s" x="%.2f" y="0" width="%.2f" height="8"/>')
_HISTOGRAM = Markup('<svg class="hist" viewBox="0 0 436 172" role="img" aria-label="%s">%s</svg>')
_GRID = Markup('<path class="grid" d="M%d %dh%dM%d %dh%d"/><path class="axis" d="M%d %dh%d"/>')
_LABEL_Y = Markup('<text class="y" x="%d" y="%d">%s</text>')
_COLUMN = Markup(
    '<g class="b"><rect class="hit" x="%.1f" y="%d" width="%.1f" height="%d"/>'
    '<rect class="v" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="1.5"/><title>%s</title></g>'
)
_TICK = Markup('<path class="axis" d="M%.1f %.1fv4"/><text class="x" x="%.1f" y="%.1f">%s</text>')
_MARK = Markup('<path class="q" d="M%.1f %dV%d"/><text class="q" x="%.1f" y="%d">%s</text>')
_METER = Markup(
    '<svg class="meter-bar" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true"><rect width="%.2f" height="3"/></svg>'
)


def tier_bar(tiers: t.Mapping[str, int], hosts: int) -> Markup:
    """Return a bar of a fleet's hosts by tier, its parts as long as their share."""
    parts, at, words = [], 0.0, []
    for tier in ("3", "2", "1", "unknown"):
        if tiers[tier]:
            width = 100 * tiers[tier] / hosts
            parts.append(_BAR_PART % (tier, at, width))
            words.append("%s: %d" % ("no tier" if tier == "unknown" else "tier " + tier, tiers[tier]))
            at += width
    said = ", ".join(words) or "no hosts"
    return _BAR % (said, said, _joined(parts))


def histogram(buckets: Buckets, unit: str, quantiles: Quantiles) -> Markup:
    """Return a histogram with its axis, a tooltip for each bar, and the buckets of p50, p90 and p99 marked."""
    bars = _bars(buckets)
    if not bars:
        return Markup("")
    step = _WIDTH / len(bars)
    most = max(count for _lo, _hi, count in bars)
    total = sum(count for _lo, _hi, count in bars)
    base, middle = _TOP + _HEIGHT, _TOP + _HEIGHT / 2
    parts = [
        _GRID % (_LEFT, _TOP, _WIDTH, _LEFT, middle, _WIDTH, _LEFT, base, _WIDTH),
        *(_LABEL_Y % (_LEFT - 6, y + 4, _short(value)) for y, value in ((_TOP, most), (middle, most / 2), (base, 0))),
    ]
    every = max(1, -(-len(bars) * 56 // _WIDTH))  # so many bars to a label
    for index, (lo, hi, count) in enumerate(bars):
        x = _LEFT + index * step
        size = max(_HEIGHT * count / most, 1.5) if count else 0.0  # what happened once is seen
        interval = _units.interval({"lo": lo, "hi": hi}, unit)
        said = "%s: %s (%s)" % (interval, _units.number(count), _units.share(count, total))
        parts.append(_COLUMN % (x, _TOP, step, _HEIGHT, x + step * 0.08, base - size, step * 0.84, size, said))
        if index % every == 0:
            parts.append(_TICK % (x, base, x, base + 16, _units.quantity(lo, unit)))
    parts.append(_marks(bars, quantiles, step))
    return _HISTOGRAM % (_said(bars, unit, quantiles), _joined(parts))


def meter(part: float, most: float) -> Markup:
    """Return a thin bar, as long as a part of the most."""
    return _METER % (100 * part / most if most else 0)


def _bars(buckets: Buckets) -> list[tuple[int, int, int]]:
    """Return the buckets with the empty ones between them, so that the axis has no gaps."""
    given = [(lo, hi, count) for lo, hi, count in buckets]  # pylint: disable=unnecessary-comprehension  # rows of JSON are lists
    if not given or any((lo, hi) != _histogram.bounds(_histogram.slot_of(lo)) for lo, hi, _count in given):
        return given[:_MOST]
    counts = {_histogram.slot_of(lo): count for lo, _hi, count in given}
    return [(*_histogram.bounds(slot), counts.get(slot, 0)) for slot in range(min(counts), max(counts) + 1)]


def _marks(bars: t.Sequence[tuple[int, int, int]], quantiles: Quantiles, step: float) -> Markup:
    """Mark the quantiles' buckets; those that share one share the mark."""
    marks: dict[int, list[str]] = {}
    for name, bounds in quantiles.items():
        for index, (lo, _hi, _count) in enumerate(bars):
            if bounds is not None and bounds["lo"] == lo:
                marks.setdefault(index, []).append(name)
    parts, free_from = [], 0.0
    for index, names in sorted(marks.items()):
        x = _LEFT + (index + 0.5) * step
        row = 0 if x - 11 * len(names) >= free_from else 1  # a label that would cover the last one goes lower
        free_from = x + 13 * len(names)
        parts.append(_MARK % (x, _TOP - 2 + 10 * row, _TOP + _HEIGHT, x, _TOP - 6 + 10 * row, " ".join(names)))
    return _joined(parts)


def _joined(parts: t.Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def _said(bars: t.Sequence[tuple[int, int, int]], unit: str, quantiles: Quantiles) -> str:
    total = sum(count for _lo, _hi, count in bars)
    found = ", ".join("%s %s" % (name, _units.interval(bounds, unit)) for name, bounds in quantiles.items())
    return "%s events; %s" % (_units.number(total), found)


def _short(value: float) -> str:
    """Return a number in at most five characters.

    >>> _short(950), _short(12345), _short(2500000)
    ('950', '12.3k', '2.5M')
    """
    for divisor, suffix in ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= divisor:
            return "%.3g%s" % (value / divisor, suffix)
    return "%.3g" % value
