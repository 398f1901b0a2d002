# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab found as a page: kernel by collector by tier and loader, and what each loader takes."""

from __future__ import annotations

import typing as t

import agreement
from published import Page

PAGE = Page("matrix")

_HEAD = """# Kernels

What the lab of real kernels (`make lab`) showed: Debian's own kernels, as guests under QEMU, surveyed over SSH as one
inventory. `make lab` makes this page anew as `.cache/lab/matrix.md`; `python tests/lab matrix` publishes it.
"""
_TIERS = """
## Tiers

In a cell: the tier that answered, its loader, how it was attached where that is not `tp_btf`, and the milliseconds from
load to attached; below tier 3, why not. Guests are emulated, some 10 to 20 times slower than a machine, and loaded several
at a time.
"""
_LOADERS = """
## Loaders

From load to attached, the lowest of three, and peak resident memory of a Python process that does nothing else; two guests
at a time. In the columns of bcc: from the start of the distribution's tool until it has attached, once, and its process's
peak. The ratios are of one run, on the same guest. A dash: refused by this kernel; nothing: not tried.
"""


def render(
    records: t.Mapping[str, t.Mapping[str, t.Any]],
    measured: t.Mapping[str, t.Sequence[t.Mapping[str, t.Any]]],
    compared: t.Mapping[str, t.Mapping[str, t.Any]],
) -> str:
    """Return the page, from a survey's records, measure.py's rows by host and what agree.py says by host."""
    return _HEAD + _TIERS + _tiers(records) + _LOADERS + _loaders(measured, compared)


def _tiers(records: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    surveyed = {host: record for host, record in sorted(records.items()) if record["results"]}
    collectors = [result["collector"] for result in next(iter(surveyed.values()))["results"]]
    rows = [["host", "kernel", "machine", "published", "proven", *collectors]]
    for host, record in surveyed.items():
        capability = record["capability"]
        kernel = capability["kernel"]
        row = [host, kernel["release"], kernel["machine"], str(capability["published_tier"]), str(capability["tier"])]
        rows.append([*row, *(_cell(result) for result in record["results"])])
    rest = "".join(
        "\n- `%s`: %s" % (host, record["outcome"]) for host, record in sorted(records.items()) if not record["results"]
    )
    return table(rows) + ("\nWithout an answer, and with a record all the same:\n" + rest + "\n" if rest else "")


def _cell(result: t.Mapping[str, t.Any]) -> str:
    if result["tier"] == 3:
        cost = result["cost"]
        way = "" if cost["attach"] == "tp_btf" else " by " + cost["attach"]
        return "3 %s%s, %.0f ms" % (cost["loader"], way, cost["load_ms"] + cost["attach_ms"])
    return "%s (%s)" % (result["tier"], ", ".join(attempt["reason"]["code"] for attempt in result["attempts"]))


def _loaders(
    measured: t.Mapping[str, t.Sequence[t.Mapping[str, t.Any]]], compared: t.Mapping[str, t.Mapping[str, t.Any]]
) -> str:
    ways = ("light", "libbpf", "bcc")
    head = ["host", "object", "attached by", *ways, "libbpf : light", "bcc : light", "bcc : libbpf"]
    rows = [[*head, *("%s, peak" % way for way in ways), "bcc : native, peak"]]
    for host, taken in sorted(measured.items()):
        for name in dict.fromkeys(row["object"] for row in taken):
            ms, peaks = {}, {}
            for row in taken:
                if row["object"] == name:
                    ms[row["loader"]] = row["ms"]
                    peaks[row["loader"]] = row["peak_kib"] if row["ms"] else None
            attach = next(row["attach"] for row in taken if row["object"] == name)
            tool = compared.get(host, {}).get(name, {}).get("bcc", {})
            if tool.get("cost"):
                ms["bcc"], peaks["bcc"] = tool["cost"]["load_ms"], tool["peak_kib"]
            times = [_figure(ms, way, "%.0f ms", 1) for way in ways]
            ratios = [_ratio(ms, *pair) for pair in (("libbpf", "light"), ("bcc", "light"), ("bcc", "libbpf"))]
            native = "light" if peaks["light"] else "libbpf"
            memory = [_figure(peaks, way, "%.1f MiB", 1 / 1024) for way in ways]
            rows.append([host, name, attach, *times, *ratios, *memory, _ratio(peaks, "bcc", native)])
    return table(rows)


def _figure(found: t.Mapping[str, float | None], way: str, form: str, factor: float) -> str:
    if way not in found:
        return ""
    figure = found[way]
    return "-" if figure is None else form % (figure * factor)


def _ratio(found: t.Mapping[str, float | None], one: str, other: str) -> str:
    if one not in found or other not in found:
        return ""
    over, under = found[one], found[other]
    return "%.1f" % (over / under) if over and under else "-"


def agreement_of(compared: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    """Return the table of tiers 3 and 2, from what agree.py says by host."""
    rows = [["host", "collector", "counted natively", "by bcc's tool", "what differs"]]
    for host, said in sorted(compared.items()):
        for name, answers in said.items():
            if name == "load":
                continue
            ours, theirs = (answers[tier]["data"] for tier in ("native", "bcc"))
            rows.append([host, name, str(ours["count"]), str(theirs["count"]), _difference(name, ours, theirs)])
    return table(rows)


def _difference(name: str, ours: agreement.Data, theirs: agreement.Data) -> str:
    if name == "execsnoop":
        started = len(agreement.processes(ours) - agreement.processes(theirs))
        return "%d started by the kernel itself, which the tool does not see" % started
    if name == "tcpretrans":
        return "nothing: %d flows, each with the same count" % len(agreement.flows(ours))
    histograms = agreement.buckets(ours), agreement.buckets(theirs)
    shares = 100 * agreement.moved(*histograms), 100 * agreement.far(*histograms)
    return "%.1f%% in another bucket, %.1f%% further away than the next" % shares


def table(rows: t.Sequence[t.Sequence[str]]) -> str:
    """Return a table; the first row is its head."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["", lines[0], "|" + "---|" * len(rows[0]), *lines[1:], ""])
