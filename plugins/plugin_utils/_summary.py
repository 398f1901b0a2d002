# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the play prints at its end: hosts per fleet and tier, what stands between the rest and tier 3."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _units
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

_FLEETS = 20
_BLOCKERS = 10
_FINDINGS = 8
_PLANS = 3
_HEADER = ("fleet", "hosts", "tier 3", "tier 2", "tier 1", "no tier", "outcomes")


def table(head: t.Mapping[str, t.Any]) -> str:
    """Return the summary of a survey as lines of text."""
    fleets = sorted(head["fleets"], key=lambda fleet: (-fleet["hosts"], fleet["fleet"]))
    rows = [_HEADER, *(_row(one_line(fleet["fleet"], 30), fleet) for fleet in fleets[:_FLEETS])]
    rows.append(_row("all", head["inventory"]))
    lines = ["", "Run %s" % head["run"], "", *_columns(rows)]
    if len(fleets) > _FLEETS:
        lines.insert(-1, "(%d smaller fleets are in the report)" % (len(fleets) - _FLEETS))
    notes = ["Note: %s" % one_line(note, 400) for note in head["notes"]]
    parts = (notes, _between(head["inventory"]), _wins(head["inventory"]), _found(head))
    return "\n".join([*lines, *(line for part in parts if part for line in ("", *part)), ""])


def _wins(inventory: t.Mapping[str, t.Any]) -> list[str]:
    lines = []
    for plan in inventory["what_if"]["plans"][:_PLANS]:
        tiers = ", ".join("%d to tier %d" % (move["hosts"], move["to"]) for move in plan["moves"])
        lines += ["  %s: %s" % (one_line(" and ".join(plan["remedies"]), 160), tiers)]
    return ["What would move the most hosts up:", *lines] if lines else []


def _found(head: t.Mapping[str, t.Any]) -> list[str]:
    rules, inventory = head["rules"], head["inventory"]
    lines = [
        _finding(one["severity"], rules[one["rule"]], one_line(one["evidence"], 160))
        for one in inventory["fleet_findings"]
    ]
    for one in inventory["findings"]:
        worst = "%s: %s" % (one_line(one["worst"]["host"], 60), one_line(one["worst"]["evidence"], 160))
        said = worst if one["hosts"] == 1 else "%d hosts, worst %s" % (one["hosts"], worst)
        lines += [_finding(one["severity"], rules[one["rule"]], said)]
    more = ["  (%d more are in the report)" % (len(lines) - _FINDINGS)] if len(lines) > _FINDINGS else []
    return ["Findings:", *lines[:_FINDINGS], *more] if lines else []


def _finding(severity: str, rule: t.Mapping[str, t.Any], said: str) -> str:
    return "  %s: %s: %s" % (severity, rule["title"], said)


def _row(name: str, scope: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    tiers = (scope["tiers"][tier] for tier in ("3", "2", "1", "unknown"))
    outcomes = ", ".join("%d %s" % (count, _units.outcome(key)) for key, count in scope["outcomes"].items() if count)
    return (name, str(scope["hosts"]), *("." if not count else str(count) for count in tiers), outcomes)


def _columns(rows: t.Sequence[t.Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER) - 1)]
    lines = []
    for row in rows:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:], strict=True)),
            row[-1],
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return lines


def _between(inventory: t.Mapping[str, t.Any]) -> list[str]:
    tiers = inventory["tiers"]
    if not inventory["blockers"]:
        if tiers["3"] == inventory["hosts"]:
            return ["Every host is at tier 3."]
        return ["No host that answered is held back from tier 3." if tiers["3"] else "No host answered."]
    lines = ["What stands between the rest and tier 3:"]
    for blocked in inventory["blockers"][:_BLOCKERS]:
        state = "" if not blocked["unknown"] else ", unknown on %d" % blocked["unknown"]
        cause = blocked["causes"][0] if blocked["causes"] else {"message": "", "remedy": None}
        lines.append("  %s: %d host%s%s: %s" % (
            blocked["requirement"], blocked["hosts"], "" if blocked["hosts"] == 1 else "s", state, one_line(cause["message"], 160)
        ))  # fmt: skip
        if cause["remedy"]:
            lines.append("      %s" % one_line(cause["remedy"], 200))
    if len(inventory["blockers"]) > _BLOCKERS:
        lines.append("  (%d more are in the report)" % (len(inventory["blockers"]) - _BLOCKERS))
    return lines
