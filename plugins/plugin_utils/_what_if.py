# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each remedy would win: which hosts would move from which tier to which, the largest gain first."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

_DOING = ("loader", "proof")  # what is tried: it fails as a consequence where something before it is missing
_BLINDING = ("privilege", "btf")  # without these the kernel tells nothing of the loader
_PLANS = 1000  # sets of remedies that are told apart; hostile hosts can invent more

Requirement = t.Mapping[str, t.Any]
Row = t.Mapping[str, t.Any]


def ways(capability: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return the ways to each higher tier for which every cause has a remedy, in the shape `way` of survey.v1.json.

    All of a way's remedies are needed together. `sure`: nothing that is missing for the tier is unknown.
    """
    release = str(capability["kernel"]["release"])
    found = []
    for goal in (2, 3):
        if goal <= capability["tier"]:
            continue
        missing = [one for one in capability["requirements"] if one["tier"] == goal and one["state"] != "met"]
        remedies = [one["remedy"] and plain(one["remedy"], release) for one in causes(missing)]
        if remedies and all(remedies):
            sure = all(one["state"] == "unmet" for one in missing)
            found.append({"to": goal, "remedies": list(dict.fromkeys(map(str, remedies))), "sure": sure})
    return found


def causes(missing: t.Sequence[Requirement]) -> list[Requirement]:
    """Return the requirements that must be mended; the others that are missing are their consequences.

    Requirements come causes first. That our program cannot be loaded is a cause of its own only where nothing else is
    missing that would keep it from being loaded, or where what is missing does not hide why it cannot.
    """
    first = [one for one in missing if one["name"] not in _DOING]
    rest = [one for one in missing if one["name"] in _DOING]
    if not first:
        return rest[:1]
    if any(one["name"] in _BLINDING for one in first):
        return first
    return first + [one for one in rest[:1] if one["name"] == "loader" and one["state"] == "unmet" and one["remedy"]]


def plain(remedy: str, release: str) -> str:
    """Return a remedy in the words that are the same on all hosts: without its purpose, and whatever kernel runs.

    >>> plain("apt install linux-headers-6.1.0-13-amd64", "6.1.0-13-amd64")
    'apt install linux-headers-$(uname -r)'
    >>> plain("run with become: true, so that the probe can be made as root", "6.1")
    'run with become: true'
    """
    text = one_line(remedy, 600).partition(", so that ")[0]
    return text.replace("-" + release, "-$(uname -r)") if release else text


class WhatIf:
    """The ways of many hosts, by their remedies."""

    def __init__(self) -> None:
        """Begin with no host."""
        self._plans: dict[tuple[str, ...], dict[tuple[int, int], dict[str, bool]]] = {}
        self._no_way: list[str] = []
        self._other_hosts = 0

    def add(self, row: Row) -> None:
        """Add a host that answered; remedies that lead to two tiers count for the higher one."""
        if row["tier"] < 3 and not row["ways"]:
            self._no_way.append(row["host"])
        best = {tuple(way["remedies"]): way for way in sorted(row["ways"], key=lambda way: way["to"])}
        for remedies, way in best.items():
            if remedies in self._plans or len(self._plans) < _PLANS:
                moves = self._plans.setdefault(remedies, {})
                moves.setdefault((row["tier"], way["to"]), {})[row["host"]] = way["sure"]
            else:
                self._other_hosts += 1

    def as_dict(self) -> dict[str, t.Any]:
        """Return the shape `what_if` of docs/schemas/survey.v1.json. The gain of a plan is the tiers won, over its hosts."""
        plans: list[dict[str, t.Any]] = []
        for remedies, found in self._plans.items():
            moves: list[dict[str, t.Any]] = [
                {"from": now, "to": to, "hosts": len(hosts), "sure": sum(hosts.values()), "names": list(hosts)}
                for (now, to), hosts in sorted(found.items(), key=lambda one: (-one[0][1], one[0][0]))
            ]
            gain = sum((move["to"] - move["from"]) * move["hosts"] for move in moves)
            hosts = sum(move["hosts"] for move in moves)
            plans.append({"remedies": list(remedies), "gain": gain, "hosts": hosts, "moves": moves})
        plans.sort(key=lambda plan: (-plan["gain"], len(plan["remedies"]), plan["remedies"]))
        return {
            "plans": plans,
            "no_way": {"hosts": len(self._no_way), "names": self._no_way},
            "other_hosts": self._other_hosts,
        }
