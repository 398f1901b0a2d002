# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A row for each host, in which nothing is a formula."""

from __future__ import annotations

import csv
import io
import re

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _csv

from .conftest import HOSTILE, Folder, record


def table(folder: Folder) -> list[dict[str, str]]:
    """Return the file's rows, read by another CSV reader's rules."""
    survey, stream = folder.survey(), io.StringIO(newline="")
    _csv.write(survey, stream)
    survey.close()
    assert stream.getvalue().count("\r\n") == 1 + len(folder.hosts)
    return list(csv.DictReader(io.StringIO(stream.getvalue(), newline=""), strict=True))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", "=cmd|' /C calc'!A0", '="a","b"'],
)
def test_formulas_are_defused(text: str) -> None:
    found = _csv.cell(text)
    assert isinstance(found, str)
    assert found.startswith("'")


@pytest.mark.parametrize("value", ["web-01", "a=b", "", 5, -5, 0.5, None])
def test_what_is_no_formula_stays_as_it_is(value: str | float | None) -> None:
    assert _csv.cell(value) == value


def test_every_host_is_there_with_its_figures(mixed: Folder) -> None:
    rows = table(mixed)
    assert [row["outcome"] for row in rows] == ["ok", "ok", "partial", "unreachable", "failed", "skipped", "ok"]
    one = rows[0]
    assert (one["host"], one["fleets"], one["tier"], one["kernel"]) == ("web-01", "prod; web", "3", "6.18.44")
    assert (one["runqlat.status"], one["runqlat.count"], one["runqlat.p99_below_us"]) == ("ok", "4325", "8192")
    assert rows[1]["runqlat.p99_below_us"] == ""  # tier 1 knows no distribution: nothing, not 0
    assert rows[1]["remedies"].endswith("; run with become: true")
    assert (rows[3]["tier"], rows[3]["runqlat.status"], rows[3]["message"]) == ("", "", "Connection refused.")


def test_hostile_text_stays_in_its_cell(folder: Folder) -> None:
    bad = record("tier3", "=cmd|' /C calc'!A0")
    bad["capability"]["kernel"]["release"] = '@x",\r\n=1,"\x00\x1b'
    folder.add("=cmd|' /C calc'!A0", ("-f",), bad)
    folder.add(HOSTILE, ("+f",), None)
    for row in table(folder):
        for name, text in row.items():
            assert not re.match(r"[=+@\t\r]|-\D", text), (name, text)
            assert text.isprintable()
