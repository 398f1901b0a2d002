# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a finding says: its severity, its figures, and one sentence that a person can check."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _units, _values
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._rules import SEVERITIES, Rule
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line, sentence
from ansible_collections.ebpf.fleet.plugins.plugin_utils._values import Figure

RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}


def finding(
    rule: Rule, step: tuple[str, float], subject: str, figure: Figure, against: dict[str, t.Any] | None, row: Row | None
) -> dict[str, t.Any]:
    """Return the shape `finding` of docs/schemas/survey.v1.json."""
    severity, threshold = step
    return {
        "rule": rule.id,
        "severity": severity,
        "subject": subject or None,
        "value": {"lo": figure[0], "hi": figure[1]},
        "events": figure[2],
        "threshold": threshold,
        "against": against,
        "evidence": _sentence(rule, step, subject, figure, against, row),
    }


def _sentence(
    rule: Rule,
    step: tuple[str, float],
    subject: str,
    figure: Figure,
    against: t.Mapping[str, t.Any] | None,
    row: Row | None,
) -> str:
    words = _told(rule, subject, row) if row else None
    if words is None:
        words = "%s%s is %s" % (rule.value, " of %s" % subject if subject else "", shown(rule.value, figure))
        if figure[2] is not None:
            words += " over %s %s" % (_units.number(figure[2]), "hosts" if rule.source == "fleet" else "events")
    unit = _values.known().get(rule.value, "")
    if against is None:
        edge = "from %s on" if rule.above else "down from %s"
        flag = not unit and figure[0] == figure[1] == step[1]
        return sentence(words if flag else "%s (%s: %s)" % (words, edge % _plain(step[1], unit), step[0]))
    if against["fleet"] is not None or against["run"] is None:
        whose = "fleet %s" % one_line(against["fleet"], 60) if against["fleet"] is not None else "the inventory"
        return sentence(
            "%s; the median of %s is %s (%d hosts)" % (words, whose, _plain(against["value"], unit), against["hosts"])
        )
    return sentence("%s; it was %s in run %s" % (words, _plain(against["value"], unit), against["run"]))


def shown(value: str, figure: Figure) -> str:
    """Return a figure for people."""
    unit = _values.known().get(value, "")
    if figure[0] == figure[1]:
        return _plain(figure[0], unit)
    return _units.interval({"lo": figure[0], "hi": figure[1]}, unit)


def _plain(value: float, unit: str) -> str:
    if unit.startswith("of "):
        return "%.3g%% %s" % (value * 100, unit)
    return _units.quantity(value, unit).strip() if unit else _units.number(value)


def _told(rule: Rule, subject: str, row: Row) -> str | None:
    """Return what the host itself says of the matter, which is more than a number says."""
    if rule.value == "host.unanswered":
        return "%s: %s" % (_units.outcome(row["outcome"]), one_line(row["message"] or "no reason was given", 300))
    if rule.value == "capability.tier_gap":
        return row["differs"] and one_line(row["differs"], 300)
    if rule.value == "change.kernel":
        before = next((one["before"] for one in row["changes"] if one["what"] == "kernel"), None)
        return "the kernel is %s, and was %s" % (row["kernel"], before or "not known")
    if rule.value in ("result.failed", "result.cut"):
        result = next((one for one in row["results"] if one["collector"] == subject), None)
        reason = result and result["reason"]
        return "%s: %s" % (subject, one_line(reason["message"], 300)) if reason else None
    return None
