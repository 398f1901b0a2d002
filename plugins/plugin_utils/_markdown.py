# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""survey.md: the report as Markdown that reads well in a pull request, whatever text the hosts sent."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _units
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Survey
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$:])")
_TOP = 10
_NAMES = 8


def escaped(text: object, limit: int = 300) -> str:
    """Return prose of a host as one line in which nothing is Markdown, HTML, a link or a mention.

    >>> escaped('see *this* <b>|@all')
    'see \\\\*this\\\\* \\\\<b\\\\>\\\\|@<!-- -->all'
    """
    return _SPECIAL.sub(r"\\\1", one_line(text, limit)).replace("@", "@<!-- -->").replace("www.", "www\\.")


def code(text: object, limit: int = 120) -> str:
    """Return a name of a host as a code span; GFM wants a `|` escaped in tables, even there.

    >>> code('web|01'), code('a`b')
    ('`web\\\\|01`', '`` a`b ``')
    """
    line = one_line(text, limit).replace("|", "\\|") or " "
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    return "`%s`" % line if not longest else "%s %s %s" % ("`" * (longest + 1), line, "`" * (longest + 1))


def write(survey: Survey, stream: t.IO[str]) -> None:
    """Write the report."""
    head = survey.head
    whole = head["inventory"]
    stream.write("# eBPF survey %s\n\n" % code(head["run"]))
    stream.write(_lead(whole) + "\n")
    for note in head["notes"]:
        stream.write("Note: %s\n\n" % escaped(note, 600))
    _table(stream, ["Fleet", "Hosts", "Tier 3", "Tier 2", "Tier 1", "No tier", "Outcomes"], "lrrrrrl", _fleets(head))
    _found(stream, head)
    _wins(stream, whole)
    if whole["blockers"]:
        stream.write("\n## What stands between the rest and tier 3\n\n")
        _table(stream, ["Requirement", "Hosts", "Which", "Cause", "Remedy"], "lrlll", _blockers(whole))
    stream.write("\n## What the fleet is doing\n")
    for merged in whole["collectors"]:
        _collector(stream, merged)
    if not whole["collectors"]:
        stream.write("\nNo host answered.\n")
    stream.write("\n## Hosts\n\n")
    header = ["Host", "Outcome", "Tier", "Published", "Kernel", "Distribution", "Collectors", "Why"]
    _table(stream, header, "l" * len(header), map(_host, survey.rows()))
    stream.write("\nStarted %s; ebpf.fleet %s on ansible-core %s. All of it is in `survey.json`, drawn in `survey.html`.\n" % (
        head["started"], escaped(head["versions"].get("collection") or "-"), escaped(head["versions"].get("ansible_core") or "-"),
    ))  # fmt: skip


def _table(stream: t.IO[str], header: list[str], align: str, rows: t.Iterable[list[str]]) -> None:
    rules = ["---:" if one == "r" else "---" for one in align]
    for row in (header, rules):
        stream.write("| " + " | ".join(row) + " |\n")
    for row in rows:
        stream.write("| " + " | ".join(row) + " |\n")


def _found(stream: t.IO[str], head: t.Mapping[str, t.Any]) -> None:
    whole = head["inventory"]
    if not whole["findings"] and not whole["fleet_findings"]:
        return
    stream.write("\n## Findings\n\n")
    rows = [
        [one["severity"], escaped(head["rules"][one["rule"]]["title"]), "all", escaped(one["evidence"])]
        for one in whole["fleet_findings"]
    ]
    for one in whole["findings"]:
        rule, worst = head["rules"][one["rule"]], one["worst"]
        said = "%s: %s %s" % (code(worst["host"], 60), escaped(worst["evidence"]), escaped(rule["next"]))
        rows.append([one["severity"], escaped(rule["title"]), str(one["hosts"]), said])
    _table(stream, ["Severity", "Finding", "Hosts", "Worst, and what to do next"], "llrl", rows)
    health = whole["health"]
    if health["hosts"]:
        stream.write("\nHealth of %d hosts: %s%% healthy, %s%% ailing, %s%% not known.\n" % (
            health["hosts"], *(_units.number(health[part]) for part in ("healthy", "ailing", "unknown"))
        ))  # fmt: skip


def _wins(stream: t.IO[str], whole: t.Mapping[str, t.Any]) -> None:
    plans = whole["what_if"]["plans"][:_TOP]
    if plans:
        stream.write("\n## What would win tiers\n\n")
        _table(stream, ["Do this", "Hosts", "Moves"], "lrl", (
            [" and ".join(escaped(one) for one in plan["remedies"]), str(plan["hosts"]), "; ".join(map(_move, plan["moves"]))]
            for plan in plans
        ))  # fmt: skip


def _move(move: t.Mapping[str, t.Any]) -> str:
    perhaps = move["hosts"] - move["sure"]
    sure = " (of %d it is not known what else is missing)" % perhaps if perhaps else ""
    return "%d from tier %d to %d%s" % (move["hosts"], move["from"], move["to"], sure)


def _lead(whole: t.Mapping[str, t.Any]) -> str:
    outcomes = ", ".join("%d %s" % (count, _units.outcome(name)) for name, count in whole["outcomes"].items() if count)
    return "%d of %d hosts are at tier 3. Outcomes: %s.\n" % (whole["tiers"]["3"], whole["hosts"], outcomes or "none")


def _fleets(head: t.Mapping[str, t.Any]) -> t.Iterator[list[str]]:
    for name, scope in [*((code(fleet["fleet"]), fleet) for fleet in head["fleets"]), ("**all**", head["inventory"])]:
        outcomes = ", ".join(
            "%d %s" % (count, _units.outcome(key)) for key, count in scope["outcomes"].items() if count
        )
        yield [name, str(scope["hosts"]), *(str(scope["tiers"][tier]) for tier in ("3", "2", "1", "unknown")), outcomes]


def _blockers(whole: t.Mapping[str, t.Any]) -> t.Iterator[list[str]]:
    for blocked in whole["blockers"]:
        names = ", ".join(code(name, 60) for name in blocked["names"][:_NAMES])
        more = len(blocked["names"]) - _NAMES
        unknown = " (unknown on %d)" % blocked["unknown"] if blocked["unknown"] else ""
        yield [
            code(blocked["requirement"]),
            "%d%s" % (blocked["hosts"], unknown),
            names + (" and %d more" % more if more > 0 else ""),
            "<br>".join(escaped(cause["message"]) for cause in blocked["causes"][:3]),
            "<br>".join(dict.fromkeys(escaped(cause["remedy"]) for cause in blocked["causes"][:3] if cause["remedy"]))
            or "-",
        ]


def _collector(stream: t.IO[str], merged: t.Mapping[str, t.Any]) -> None:
    statuses = ", ".join("%d %s" % (count, name) for name, count in merged["statuses"].items() if count)
    stream.write("\n### %s\n\n%s\n\n" % (escaped(merged["collector"]), escaped(merged["question"])))
    stream.write("Results: %s. Count: %s on %d host(s)." % (statuses, _units.number(merged["count"]), merged["hosts"]))
    if len(merged["tier_counts"]) > 1:
        counts = ", ".join("%s at tier %s" % (_units.number(n), tier) for tier, n in merged["tier_counts"].items())
        stream.write(" By tier, which may count different things: %s." % counts)
    if merged["lost"]["count"]:
        stream.write(" Lost: %s on %d host(s)." % (_units.number(merged["lost"]["count"]), merged["lost"]["hosts"]))
    stream.write("\n")
    histogram, unit = merged["histogram"], merged["unit"]
    if histogram and histogram["buckets"]:
        found = (escaped(_units.interval(histogram["quantiles"][name], unit)) for name in ("p50", "p90", "p99"))
        stream.write("\n")
        _table(stream, ["p50", "p90", "p99", "Hosts with a distribution"], "lllr", [[*found, str(histogram["hosts"])]])
    if merged["kind"] == "stacks" and merged["items"]:
        form = "\nThe stacks of all hosts: [survey.%s.svg](survey.%s.svg) draws them, survey.%s.folded lists them.\n"
        stream.write(form % ((escaped(merged["collector"]),) * 3))
    if merged["items"]:
        stream.write("\n")
        _table(stream, ["Top", "Count", "Hosts"], "lrr", (
            [code(_units.labels(one["labels"])), _units.number(one["count"]), str(one["hosts"])] for one in merged["items"][:_TOP]
        ))  # fmt: skip


def _host(row: Row) -> list[str]:
    results = ", ".join("%s %s" % (escaped(one["collector"], 40), _shown(one)) for one in row["results"])
    return [
        code(row["host"]),
        _units.outcome(row["outcome"]),
        _units.tier(row["tier"]),
        _units.tier(row["published_tier"]),
        "-" if row["kernel"] is None else code(row["kernel"], 60),
        "-" if row["distribution"] is None else escaped(row["distribution"], 60),
        results or "-",
        escaped(row["message"] or row["differs"] or "-"),
    ]


def _shown(result: Row) -> str:
    count = "" if result["count"] is None else " " + _units.number(result["count"])
    return (
        "%s%s" % (result["status"], count)
        if result["tier"] is None
        else "%s%s (tier %d)" % (result["status"], count, result["tier"])
    )
