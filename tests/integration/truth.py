# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Truth tests: which collector, at which tier, a test holds against what is known, and how it is known.

They run here, on this machine's kernel, and in guests of the lab (tests/lab/guest_tests.py), which sets:

TRUTH_TIERS  the tiers to ask, such as "3,1", which is also what is asked without it: tier 2 needs bcc's tools and their kernel
TRUTH_SLOW   how many times longer windows are, where an emulated machine takes longer for the same work
TRUTH_ONLY   the collectors to ask, if not all
TRUTH_ROWS   a file that gets a JSON object for each test, a line each
TRUTH_STACKS  the program of stacks.c, where no compiler is
"""

from __future__ import annotations

import json
import os
import typing as t

import pytest

TIERS = frozenset(map(int, os.environ.get("TRUTH_TIERS", "3,1").split(",")))
ONLY = frozenset(filter(None, os.environ.get("TRUTH_ONLY", "").split(",")))
SLOW = float(os.environ.get("TRUTH_SLOW", "1"))
EXACT = "exact"
SOURCES: list[str | None] = []  # what has answered, of results that tests looked at

Mark = t.Callable[[t.Any], t.Any]


def truth(collector: str, known: str, tier: int = 3) -> pytest.MarkDecorator:
    """Mark a test; `known` is EXACT, or what bounds the outcome."""
    return pytest.mark.truth(collector, known, tier)


def tiers(collector: str, known: t.Mapping[int, str]) -> pytest.MarkDecorator:
    """Mark a test that takes the tier as an argument, with how the outcome is known at each."""
    asked = [pytest.param(tier, marks=truth(collector, how, tier), id="tier%d" % tier) for tier, how in known.items()]
    return pytest.mark.parametrize("tier", asked)


def marks_of(item: pytest.Item) -> list[tuple[str, str, int]]:
    """Return collector, how it is known and tier of each mark of a test."""
    return [t.cast("tuple[str, str, int]", mark.args) for mark in item.iter_markers("truth")]


def asked_for(item: pytest.Item) -> bool:
    """Return whether a test asks no tier and no collector but those that are wanted."""
    return all(tier in TIERS and (not ONLY or collector in ONLY) for collector, _known, tier in marks_of(item))


def keep(item: pytest.Item, report: pytest.TestReport) -> None:
    """Write down what came of a test: of its call, or of whatever kept it from being called, or cleaned up after."""
    path = os.environ.get("TRUTH_ROWS")
    if not path or (report.when != "call" and report.passed):
        return
    source = SOURCES[-1] if SOURCES else None
    SOURCES.clear()
    row = {
        "test": item.nodeid.rpartition("/")[2],
        "outcome": report.outcome,
        "source": source.partition(":")[0] if source else None,
        "seconds": round(report.duration, 1),
        "message": str(report.longrepr)[-3000:] if report.longrepr else None,
        **dict(report.user_properties),
    }
    with open(path, "a", encoding="utf-8") as rows:
        for collector, known, tier in marks_of(item):
            marked = {"collector": collector, "known": known, "tier": tier, **row}
            rows.write(json.dumps(marked) + "\n")
