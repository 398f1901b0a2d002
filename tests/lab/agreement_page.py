# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far our collectors agree with independent tools, as a page: definitions, results side by side, limits."""

from __future__ import annotations

import typing as t

import agreement
import comparisons
import matrix
import plan
from published import Page

PAGE = Page("agreement")

_HEAD = """# Agreement

Every collector has counted beside a tool of somebody else, over the same time, in the same guest of the lab: here is what both
said. `make agreement` makes this page anew as `.cache/lab/agreement.md`, and fails where a row does not agree; `python tests/lab agreement`
publishes it.

The guest is `{host}`, Debian 12 with its own kernel {kernel} and its own packages of bpftrace, libbpf-tools, sysstat, iproute2,
procps and numactl, emulated by QEMU. Both are attached before a load begins, and stopped when it has ended and the guest is quiet
again: so it does not matter that they neither start nor stop at the same moment. The load is processes with names of their own
(`tests/lab/target/deeds.py`); which collectors count together, and each tool's words, stand in `tests/lab/target/plan.py`, what
is compared in `tests/lab/comparisons.py`.
"""

_DEFINITIONS = """
## When both agree

The definitions are functions of `tests/lab/agreement.py`; `tests/lab/test_definitions.py` shows of each that a wrong answer does not
agree, and that nothing, or too little to tell, is no agreement. Every row below is also held against our own answer made wrong
in several ways, none of which may agree.

{rows}
Two programs that see the same event each take the time of day a moment apart, and a bucket's bound can lie between the moments. A
kprobe is a trap, which in an emulated processor takes some 10 microseconds: a tool with one at the end of what it measures finds
everything that much longer.
"""

_BESIDE = """
## Side by side

Numbers are sums over all keys; of distributions, the values that they hold; of places, the samples in them. What differs is the
largest difference of all keys. All clauses of bpftrace in one batch ran as one program.

"""

_LIMITS = """
## Known limits

What a row leaves out, and why a difference is to be expected:

"""

_TIERS = """
## Tiers 3 and 2

bcc's tool, which is what tier 2 runs, beside the native programs in the same guest, over the same time, under load: programs started, a
disk written to, TCP over a link that loses packets, more busy processes than processors. What it means that two tiers agree:
[Tiers](tiers.md#when-two-tiers-agree). biolatency is compared on 5.10: on 6.1, `biolatency-bpfcc` of Debian 12 finds no function that it
could attach to.
"""


def render(beside: t.Mapping[str, t.Mapping[str, t.Any]], compared: t.Mapping[str, t.Any], kernel: str) -> str:
    """Return the page, from what beside.py says by batch, what agree.py says by host, and the guest's kernel."""
    head = _HEAD.format(host=comparisons.HOST, kernel=kernel)
    return (
        head + _definitions() + _BESIDE + _rows(beside) + _LIMITS + _limits() + _TIERS + matrix.agreement_of(compared)
    )


def _definitions() -> str:
    distributions = (
        f"histograms are compared by key: at least one holds {agreement.LEAST_VALUES} values or more. Of those that do,"
        f" the counts differ by at most {agreement.COUNT_SHARE:.0%}; median, 90th and 99th percentile are at most one bucket"
        f" apart, each where {agreement.LEAST_BEYOND} values lie beyond it; at most {agreement.FAR_SHARE:.0%} of what they hold"
        f" is further away than the next bucket, and at most {agreement.MOVED_SHARE['tracepoint']:.0%} in another one"
        f" ({agreement.MOVED_SHARE['kprobe']:.0%} where the tool is attached by kprobes). Of the others the counts differ by at"
        f" most {agreement.FEW}"
    )
    trapped = f"the same, for uprobes, which are traps like kprobes: at most {agreement.MOVED_SHARE['kprobe']:.0%} in another bucket"
    elsewhere = (
        "the same, for a tool that takes the time in another function: at most"
        f" {agreement.MOVED_SHARE['another function']:.0%} in another bucket"
    )
    longer = (
        "the same, but the counts may differ by B, too; and all together hold at least"
        f" {agreement.LEAST_SHARE_OF_BEYOND} times B"
    )
    about = (
        "by every key the numbers differ by A% of the larger or by B, whichever is more; and all together are at least"
        f" {agreement.LEAST_SHARE_OF_SLACK} times B"
    )
    place = (
        f"by process, each with {agreement.LEAST_SAMPLES} or more: both find most of them in the known function, and the"
        f" shares are at most {100 * agreement.SHARE_APART:.0f} points apart"
    )
    rows = [
        ["name", "both agree when"],
        ["equal", "both have the same keys, each with the same number, and there is something"],
        ["within A% or B", about],
        ["distributions", distributions],
        ["distributions, B more", longer],
        ["distributions, by uprobe", trapped],
        ["distributions, elsewhere", elsewhere],
        ["place", place],
    ]
    return _DEFINITIONS.format(rows=matrix.table(rows).lstrip("\n"))


def _rows(beside: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    head = ["collector", "tier", "measure", "tool", "of", "ours", "theirs", "what differs", "definition", "agree"]
    rows = [head]
    for row in in_order():
        ours, theirs = row.both(beside[row.batch])
        verdict = row.definition.judge(ours, theirs)
        tier = "3" if row.collector in plan.BATCHES[row.batch].native else "1"
        tool = "`%s`" % row.command().replace("|", "\\|")
        amounts = [shown(row, ours), shown(row, theirs)]
        said = [verdict.difference, row.definition.name, "yes" if verdict.agrees else "**no**"]
        rows.append([row.collector, tier, row.measure, tool, row.package(), *amounts, *said])
    return matrix.table(rows).lstrip("\n")


def in_order() -> list[comparisons.Comparison]:
    """Return the rows by collector."""
    return sorted(comparisons.COMPARISONS, key=lambda row: row.collector)


def shown(row: comparisons.Comparison, measured: t.Mapping[t.Any, t.Any]) -> str:
    """Return what stands in the table: one number, or several that are not of one unit."""
    if row.each:
        return ", ".join("%s %.0f" % (name, n) for name, n in sorted(measured.items()))
    return "%.0f" % amount(measured)


def amount(measured: t.Mapping[t.Any, t.Any]) -> float:
    """Return what a measure adds up to."""
    total = 0.0
    for found in measured.values():
        if isinstance(found, list):
            total += agreement.count(found)
        else:
            total += found[0] if isinstance(found, tuple) else found
    return total


def _limits() -> str:
    return "".join("- %s, beside %s: %s.\n" % (row.collector, row.tool, row.limits) for row in in_order() if row.limits)
