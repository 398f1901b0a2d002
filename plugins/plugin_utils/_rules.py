# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule set: the one that comes with the collection, what people add or override, and what a fleet changes of it."""

from __future__ import annotations

import functools
import os
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _document, _values
from ansible_collections.ebpf.fleet.plugins.plugin_utils._document import Document

SCHEMA = "rules.v1.json"
SEVERITIES = ("critical", "warning", "notice")
_OURS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_data", "rules.yml")
_NEEDED = ("title", "value", "means", "next")


class Rule(t.NamedTuple):
    """One rule. `steps` are (severity, threshold), the most severe first; docs/findings.md explains the rest."""

    id: str
    title: str
    value: str
    subject: str  # "" for the figure over all, "each", or one subject
    compare: str  # value, fleet, previous, rise, fall
    steps: tuple[tuple[str, float], ...]
    above: bool  # fires at the threshold and above; False: at it and below
    floor: float
    events: int
    tiers: tuple[int, ...]
    means: str
    next: str

    @property
    def source(self) -> str:
        """The first part of its value: a collector's name, or host, visit, capability, result, outlier, change, fleet."""
        return self.value.partition(".")[0]


class Book(t.NamedTuple):
    """All rules, and by fleet what differs there."""

    rules: dict[str, t.Mapping[str, t.Any]]
    fleets: dict[str, dict[str, t.Mapping[str, t.Any]]]

    def of(self, fleets: t.Sequence[str]) -> list[Rule]:
        """Return the rules that hold for a host of these fleets; of two that change the same, the last one wins."""
        merged = self.rules
        for fleet in fleets:
            for name, change in self.fleets.get(fleet, {}).items():
                merged = {**merged, name: {**merged[name], **change}}
        return [_rule(name, raw) for name, raw in merged.items() if raw.get("enabled", True)]


@functools.cache
def default() -> Book:
    """Return the rules that come with the collection."""
    return _with(Book({}, {}), _document.load(_OURS, SCHEMA))


def load(path: str | None) -> Book:
    """Return the collection's rules with those of a file; Wrong for a mistake in it, StorageError where it cannot be read."""
    return default() if not path else _with(default(), _document.load(path, SCHEMA))


def _with(book: Book, document: Document) -> Book:
    rules = dict(book.rules)
    for name, raw in (document.value.get("rules") or {}).items():
        rules[name] = {**rules.get(name, {}), **raw}
        _whole(rules[name], document, ".rules." + name)
    fleets = {name: dict(changes) for name, changes in book.fleets.items()}
    for fleet, changes in (document.value.get("fleets") or {}).items():
        for name, raw in changes.items():
            place = ".fleets.%s.%s" % (fleet, name)
            if name not in rules:
                raise document.wrong(place, "there is no rule %r: %s" % (name, _document.nearest(name, rules)))
            fleets.setdefault(fleet, {})[name] = raw
            _whole({**rules[name], **raw}, document, place)
    return Book(rules, fleets)


def _whole(raw: t.Mapping[str, t.Any], document: Document, place: str) -> None:
    """Raise Wrong unless a rule has all that it needs, and looks at a value that there can be."""
    missing = [key for key in _NEEDED if not raw.get(key)]
    if missing:
        raise document.wrong(place, "a new rule needs %s." % ", ".join(missing))
    if ("at_least" in raw) == ("at_most" in raw):
        raise document.wrong(place, "a rule needs at_least or at_most, and not both.")
    known = _values.known()
    if raw["value"] not in known:
        near = _document.nearest(raw["value"], known)
        raise document.wrong(place + ".value", "there is no value %r: %s" % (raw["value"], near))
    if raw.get("compare") in ("fleet", "previous") and "floor" not in raw:
        raise document.wrong(place, "a rule that compares by a factor needs a floor, below which no factor matters.")


def _rule(name: str, raw: t.Mapping[str, t.Any]) -> Rule:
    steps = raw.get("at_least") or raw.get("at_most") or {}
    return Rule(
        id=name,
        title=raw["title"],
        value=raw["value"],
        subject=raw.get("subject", ""),
        compare=raw.get("compare", "value"),
        steps=tuple((severity, steps[severity]) for severity in SEVERITIES if steps.get(severity) is not None),
        above="at_least" in raw,
        floor=raw.get("floor", 0),
        events=raw.get("events", 0),
        tiers=tuple(raw.get("tiers", (1, 2, 3))),
        means=raw["means"],
        next=raw["next"],
    )
