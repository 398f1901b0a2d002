# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host held against what a policy asks of it: every check with its state, what it saw, and how to mend it."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _evidence, _findings, _policy
from ansible_collections.ebpf.fleet.plugins.plugin_utils._norms import Norms
from ansible_collections.ebpf.fleet.plugins.plugin_utils._policy import Asked
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._rules import Rule
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line, sentence

KEPT, BROKEN, UNKNOWN, EXCUSED, NOTED = "kept", "broken", "unknown", "excused", "noted"
_SHOWN = 3  # findings that a message tells
_MOST = 200  # changes of one host

Rules = t.Mapping[str, t.Mapping[str, t.Any]]  # survey.json's


class Check(t.NamedTuple):
    """A rule of a policy, applied to a host or a fleet."""

    rule: str
    state: str
    message: str = ""
    remedy: str | None = None


def checks(row: Row, asked: Asked, rules: Rules) -> list[Check]:
    """Return the checks of a host that answered."""
    found: list[Check] = []
    if "minimum_tier" in asked:
        found.append(_tier(row, asked["minimum_tier"]))
    states = {one["name"]: one for one in row["requirements"]}
    found += [_state("requirements." + name, states.get(name)) for name in asked.get("requirements", ())]
    for name in asked.get("probes", ()):
        state = row["probes"].get(name)
        found.append(_state("probes." + name, state and {"state": state, "evidence": None, "remedy": None}))
    if "kernels" in asked:
        found.append(_kernel(row, asked["kernels"]))
    limits = (asked.get("findings") or {}).items()
    found += [_number(row, severity, most, rules) for severity, most in limits if most is not None]
    found += [_forbidden(row, name, rules) for name in asked.get("forbidden_findings", ())]
    for name, bounds in (asked.get("values") or {}).items():
        found += [_limit(row, name, word, limit) for word, limit in (bounds or {}).items()]
    if "minimum_health" in asked:
        found.append(_health(row, asked["minimum_health"]))
    return found


def drift(row: Row, asked: Asked) -> list[Check]:
    """Return a check for each change since the baseline that the policy wants to hear of."""
    if "drift" not in asked:
        return []
    levels = {**_policy.DRIFT, **{word: level for word, level in asked["drift"].items() if level}}
    found = []
    for one in row["changes"][:_MOST]:
        what = "new_host" if one["what"] == "host" else one["what"]
        level = levels[what]
        if level == "ignore" or not (one["worse"] or what in ("kernel", "new_host")):
            continue
        name = " %s" % one_line(one["name"], 60) if one["name"] else ""
        said = (
            "not in the baseline"
            if what == "new_host"
            else "%s%s is %s, and was %s" % (what, name, one_line(one["after"], 100), one_line(one["before"], 100))
        )
        remedy = _way(row, int(one["before"])) if what == "tier" else _mend(row, what, one["name"])
        found.append(Check("drift." + what, BROKEN if level == "fail" else NOTED, sentence(said), remedy))
    return found


def _tier(row: Row, least: int) -> Check:
    if row["tier"] is None:
        return Check("minimum_tier", UNKNOWN, "The host did not say what it can do.")
    if row["tier"] >= least:
        return Check("minimum_tier", KEPT, "Tier %d." % row["tier"])
    missing = [one for one in row["requirements"] if one["tier"] == least and one["state"] != "met"]
    why = "; ".join(
        "%s %s: %s" % (one["name"], one["state"], one_line(one["evidence"], 200)) for one in missing[:_SHOWN]
    )
    said = "tier %d was proven, tier %d is asked for%s" % (row["tier"], least, " (%s)" % why if why else "")
    return Check("minimum_tier", BROKEN, sentence(said, 1000), _way(row, least))


def _way(row: Row, least: int) -> str | None:
    """Return what would bring a host to a tier."""
    way = next((way for way in row["ways"] if way["to"] >= least), None)
    return way and one_line(" and ".join(way["remedies"]), 600)


def _mend(row: Row, what: str, name: str | None) -> str | None:
    if what != "requirement":
        return None
    return next((one["remedy"] for one in row["requirements"] if one["name"] == name), None)


def _state(rule: str, found: t.Mapping[str, t.Any] | None) -> Check:
    """Return the check of a tri-state: what is unknown is not unmet."""
    if found is None:
        return Check(rule, UNKNOWN, "The host did not say.")
    state = {"met": KEPT, "unmet": BROKEN}.get(found["state"], UNKNOWN)
    said = sentence("%s: %s" % (found["state"], found["evidence"]) if found["evidence"] else found["state"])
    return Check(rule, state, said, None if state == KEPT else found["remedy"])


def _kernel(row: Row, patterns: t.Sequence[str]) -> Check:
    if row["kernel"] is None:
        return Check("kernels", UNKNOWN, "The host did not say which kernel it runs.")
    if any(fnmatch.fnmatchcase(row["kernel"], pattern) for pattern in patterns):
        return Check("kernels", KEPT, "Kernel %s." % row["kernel"])
    said = "kernel %s is none of %s" % (row["kernel"], one_line(", ".join(patterns), 300))
    return Check("kernels", BROKEN, sentence(said), "boot one of the allowed kernels")


def _number(row: Row, severity: str, most: int, rules: Rules) -> Check:
    rule = "findings." + severity
    found = [one for one in row["findings"] if one["severity"] == severity]
    left = " %d rules could not be judged." % len(row["unjudged"]) if row["unjudged"] else ""
    if len(found) <= most:
        return Check(rule, KEPT, "%d, at most %d.%s" % (len(found), most, left))
    shown = " ".join(one["evidence"] for one in found[:_SHOWN])
    said = "%d, at most %d are allowed: %s" % (len(found), most, shown)
    return Check(rule, BROKEN, one_line(said, 1500), rules[found[0]["rule"]]["next"])


def _forbidden(row: Row, name: str, rules: Rules) -> Check:
    rule = "forbidden_findings." + name
    found = [one for one in row["findings"] if one["rule"] == name]
    if found:
        return Check(
            rule, BROKEN, one_line(" ".join(one["evidence"] for one in found[:_SHOWN]), 1500), rules[name]["next"]
        )
    if name in row["unjudged"]:
        return Check(rule, UNKNOWN, "The data by which to judge it is missing.")
    return Check(rule, KEPT, "It did not fire.")


def _limit(row: Row, name: str, word: str, limit: float) -> Check:
    """Judge a limit as a rule is judged; of an upper one each subject must keep it, of a lower one the whole."""
    rule = "values.%s" % name
    collector = name.partition(".")[0]
    around = _findings.Around(frozenset({collector}), Norms(()), None, None)
    wanted = Rule(rule, "", name, "", "value", (("critical", limit),), word == "at_most", 0, 0, (1, 2, 3), "", "")
    verdicts = [_findings.judge(wanted, row, around)]
    if word == "at_most":
        verdicts.append(_findings.judge(wanted._replace(subject="each"), row, around))
    broken = [one for verdict in verdicts for one in verdict.findings if _beyond(one, word, limit)]
    if broken:
        worst = broken[0]
        of = " of %s" % worst["subject"] if worst["subject"] else ""
        value = _evidence.shown(name, [worst["value"]["lo"], worst["value"]["hi"]])
        edge = "%s %s" % (word.replace("_", " "), _evidence.shown(name, [limit, limit]))
        said = "%s%s is %s, %s is asked for" % (name, of, value, edge)
        return Check(rule, BROKEN, sentence(said))
    if all(verdict.state in (_findings.UNKNOWN, _findings.APART) for verdict in verdicts):
        return Check(rule, UNKNOWN, "The host's figures do not tell it.")
    return Check(rule, KEPT, sentence("%s %s" % (word.replace("_", " "), _evidence.shown(name, [limit, limit]))))


def _beyond(finding: t.Mapping[str, t.Any], word: str, limit: float) -> bool:
    """Whether a figure is past the limit and not just at it: a bucket [lo, hi) with lo at the limit is past it."""
    low, high = finding["value"]["lo"], finding["value"]["hi"]
    if low != high:
        return bool(low >= limit if word == "at_most" else high <= limit)
    return bool(low > limit if word == "at_most" else high < limit)


def _health(row: Row, least: float) -> Check:
    health = row["health"]
    if health is None:
        return Check("minimum_health", UNKNOWN, "No rule applies to the host.")
    said = "%g healthy, %g ailing, %g not known" % (health["healthy"], health["ailing"], health["unknown"])
    if health["healthy"] >= least:
        return Check("minimum_health", KEPT, sentence(said))
    if health["healthy"] + health["unknown"] >= least:
        return Check("minimum_health", UNKNOWN, sentence("%s, at least %g is asked for" % (said, least)))
    worst = ", ".join(one["rule"] for one in sorted(health["because"], key=lambda one: -one["points"])[:_SHOWN])
    return Check(
        "minimum_health", BROKEN, sentence("%s, at least %g is asked for" % (said, least)), "mend first: %s" % worst
    )
