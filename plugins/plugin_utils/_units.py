# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures for people: short, with their unit, and never more exact than what was measured."""

from __future__ import annotations

import typing as t

_TIME = ((60_000_000, 60_000_000, "min"), (1_000_000, 1_000_000, "s"), (1000, 1000, "ms"))
_FLOW = ("saddr", "sport", "daddr", "dport")
_OUTCOMES = {"timed_out": "timed out"}
_TIER_NAMES = {3: "3 native", 2: "2 bcc", 1: "1 procfs"}


def number(value: float | None) -> str:
    """Return a number with separated thousands; `-` for what is not known.

    >>> number(1234567), number(None), number(0.25)
    ('1,234,567', '-', '0.25')
    """
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def quantity(value: float, unit: str) -> str:
    """Return a value with its unit; microseconds as the unit of time that reads best.

    >>> quantity(512, "us"), quantity(2048, "us"), quantity(3, "processes")
    ('512 \u00b5s', '2.05 ms', '3 processes')
    """
    if unit != "us":
        return "%s %s" % (number(value), unit)
    for least, divisor, name in _TIME:
        if value >= least:
            return "%.3g %s" % (value / divisor, name)
    return "%s \u00b5s" % number(value)


def interval(bounds: t.Mapping[str, int] | None, unit: str) -> str:
    """Return where a quantile lies.

    >>> interval({"lo": 512, "hi": 1024}, "us"), interval(None, "us")
    ('512 \u00b5s \u2013 1.02 ms', '-')
    """
    return "-" if bounds is None else "%s \u2013 %s" % (quantity(bounds["lo"], unit), quantity(bounds["hi"], unit))


def share(part: int, whole: int) -> str:
    """Return a percentage: never 0% of something, never 100% of less than all.

    >>> share(1, 3000), share(2999, 3000), share(0, 5), share(5, 5), share(1, 3)
    ('<1%', '>99%', '0%', '100%', '33%')
    """
    if not whole:
        return "-"
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "<1%"
    if 99 < percent < 100:
        return ">99%"
    return "%.0f%%" % percent


def outcome(name: str) -> str:
    """Return an outcome as words."""
    return _OUTCOMES.get(name, name)


def tier(value: int | None) -> str:
    """Return a tier with its name; `-` where none is known."""
    return "-" if value is None else _TIER_NAMES[value]


def labels(found: t.Mapping[str, t.Any]) -> str:
    """Return an item's labels as text; a connection's as source and destination.

    >>> labels({"comm": "sh"}), labels({"src": "a", "dst": "b"})
    ('sh', 'src=a dst=b')
    >>> labels({"saddr": "::1", "sport": 7, "daddr": "10.0.0.1", "dport": 80, "process": None, "pid": 3})
    '[::1]:7 → 10.0.0.1:80 pid=3'
    """
    rest = {name: value for name, value in found.items() if value is not None}
    if len(rest) == 1:
        return str(next(iter(rest.values())))
    words = []
    if all(name in rest for name in _FLOW):
        saddr, sport, daddr, dport = (rest.pop(name) for name in _FLOW)
        words = [_endpoint(saddr, sport), "\u2192", _endpoint(daddr, dport)]
    return " ".join([*words, *("%s=%s" % one for one in rest.items())])


def _endpoint(address: t.Any, port: t.Any) -> str:
    return ("[%s]:%s" if ":" in str(address) else "%s:%s") % (address, port)
