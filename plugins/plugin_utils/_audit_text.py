# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit for people and for CI: which host breaks which rule and how to mend it, as text, Markdown and JUnit XML."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _checks, _junit
from ansible_collections.ebpf.fleet.plugins.plugin_utils._audit import Audit
from ansible_collections.ebpf.fleet.plugins.plugin_utils._junit import Case
from ansible_collections.ebpf.fleet.plugins.plugin_utils._markdown import code, escaped
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line, sentence

_LINES = 40  # breaches that a terminal shows; the files have all
_ROWS = 1000  # breaches that a pull request shows
_NAMES = 5


def summary(audit: Audit) -> str:
    """Return what the play prints: the verdict, and each breach with its remedy."""
    counts = audit.head["counts"]
    lines = ["", "Audit of run %s by %s" % (audit.head["run"], one_line(audit.head["policy"]["path"], 200)), ""]
    lines += [verdict(audit), ""]
    number = 0
    for where, check in _breaches(audit):
        number += 1
        if number <= _LINES:
            lines.append("  %s: %s: %s" % (one_line(where, 60), check["rule"], one_line(check["message"], 300)))
            if check["remedy"]:
                lines.append("      %s" % one_line(check["remedy"], 300))
    if number > _LINES:
        lines.append("  (%d more are in audit.md and audit.json)" % (number - _LINES))
    excused = counts["checks"][_checks.EXCUSED]
    if excused:
        lines.append("  (%d excused by exceptions)" % excused)
    lines += ["", *("Note: %s" % one_line(note, 400) for note in audit.head["notes"][:10])]
    return "\n".join(lines).rstrip("\n") + "\n"


def verdict(audit: Audit) -> str:
    """Return the verdict as a sentence."""
    head, counts = audit.head, audit.head["counts"]
    if not audit.broken:
        return "The policy is kept: %s judged%s." % (_hosts(counts["judged"]), _apart(counts))
    rules = ", ".join("%s on %d" % (one["rule"], one["hosts"]) for one in head["broken"][:_NAMES])
    more = len(head["broken"]) - _NAMES
    rules += ", and %d more rules" % more if more > 0 else ""
    whole = [one["rule"] for scope in head["scopes"] for one in scope["checks"] if one["fails"]]
    parts = ["%d of %s broke it (%s)" % (counts["broken"], _hosts(counts["judged"]), rules)] if counts["broken"] else []
    parts += ["as a whole: %s" % ", ".join(dict.fromkeys(whole))] if whole else []
    return "The policy is broken: %s%s." % ("; ".join(parts), _apart(counts))


def write_markdown(audit: Audit, stream: t.IO[str]) -> None:
    """Write audit.md."""
    stream.write("# Audit of run %s\n\n%s\n" % (code(audit.head["run"]), escaped(verdict(audit), 2000)))
    rows = 0
    for where, check in _breaches(audit):
        if not rows:
            stream.write("\n| Where | Rule | What | How to mend it |\n| --- | --- | --- | --- |\n")
        rows += 1
        if rows <= _ROWS:
            cells = [
                code(where, 80),
                code(check["rule"]),
                escaped(check["message"], 600),
                escaped(check["remedy"] or "-"),
            ]
            stream.write("| %s |\n" % " | ".join(cells))
    if rows > _ROWS:
        stream.write("\n%d more are in `audit.json`.\n" % (rows - _ROWS))
    _exceptions(audit, stream)
    for note in audit.head["notes"]:
        stream.write("\n> %s\n" % escaped(note, 1000))


def write_junit(audit: Audit, stream: t.IO[str]) -> None:
    """Write audit.junit.xml: a suite for the inventory, for each fleet, for each host; a case for each check."""

    def suites() -> t.Iterator[_junit.Suite]:
        for scope in audit.head["scopes"]:
            yield _scope(scope["fleet"]), [_case(check) for check in scope["checks"]]
        for host in audit.hosts():
            yield host["host"], [_case(check) for check in host["checks"]] or [_left_out(host)]

    _junit.write_suites(stream, "eBPF audit %s" % audit.head["run"], suites())


def _case(check: t.Mapping[str, t.Any]) -> Case:
    group, state = "policy", check["state"]
    said = check["message"]
    if check["remedy"] and state in (_checks.BROKEN, _checks.UNKNOWN):
        said = "%s Remedy: %s" % (sentence(said, 2000), sentence(check["remedy"]))
    if check["rule"] == "answered":
        return Case("visit", "the host answered", "error", said)
    if state == _checks.EXCUSED:
        until = "Excused until %s: %s" % (check["expires"], sentence(check["reason"]))
        return Case(group, check["rule"], "skipped", "%s %s" % (until, said))
    if state == _checks.UNKNOWN:
        return Case(group, check["rule"], "failure" if check["fails"] else "skipped", "Not known: " + said)
    return Case(group, check["rule"], "failure" if check["fails"] else None, said)


def _left_out(host: Row) -> Case:
    return Case("visit", "the host answered", "skipped", "Nothing was asked of the host in this run.")


def _breaches(audit: Audit) -> t.Iterator[tuple[str, Row]]:
    """Yield where the policy is broken, what is broken as a whole first."""
    for scope in audit.head["scopes"]:
        for check in scope["checks"]:
            if check["fails"]:
                yield _scope(scope["fleet"]), check
    for host in audit.hosts():
        for check in host["checks"]:
            if check["fails"]:
                yield host["host"], check


def _scope(fleet: str | None) -> str:
    return "the inventory" if fleet is None else "fleet %s" % fleet


def _hosts(number: int) -> str:
    return "%d host%s" % (number, "" if number == 1 else "s")


def _apart(counts: t.Mapping[str, t.Any]) -> str:
    words = [
        "%d %s" % (counts[key], said)
        for key, said in (("unanswered", "gave no answer"), ("skipped", "not asked"))
        if counts[key]
    ]
    return ", %s" % ", ".join(words) if words else ""


def _exceptions(audit: Audit, stream: t.IO[str]) -> None:
    rows = audit.head["exceptions"]
    if rows:
        stream.write("\n## Exceptions\n\n| Rule | Hosts | Until | State | Reason |\n| --- | --- | --- | --- | --- |\n")
    for one in rows:
        hosts = ", ".join(code(host, 60) for host in one["hosts"][:_NAMES])
        state = "used %d times" % one["uses"] if one["state"] == "used" else one["state"]
        cells = [code(one["rule"]), hosts, one["expires"], state, escaped(one["reason"])]
        stream.write("| %s |\n" % " | ".join(cells))
