# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab found as a page: kernel by collector by tier and loader, and what each loader takes."""

from __future__ import annotations

import re
import typing as t

import needs

NEW = needs.CACHE / "matrix.md"
PUBLISHED = needs.CHECKOUT / "docs" / "matrix.md"

_HEAD = """# Kernels

What the lab of real kernels (`make lab`) showed: Debian's own kernels, as guests under QEMU, surveyed over SSH as one
inventory. `make lab` makes this page anew as `.cache/lab/matrix.md`; `python tests/lab matrix` publishes it.
"""
_TIERS = """
## Tiers

In a cell: the tier that answered, its loader, and the milliseconds from load to attached; below tier 3, why not.
Guests are emulated, some 10 to 20 times slower than a machine, and loaded several at a time.
"""
_LOADERS = """
## Loaders

Milliseconds from load to attached, the lowest of three, and peak resident memory of a Python process that does nothing
else; one guest after the other. A ratio is libbpf's time by the light loader's. A dash: refused by this kernel.
"""


def render(
    records: t.Mapping[str, t.Mapping[str, t.Any]], measured: t.Mapping[str, t.Sequence[t.Mapping[str, t.Any]]]
) -> str:
    """Return the page, from a survey's records and measure.py's rows by host."""
    return _HEAD + _TIERS + _tiers(records) + _LOADERS + _loaders(measured)


def masked(page: str) -> str:
    """Return the page without its figures: what is to be the same in every run."""
    return re.sub(r"[0-9]+([.+~-][0-9]+)*", "#", re.sub(r" +", " ", page))


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
    return _table(rows) + ("\nWithout an answer, and with a record all the same:\n" + rest + "\n" if rest else "")


def _cell(result: t.Mapping[str, t.Any]) -> str:
    if result["tier"] == 3:
        cost = result["cost"]
        return "3 %s, %.0f ms" % (cost["loader"], cost["load_ms"] + cost["attach_ms"])
    return "%s (%s)" % (result["tier"], ", ".join(attempt["reason"]["code"] for attempt in result["attempts"]))


def _loaders(measured: t.Mapping[str, t.Sequence[t.Mapping[str, t.Any]]]) -> str:
    rows = [["host", "object", "attached by", "light", "libbpf", "ratio", "light, peak", "libbpf, peak"]]
    for host, taken in sorted(measured.items()):
        for name in dict.fromkeys(row["object"] for row in taken):
            light, libbpf = (
                next(row for row in taken if (row["object"], row["loader"]) == (name, loader))
                for loader in ("light", "libbpf")
            )
            ratio = "%.1f" % (libbpf["ms"] / light["ms"]) if light["ms"] and libbpf["ms"] else "-"
            rows.append([host, name, light["attach"], _ms(light), _ms(libbpf), ratio, _peak(light), _peak(libbpf)])
    return _table(rows)


def _ms(row: t.Mapping[str, t.Any]) -> str:
    return "-" if row["ms"] is None else "%.0f ms" % row["ms"]


def _peak(row: t.Mapping[str, t.Any]) -> str:
    return "-" if row["ms"] is None else "%.1f MiB" % (row["peak_kib"] / 1024)


def _table(rows: t.Sequence[t.Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["", lines[0], "|" + "---|" * len(rows[0]), *lines[1:], ""])
