# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules applied to a host: each fires, is quiet, cannot be judged for want of data, or does not apply."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _evidence
from ansible_collections.ebpf.fleet.plugins.plugin_utils._norms import Norms
from ansible_collections.ebpf.fleet.plugins.plugin_utils._previous import Past
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._rules import Rule
from ansible_collections.ebpf.fleet.plugins.plugin_utils._values import QUANTILES, Figure

_MOST = 10  # findings of one rule on one host, the worst
_OURS = ("host", "visit", "capability", "result", "outlier", "change", "fleet")  # what is no collector
_WITH_THE_PAST = ("previous", "rise", "fall")

FIRED, QUIET, UNKNOWN, APART = "fired", "quiet", "unknown", "apart"  # apart: does not apply

Figures = t.Mapping[str, Figure]


class Around(t.NamedTuple):
    """What a host is seen against."""

    asked: frozenset[str]  # collectors that the run asked for
    norms: Norms
    run: str | None  # the previous run, None where there is none
    past: Past | None  # the host in it


class Verdict(t.NamedTuple):
    """What a rule says of a host."""

    state: str
    findings: list[dict[str, t.Any]]


def judge(rule: Rule, row: Row, around: Around) -> Verdict:
    """Apply a rule to a host."""
    if rule.compare in _WITH_THE_PAST and around.past is None:
        return Verdict(APART, [])
    figures = _figures(rule, row, around.asked)
    if isinstance(figures, str):
        return Verdict(figures, [])
    enough = {subject: one for subject, one in figures.items() if one[2] is None or one[2] >= rule.events}
    found, compared = [], not enough
    for subject, figure in enough.items():
        against = _against(rule, subject, figure, row, around)
        if against is None and rule.compare != "value":
            continue
        compared = True
        reached = step(rule, figure, against["value"] if against else 0)
        if reached:
            found.append(_evidence.finding(rule, reached, subject, figure, against, row))
    if not compared:
        return Verdict(APART, [])
    found.sort(key=lambda one: (_evidence.RANK[one["severity"]], -one["value"]["lo"]))
    return Verdict(FIRED if found else QUIET, found[:_MOST])


def _figures(rule: Rule, row: Row, asked: t.Container[str]) -> Figures | str:
    """Return the figures that a rule looks at, or its state where there is none to look at."""
    found: Figures = row["values"].get(rule.value) or {}
    if rule.source == "fleet":
        return APART
    if rule.source in ("outlier", "change"):
        return found or APART
    if rule.source == "result":
        return _of_results(rule, row, found)
    if rule.source in _OURS:
        return found or UNKNOWN
    if rule.source not in asked:
        return APART
    return _of_collector(rule, row, found)


def _of_results(rule: Rule, row: Row, found: Figures) -> Figures | str:
    if not row["results"]:
        return UNKNOWN
    fitting = {subject: one for subject, one in found.items() if one[3] is None or one[3] in rule.tiers}
    if fitting:
        return fitting
    return UNKNOWN if any(one["tier"] in rule.tiers for one in row["results"]) else APART


def _of_collector(rule: Rule, row: Row, found: Figures) -> Figures | str:
    """Nothing that happened is nothing to complain of; nothing that is known is not."""
    result = next((one for one in row["results"] if one["collector"] == rule.source), None)
    if result is None or result["count"] is None:
        return UNKNOWN
    if result["tier"] not in rule.tiers:
        return APART
    if not found:
        return UNKNOWN if _untold(rule.value.partition(".")[2], result) else QUIET
    if rule.subject == "each":
        each = {subject: one for subject, one in found.items() if subject}
        return each or found
    return {rule.subject: found[rule.subject]} if rule.subject in found else QUIET


def _untold(name: str, result: Row) -> bool:
    """Whether a figure is missing because its tier does not tell it, and not because nothing happened."""
    if name in QUANTILES:
        return result["buckets"] is None
    if name in ("mean", "busy"):
        return result["total"] is None and result["count"] > 0
    return not result["window"]


def _against(rule: Rule, subject: str, figure: Figure, row: Row, around: Around) -> dict[str, t.Any] | None:
    """Return what a figure is compared with, None where it is compared with nothing, or nothing is known of that."""
    if rule.compare == "fleet":
        norm = around.norms.near(rule.value, figure[3], row["fleets"])
        return norm and {"value": norm.median, "fleet": norm.fleet, "hosts": norm.hosts, "run": None}
    if rule.compare in _WITH_THE_PAST and around.past:
        past = around.past.values.get(rule.value, {}).get(subject)
        if past and past[0] is not None and past[3] == figure[3] and (past[2] is None or past[2] >= rule.events):
            return {"value": past[0], "fleet": None, "hosts": None, "run": around.run}
    return None


def step(rule: Rule, figure: Figure, other: float) -> tuple[str, float] | None:
    """Return the most severe step that a figure surely reaches: a quantile by the lower bound of its bucket.

    `other` is what it is compared with, 0 for nothing.
    """
    low, high = figure[0], figure[1]
    for severity, threshold in rule.steps:
        if rule.compare in ("fleet", "previous"):
            edge = threshold * other
            reached = low >= max(edge, rule.floor) if rule.above else high <= edge
        elif rule.compare in ("rise", "fall"):
            change = low - other if rule.compare == "rise" else other - low
            reached = change >= threshold
        else:
            reached = low >= threshold if rule.above else high <= threshold
        if reached:
            return severity, threshold
    return None
