# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page says first: the few sentences that a reader with ten seconds needs, each with a link to the hosts meant."""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _units

Head = t.Mapping[str, t.Any]

_SILENT = (("failed", "failed"), ("unreachable", "could not be reached"), ("timed_out", "did not answer in time"))
_NAMED = 3  # outliers that a headline names
_FOUND = 3  # rules that have a headline
_SAID = ("host.unanswered", "outlier.slower", "outlier.faster", "capability.tier_gap", "result.cut", "result.failed")


class Headline(t.NamedTuple):
    """A sentence, where it leads, more words, and what it is like: bad, warn, mark, win, good."""

    kind: str
    text: str
    link: str
    more: str = ""


def link(**state: object) -> str:
    """Return a link within the page that shows something, in the form of web/src/state.ts.

    >>> link(fleet="a&b", tier=3)
    '#fleet=a%26b&tier=3'
    """
    return "#" + urllib.parse.urlencode({key: str(value) for key, value in state.items()}, errors="replace")


def hosts(number: int) -> str:
    """Return so many hosts.

    >>> hosts(1), hosts(1200)
    ('1 host', '1,200 hosts')
    """
    return "%s host%s" % (_units.number(number), "" if number == 1 else "s")


def of(head: Head) -> list[Headline]:
    """Return the headlines, the worst first."""
    whole = head["inventory"]
    found = [
        Headline("bad", "%s %s" % (hosts(whole["outcomes"][name]), words), link(outcome=name))
        for name, words in _SILENT
        if whole["outcomes"][name]
    ]
    found += [Headline("warn", note, "#systems") for note in head.get("notes", ())]
    found += _findings(head)
    found += _outliers(whole)
    if whole["outcomes"]["partial"]:
        text = "%s answered in part" % hosts(whole["outcomes"]["partial"])
        found.append(
            Headline(
                "warn", text, link(outcome="partial"), "A collector failed, lost events or has no way to ask there."
            )
        )
    lost = [one for one in whole["collectors"] if one["lost"]["count"]]
    if lost:
        said = ", ".join("%s %s" % (one["collector"], _units.number(one["lost"]["count"])) for one in lost[:_NAMED])
        found.append(
            Headline(
                "warn",
                "Events were lost by %d collector%s" % (len(lost), "" if len(lost) == 1 else "s"),
                "#activity",
                said,
            )
        )
    if whole["differs"]:
        text = "%s proved another tier than the published rule says" % hosts(whole["differs"])
        found.append(Headline("warn", text, _link_of(head, "capability.tier_gap")))
    found += _win(whole)
    if whole["outcomes"]["skipped"]:
        text = "%s skipped by the limit or the play" % hosts(whole["outcomes"]["skipped"])
        found.append(Headline("", text, link(outcome="skipped")))
    if whole["hosts"] and whole["tiers"]["3"] == whole["hosts"]:
        found.append(Headline("good", "Every host is at tier 3", link(tier=3)))
    elif whole["hosts"] and whole["outcomes"]["ok"] == whole["hosts"]:
        found.append(Headline("good", "Every host answered in full", link(outcome="ok")))
    return found


def _link_of(head: Head, value: str) -> str:
    """Return a link to the hosts of the finding that looks at a value; to all, where no rule found them."""
    rules = head.get("rules", {})
    fired = [one["rule"] for one in head["inventory"].get("findings", []) if rules[one["rule"]]["value"] == value]
    return link(finding=fired[0]) if fired else "#explore"


def _findings(head: Head) -> list[Headline]:
    """Return what the rules found, but for what other headlines say."""
    whole, rules = head["inventory"], head.get("rules", {})
    found = [one for one in whole.get("findings", []) if rules[one["rule"]]["value"] not in _SAID]
    told = [
        Headline(
            "s-" + one["severity"],
            "%s: %s" % (rules[one["rule"]]["title"], hosts(one["hosts"])),
            link(finding=one["rule"]),
            "%s: %s" % (one["worst"]["host"], one["worst"]["evidence"]) if one["worst"] else "",
        )
        for one in found[:_FOUND]
        if one["severity"] != "notice"
    ]
    if len(found) > len(told):
        told.append(
            Headline("", "%d rule%s found something" % (len(found), "" if len(found) == 1 else "s"), "#findings")
        )
    return told


def _outliers(whole: Head) -> list[Headline]:
    far = whole.get("outliers", [])
    if not far:
        return []
    names = list(dict.fromkeys(one["host"] for one in far))
    said = ["%s (%s %s)" % (one["host"], one["collector"], way(one["shift"])) for one in far[:_NAMED]]
    more = ", ".join(said) + (", and more" if len(far) > _NAMED else "")
    return [Headline("mark", "%s unlike %s fleet" % (
        hosts(len(names)) + (" is" if len(names) == 1 else " are"), "its" if len(names) == 1 else "their"
    ), link(outlier="any"), more)]  # fmt: skip


def _win(whole: Head) -> list[Headline]:
    plans = whole.get("what_if", {}).get("plans", [])
    if not plans:
        return []
    best = plans[0]
    return [
        Headline("win", "%s would move up: %s" % (hosts(best["hosts"]), " and ".join(best["remedies"])), link(fix=1))
    ]


_CHANGED = {
    ("host", False): "new in the inventory",
    ("outcome", True): "answer no longer",
    ("outcome", False): "another outcome",
    ("tier", True): "a lower tier",
    ("tier", False): "a higher tier",
    ("kernel", False): "another kernel",
    ("requirement", True): "a requirement no longer met",
    ("requirement", False): "a requirement met now",
    ("probe", True): "a feature of the kernel lost",
    ("probe", False): "a feature of the kernel gained",
    ("outlier", True): "an outlier now",
    ("outlier", False): "an outlier no longer",
}


def changed(change: t.Mapping[str, t.Any]) -> str:
    """Return what kind of change this is, as words."""
    return _CHANGED.get((change["what"], change["worse"]), str(change["what"]))


def way(shift: float) -> str:
    """Return a shift in doublings as words.

    >>> way(3), way(-1), way(0.01)
    ('8\u00d7 slower', '2\u00d7 faster', 'spread otherwise')
    """
    if abs(shift) < 0.05:
        return "spread otherwise"
    return "%.2g\u00d7 %s" % (min(2 ** abs(shift), 1e6), "slower" if shift > 0 else "faster")
