# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a run judged, in three passes over their rows: all are seen, then measured, then each is judged."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _survey
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _drift, _evidence, _findings, _health
from ansible_collections.ebpf.fleet.plugins.plugin_utils._fold_judged import Judged
from ansible_collections.ebpf.fleet.plugins.plugin_utils._norms import Norms
from ansible_collections.ebpf.fleet.plugins.plugin_utils._outliers import Outliers
from ansible_collections.ebpf.fleet.plugins.plugin_utils._previous import Previous
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._rules import Book, Rule

_BY_FACTOR = "fleet"


def _asked(settings: t.Mapping[str, t.Any]) -> list[str]:
    """Return which collectors a run's settings ask for; a run of another version may name a profile that is not known."""
    known = settings if str(settings.get("profile")) in _survey.PROFILES else {**settings, "profile": None}
    return _survey.names(known)


class Judge:
    """What is known of all hosts together, and the rules."""

    def __init__(self, book: Book, settings: t.Mapping[str, t.Any], previous: Previous | None) -> None:
        """Begin with no host."""
        self.outliers = Outliers()
        self.previous = previous
        self._book = book
        self._norms = Norms(rule.value for rule in _all(book) if rule.compare == _BY_FACTOR)
        self._asked = frozenset(map(str, _asked(settings)))
        self._sizes: dict[str, int] = {}
        self._rules: dict[tuple[str, ...], list[Rule]] = {}

    def see(self, row: Row) -> None:
        """Take a host into what is usual in its fleets."""
        self.outliers.pool(row)
        self._norms.add(row)
        for fleet in row["fleets"]:
            self._sizes[fleet] = self._sizes.get(fleet, 0) + 1

    def measure(self, row: Row) -> None:
        """Measure how far a host is from its fleets."""
        self.outliers.measure(row)

    def judge(self, row: Row) -> None:
        """Add to a row what is found: comparisons, changes, findings, health."""
        row["comparisons"] = self.outliers.judge(row)
        past = self.previous.hosts.get(row["host"]) if self.previous else None
        row["changes"] = _drift.changes(past, row) if self.previous else []
        _derive(row, past is not None)
        if row["outcome"] == "skipped":
            row.update(findings=[], unjudged=[], health=None)
            return
        run = self.previous.run if self.previous else None
        around = _findings.Around(self._asked, self._norms, run, past)
        verdicts = [(rule, _findings.judge(rule, row, around)) for rule in self._rules_of(row["fleets"])]
        found = [one for _rule, verdict in verdicts for one in verdict.findings]
        row["findings"] = sorted(found, key=lambda one: _evidence.RANK[one["severity"]])
        row["unjudged"] = [rule.id for rule, verdict in verdicts if verdict.state == _findings.UNKNOWN]
        row["health"] = _health.of_host(verdicts)

    def of_fleet(self, fleet: str | None, judged: Judged, kernels: int) -> list[dict[str, t.Any]]:
        """Return the findings on a fleet as a whole, or on the inventory."""
        values: dict[str, tuple[float, int]] = {"fleet.kernels": (kernels, judged.asked - judged.unanswered)}
        if judged.asked:
            values["fleet.unanswered_share"] = (judged.unanswered / judged.asked, judged.asked)
        if judged.compared:
            values["fleet.outlier_share"] = (judged.outliers / judged.compared, judged.compared)
        found = []
        for rule in self._rules_of([] if fleet is None else [fleet]):
            if rule.value in values and values[rule.value][1] >= rule.events:
                value, hosts = values[rule.value]
                figure = [round(value, 6), round(value, 6), hosts, None]
                step = _findings.step(rule, figure, 0)
                if step:
                    found.append(_evidence.finding(rule, step, "", figure, None, None))
        return sorted(found, key=lambda one: _evidence.RANK[one["severity"]])

    def rules(self) -> dict[str, dict[str, t.Any]]:
        """Return what a reader needs to know of each rule, by its id."""
        keys = ("title", "value", "compare", "means", "next")
        return {rule.id: {key: getattr(rule, key) for key in keys} for rule in _all(self._book)}

    def _rules_of(self, fleets: t.Sequence[str]) -> list[Rule]:
        """Return a host's rules: what the smaller of its fleets says counts more."""
        changing = [fleet for fleet in fleets if fleet in self._book.fleets]
        key = tuple(sorted(changing, key=lambda fleet: (-self._sizes.get(fleet, 0), fleet)))
        if key not in self._rules:
            self._rules[key] = self._book.of(key)
        return self._rules[key]


def past_values(book: Book) -> frozenset[str]:
    """Return the values that some rule compares with the previous run."""
    return frozenset(rule.value for rule in _all(book) if rule.compare not in ("value", _BY_FACTOR))


def _all(book: Book) -> list[Rule]:
    """Return all rules, those that only some fleet has switched on included."""
    found = {rule.id: rule for fleet in book.fleets for rule in book.of([fleet])}
    return list({**found, **{rule.id: rule for rule in book.of([])}}.values())


def _derive(row: Row, compared: bool) -> None:
    """Add the values that follow from the others' hosts, or from the past."""
    for one in row["comparisons"]:
        for name, shift in (("outlier.slower", one["shift"]), ("outlier.faster", -one["shift"])):
            value = round(max(shift, 0), 3) if one["outlier"] else 0
            row["values"].setdefault(name, {})[one["collector"]] = [value, value, None, None]
    if compared and row["tier"] is not None:
        changed = int(any(one["what"] == "kernel" for one in row["changes"]))
        row["values"]["change.kernel"] = {"": [changed, changed, None, None]}
