# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our collectors beside independent tools, over the same time, on a real kernel: what they say agrees (agreement.py)."""

from __future__ import annotations

import typing as t

import agreement_page
import comparisons
import plan
import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors
from comparisons import COMPARISONS, Comparison
from conftest import Surveyed

Said = t.Dict[str, t.Dict[str, t.Any]]


def name_of(row: Comparison) -> str:
    return "%s-%s" % (row.collector, row.tool)


def both(beside: Said, row: Comparison) -> tuple[t.Any, t.Any]:
    said = beside[row.batch]
    assert "failed" not in said, said["failed"]
    return row.both(said)


def lessened(measured: t.Any, by: float) -> t.Any:
    """Return a measure of which a part is missing."""
    if isinstance(measured, dict):
        return {key: lessened(found, by) for key, found in measured.items()}
    if isinstance(measured, list):
        return [(low, high, round(n * by)) for low, high, n in measured]
    if isinstance(measured, tuple):
        return (measured[0] * by, measured[1])
    return measured * by


def misnamed(measured: dict[t.Any, t.Any]) -> dict[t.Any, t.Any]:
    """Return a measure with its largest key taken for another one."""
    largest = max(measured, key=lambda key: agreement_page.amount({key: measured[key]}))
    return {("another" if key == largest else key): found for key, found in measured.items()}


def test_every_collector_has_an_independent_tool_beside_it() -> None:
    assert {row.collector for row in COMPARISONS} == set(_collectors.PROFILE)
    for row in COMPARISONS:
        assert row.collector in (*plan.BATCHES[row.batch].native, *plan.BATCHES[row.batch].procfs)


@pytest.mark.parametrize("row", COMPARISONS, ids=name_of)
def test_both_agree(beside: Said, row: Comparison) -> None:
    ours, theirs = both(beside, row)
    verdict = row.definition.judge(ours, theirs)
    assert verdict.agrees, (verdict.difference, ours, theirs)


@pytest.mark.parametrize("row", COMPARISONS, ids=name_of)
def test_a_wrong_answer_would_not_agree(beside: Said, row: Comparison) -> None:
    ours, theirs = both(beside, row)
    for wrong in (lessened(ours, 0.7), misnamed(ours), {}):
        assert not row.definition.judge(wrong, theirs).agrees, wrong
        assert not row.definition.judge(theirs, wrong).agrees, wrong


def test_the_published_page_says_what_was_found(
    beside: Said, compared: Said, survey: Surveyed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not [said["failed"] for said in beside.values() if "failed" in said]
    kernel = survey.records[comparisons.HOST]["capability"]["kernel"]["release"]
    page = agreement_page.render(beside, compared, kernel)
    with capsys.disabled():
        agreement_page.PAGE.check(page)
