# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit's policy: read from its file, mistakes shown where they are, and what it asks of a host, a fleet, or all."""

from __future__ import annotations

import datetime as dt
import fnmatch
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._capability import probes, requirements
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _document, _values
from ansible_collections.ebpf.fleet.plugins.plugin_utils._document import Document
from ansible_collections.ebpf.fleet.plugins.plugin_utils._rules import SEVERITIES, Book

SCHEMA = "policy.v1.json"
DRIFT = {  # what a change is taken for, unless the policy says otherwise
    "outcome": "fail",
    "tier": "fail",
    "requirement": "fail",
    "probe": "report",
    "kernel": "report",
    "outlier": "report",
    "new_host": "report",
    "gone_host": "report",
}
_SINGLE = ("minimum_tier", "kernels", "minimum_health", "maximum_unanswered")
_MERGED = ("findings", "values", "drift")  # of these, each key counts by itself

Asked = dict[str, t.Any]  # what is asked of a host, by the policy's words
Known = t.Mapping[str, t.Iterable[str]]


class Excuse(t.NamedTuple):
    """An exception."""

    rule: str
    hosts: tuple[str, ...]
    reason: str
    expires: dt.date

    def covers(self, rule: str, host: str, fleets: t.Sequence[str]) -> bool:
        """Whether it is about a check of a host, or, for a check of a fleet as a whole, about its name."""
        if not fnmatch.fnmatchcase(rule, self.rule):
            return False
        return any(one[1:] in fleets if one.startswith("@") else fnmatch.fnmatchcase(host, one) for one in self.hosts)


class Policy(t.NamedTuple):
    """A policy."""

    document: Document
    excuses: tuple[Excuse, ...]

    def of_host(self, host: str, fleets: t.Sequence[str]) -> tuple[Asked, dict[str, str]]:
        """Return what is asked of a host of these fleets, the smallest one last, and where in the policy each word stands."""
        value = self.document.value
        parts = [(value.get("defaults") or {}, ".defaults")]
        by_fleet = value.get("fleets") or {}
        parts += [(by_fleet[fleet], ".fleets." + fleet) for fleet in fleets if fleet in by_fleet]
        parts += [
            (asked, ".hosts." + pattern)
            for pattern, asked in (value.get("hosts") or {}).items()
            if fnmatch.fnmatchcase(host, pattern)
        ]
        return _merged(parts)

    def unanswered(self) -> t.Iterator[tuple[str | None, int | str, int]]:
        """Yield how many hosts may give no answer: of which fleet (None: of all), how many, and the policy's line."""
        value = self.document.value
        scopes = [(None, value.get("defaults") or {}, ".defaults")]
        scopes += [(name, asked, ".fleets." + name) for name, asked in (value.get("fleets") or {}).items()]
        for fleet, asked, place in scopes:
            most = asked.get("maximum_unanswered")
            if most is not None or fleet is None:
                yield fleet, 0 if most is None else most, self.document.line(place + ".maximum_unanswered")


def load(path: str, book: Book) -> Policy:
    """Read a policy; Wrong for a mistake in it, StorageError where it cannot be read."""
    document = _document.load(path, SCHEMA)
    known = _known(book)
    value = document.value
    for place, asked in _parts(value):
        _check(document, place, asked, known)
    excuses = []
    for index, raw in enumerate(value.get("exceptions") or ()):
        excuses.append(_excuse(document, ".exceptions[%d]" % index, raw, known))
    return Policy(document, tuple(excuses))


def allowed(most: int | str, hosts: int) -> int:
    """Return how many hosts of so many may give no answer, a share rounded down.

    >>> allowed(2, 100), allowed("5%", 50), allowed("5%", 10)
    (2, 2, 0)
    """
    return most if isinstance(most, int) else hosts * int(most[:-1]) // 100


def _known(book: Book) -> dict[str, list[str]]:
    """Return the words that name what a policy can ask for."""
    return {
        "requirements": [name for name, _tier, _judge in requirements.REQUIREMENTS],
        "probes": [probe.name for probe in probes.PROBES],
        "forbidden_findings": [rule for rule in book.rules if not book.rules[rule]["value"].startswith("fleet.")],
        "values": [name for name in _values.known() if not name.startswith("fleet.")],
        "findings": list(SEVERITIES),
        "drift": list(DRIFT),
    }


def _parts(value: t.Mapping[str, t.Any]) -> t.Iterator[tuple[str, Asked]]:
    yield ".defaults", value.get("defaults") or {}
    for section in ("fleets", "hosts"):
        for name, asked in (value.get(section) or {}).items():
            yield ".%s.%s" % (section, name), asked


def _check(document: Document, place: str, asked: Asked, known: Known) -> None:
    """Raise Wrong for a word that names nothing, and for a limit that a quantile cannot be held against."""
    for section, words in known.items():
        named = asked.get(section) or ()
        for index, name in enumerate(named):
            if name not in words:
                where = "%s.%s%s" % (place, section, "." + name if isinstance(named, dict) else "[%d]" % index)
                raise document.wrong(where, "%s: there is no %r: %s" % (section, name, _document.nearest(name, words)))
    for name, limits in (asked.get("values") or {}).items():
        for word, limit in (limits or {}).items():
            quantile = name.rpartition(".")[2] in _values.QUANTILES
            if quantile and (limit != int(limit) or limit < 1 or int(limit) & (int(limit) - 1)):
                low = 1 << max(int(limit).bit_length() - 1, 0)
                raise document.wrong(
                    "%s.values.%s.%s" % (place, name, word),
                    "of a quantile its bucket is known, whose bounds are powers of two: use %d or %d, not %g."
                    % (low, low * 2, limit),
                )


def _excuse(document: Document, place: str, raw: t.Mapping[str, t.Any], known: Known) -> Excuse:
    head = raw["rule"].partition(".")[0]
    heads = [*_SINGLE, *known]
    if not set("*?[") & set(head) and head not in heads:
        near = _document.nearest(head, heads)
        raise document.wrong(place + ".rule", "there is no rule %r in a policy: %s" % (raw["rule"], near))
    try:
        expires = dt.date.fromisoformat(raw["expires"])
    except ValueError as error:
        raise document.wrong(place + ".expires", "%r is no day (%s)." % (raw["expires"], error)) from error
    return Excuse(raw["rule"], tuple(raw["hosts"]), raw["reason"], expires)


def _merged(parts: t.Iterable[tuple[Asked, str]]) -> tuple[Asked, dict[str, str]]:
    """Return all parts in one, and the place of each of its words; later parts count more, null takes a word back."""
    asked: Asked = {}
    places: dict[str, str] = {}
    for part, place in parts:
        for word, value in part.items():
            if word in _MERGED and value is not None:
                asked[word] = {**(asked.get(word) or {}), **value}
                places.update({"%s.%s" % (word, key): "%s.%s.%s" % (place, word, key) for key in value})
            else:
                asked[word] = value
                places[word] = "%s.%s" % (place, word)
    return {word: value for word, value in asked.items() if value is not None}, places
