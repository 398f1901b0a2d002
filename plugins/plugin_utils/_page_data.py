# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the page's script works on: a table of the hosts by column, the heat maps, the hosts' details.

web/src/data.ts reads it. The table is JSON; the rest is packed, in blocks of which only those that are looked at are
unpacked, so that a page of thousands of hosts opens at once.
"""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _fold, _page_details, _page_heat, _page_text
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Survey

_FLEETS = 2000  # that the script tells apart, the largest
_TEXT = 300  # characters of a cell


class Data(t.NamedTuple):
    """What is embedded."""

    table: str  # JSON for a script element
    blocks: list[str]  # base64


class Table:
    """The columns of the host table."""

    def __init__(self, head: t.Mapping[str, t.Any], fleets: t.Sequence[str]) -> None:
        """Begin with no host."""
        self._fleets = {name: place for place, name in enumerate(fleets)}
        self._plans = {tuple(one["remedies"]): place for place, one in enumerate(plans(head))}
        self._names: list[str] = []
        self._used: dict[str, int] = {}
        self._outcomes: list[int] = []
        self._tiers: list[int] = []
        self._published: list[int] = []
        self._columns = {
            name: _page_text.Column()
            for name in (
                "fleets",
                "kernel",
                "distribution",
                "machine",
                "message",
                "needs",
                "plans",
                "outliers",
                "findings",
                "changes",
            )
        }
        self._health: list[float | None] = []

    def add(self, row: Row) -> int:
        """Add a host; return its place."""
        self._names.append(self._name(row["host"]))
        self._outcomes.append(_fold.OUTCOMES.index(row["outcome"]))
        self._tiers.append(row["tier"] or 0)
        self._published.append(row["published_tier"] or 0)
        add = {name: column.add for name, column in self._columns.items()}
        add["fleets"](tuple(self._fleets[name] for name in row["fleets"] if name in self._fleets))
        for name in ("kernel", "distribution", "machine", "message"):
            add[name](_page_text.clean(row[name], _TEXT))
        add["needs"](tuple(dict.fromkeys(_page_text.clean(one["requirement"], 100) for one in row["blockers"])))
        ways = (self._plans.get(tuple(one["remedies"])) for one in row.get("ways", ()))
        add["plans"](tuple(dict.fromkeys(place for place in ways if place is not None)))
        far = (one["collector"] for one in row.get("comparisons", ()) if one["outlier"])
        add["outliers"](tuple(dict.fromkeys(_page_text.clean(name, 100) for name in far)))
        add["findings"](tuple((one["rule"], one["severity"]) for one in row.get("findings", ())))
        add["changes"](tuple(sorted({(one["what"], one["worse"]) for one in row.get("changes", ())})))
        self._health.append(row["health"]["healthy"] if row.get("health") else None)
        return len(self._names) - 1

    def as_dict(self) -> dict[str, t.Any]:
        """Return the columns; tiers and outcomes as a digit per host."""
        return {
            "host": self._names,
            "outcome": "".join(map(str, self._outcomes)),
            "tier": "".join(map(str, self._tiers)),
            "published": "".join(map(str, self._published)),
            "health": self._health if any(one is not None for one in self._health) else None,
            **{name: column.as_dict() for name, column in self._columns.items()},
        }

    def _name(self, host: str) -> str:
        """Return a host's name for people; one that looks the same as another host's gets a number."""
        name = _page_text.clean(host, _TEXT)
        self._used[name] = self._used.get(name, 0) + 1
        return name if self._used[name] == 1 else "%s (%d)" % (name, self._used[name])


def build(survey: Survey) -> Data:
    """Return the page's data."""
    head = survey.head
    fleets = sorted(head["fleets"], key=lambda one: (-one["hosts"], one["fleet"]))[:_FLEETS]
    table, heats = Table(head, [one["fleet"] for one in fleets]), _page_heat.Heats(head)
    for row in survey.rows():
        heats.add(table.add(row), row)
    details = _page_details.Details(head["inventory"]["hosts"])
    blocks = [_page_text.packed(one) for one in heats.blocks()]
    maps = len(blocks)
    blocks += details.blocks(survey.rows)
    blocks.append(_page_text.packed(details.pool.texts))
    return Data(
        _page_text.embedded(
            {
                "version": 1,
                "run": _page_text.clean(head["run"]),
                "outcomes": _fold.OUTCOMES,
                "fleets": [_fleet(one) for one in fleets],
                "hosts": table.as_dict(),
                "plans": _page_text.clean(
                    [{"remedies": one["remedies"], "hosts": one["hosts"]} for one in plans(head)]
                ),
                "rules": _rules(head),
                "previous": _page_text.clean((head.get("previous") or {}).get("run")),
                "maps": heats.describe(fleets),
                "details": {"first": maps, "pool": len(blocks) - 1, **details.describe()},
            }
        ),
        blocks,
    )


def plans(head: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return what remedies would win, in the order of gain."""
    found: list[dict[str, t.Any]] = head["inventory"].get("what_if", {}).get("plans", [])
    return found


def _rules(head: t.Mapping[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """Return what the page says of the rules that fired, on a host or on a fleet."""
    scopes = (head["inventory"], *head["fleets"])
    fired = {one["rule"] for scope in scopes for key in ("findings", "fleet_findings") for one in scope.get(key, ())}
    told = head.get("rules", {})
    said: dict[str, dict[str, t.Any]] = _page_text.clean(
        {rule: {key: told[rule][key] for key in ("title", "means", "next")} for rule in sorted(fired & told.keys())}
    )
    return said


def _fleet(scope: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {"name": _page_text.clean(scope["fleet"], _TEXT), "hosts": scope["hosts"], "tiers": scope["tiers"]}
