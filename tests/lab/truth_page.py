# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the truth tests showed in the lab as a page: collector and tier by kernel, and how the truth is known."""

from __future__ import annotations

import re
import typing as t

import guest_tests
from published import Page

PAGE = Page("truth")

_HEAD = """# Truth

Each collector against a workload that the test makes, whose outcome is known exactly or bounded by what the kernel itself
counts in the same window: the tests of `tests/integration` that say so (`truth.py`), run by the guests' own Python in the lab of
real kernels (`make truth`). `make integration` runs the same tests on the machine itself. `make truth` makes this page anew as
`.cache/lab/truth.md`; `python tests/lab truth` publishes it.

*yes*: all tests of the row passed there; at tier 2, by whose tool. A letter: refused, and why. Nothing: not asked there. Guests are
emulated, and their windows are %s times as long as on a machine (%s on aarch64), since the same work takes them longer. What is
asserted is the same, except where the table says so.
"""


def render(
    rows: t.Mapping[str, t.Sequence[guest_tests.Row]],
    releases: t.Mapping[str, str],
    refused: t.Mapping[tuple[str, str, int], str],
) -> str:
    """Return the page: rows by host, kernels by host, and what kernels refuse, by host, collector and tier."""
    reasons = {reason: chr(ord("a") + number) for number, reason in enumerate(dict.fromkeys(refused.values()))}
    table = [["collector", "tier", "known", *("%s: %s" % pair for pair in releases.items())]]
    for (collector, tier), known in guest_tests.marked().items():
        cells = []
        for host in releases:
            reason = refused.get((host, collector, tier))
            mine = [row for row in rows[host] if (row["collector"], row["tier"]) == (collector, tier)]
            passed = [row["outcome"] == "passed" for row in mine]
            by = {row["source"] for row in mine if row.get("source")} if tier == 2 else set()
            yes = ", ".join(["yes", *sorted(by)])
            cells.append(reasons[reason] if reason else "" if not passed else yes if all(passed) else "**no**")
        table.append([collector, str(tier), known, *cells])
    lines = ["| " + " | ".join(row) + " |" for row in table]
    head = _HEAD % (guest_tests.SLOW["amd64"], guest_tests.SLOW["arm64"])
    notes = "".join("- %s: %s\n" % (letter, reason) for reason, letter in reasons.items())
    return "\n".join([head, lines[0], "|" + "---|" * len(table[0]), *lines[1:], "", notes]) + _left() + _seconds(rows)


def _left() -> str:
    """Return where a collector can answer and no truth test asks it."""
    from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import every

    marked = guest_tests.marked()
    have = [
        (one.name, tier) for one in every() for tier, way in ((3, one.native), (2, one.bcc), (1, one.procfs)) if way
    ]
    left = ["%s at tier %d" % pair for pair in have if pair not in marked]
    return "\nHeld against nothing yet: %s.\n" % ", ".join(left) if left else ""


def _seconds(rows: t.Mapping[str, t.Sequence[guest_tests.Row]]) -> str:
    """Return how many tests ran where, and for how long."""
    said = "\n| guest | tests passed | of | seconds in tests |\n|---|---|---|---|\n"
    for host, ran in rows.items():
        tests = {row["test"]: row for row in ran}.values()
        passed = sum(row["outcome"] == "passed" for row in tests)
        said += "| %s | %d | %d | %.0f |\n" % (host, passed, len(tests), sum(row["seconds"] for row in tests))
    return said


def listed(page: str) -> set[tuple[str, int]]:
    """Return the (collector, tier) that a page has rows for."""
    return {(name, int(tier)) for name, tier in re.findall(r"^\| (\w+) \| ([123]) \|", page, re.MULTILINE)}
