# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import tier


@pytest.mark.parametrize(
    ("bcc", "btf", "version", "euid", "expected"),
    [
        (False, True, [5, 8, 0], 0, 3),
        (True, True, [6, 18, 44], 0, 3),
        (False, True, [5, 7, 19], 0, 1),
        (True, True, [5, 7, 19], 0, 2),
        (False, False, [6, 1, 0], 0, 1),
        (True, False, [6, 1, 0], 0, 2),
        (False, True, [6, 1, 0], 1000, 1),
        (True, True, [6, 1, 0], 1000, 2),
        (True, True, [4, 18, 0], 0, 2),
        (False, True, [10, 0, 0], 0, 3),
        (False, True, None, 0, 1),
    ],
)
def test_the_published_rule_word_for_word(
    bcc: bool, btf: bool, version: list[int] | None, euid: int, expected: int
) -> None:
    assert tier.published_tier(bcc, btf, version, euid) == expected


def requirement(name: str, number: int, state: str) -> dict[str, t.Any]:
    return {
        "name": name,
        "tier": number,
        "state": state,
        "evidence": "evidence of " + name,
        "remedy": "cure of " + name,
    }


def needs(two: t.Sequence[str], three: t.Sequence[str], proof: str) -> list[dict[str, t.Any]]:
    found = [requirement("two%d" % at, 2, state) for at, state in enumerate(two)]
    found += [requirement("three%d" % at, 3, state) for at, state in enumerate(three)]
    return [*found, requirement("proof", 3, proof)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (needs(["met", "met"], ["met"], "met"), 3),
        (needs(["unmet"], ["unknown"], "met"), 3),  # the doing is what proves
        (needs(["met", "met"], ["unmet"], "unmet"), 2),
        (needs(["met", "unknown"], ["met"], "unknown"), 1),
        (needs(["met", "unmet"], ["met"], "unmet"), 1),
        ([], 1),
    ],
)
def test_proven(found: list[dict[str, t.Any]], expected: int) -> None:
    assert tier.proven_tier(found) == expected


@pytest.mark.parametrize(("lockdown", "expected"), [(None, 3), ("none", 3), ("integrity", 3), ("confidentiality", 1)])
def test_lockdown_leaves_neither_tier_whole(lockdown: str | None, expected: int) -> None:
    assert tier.proven_tier(needs(["met"], ["met"], "met"), lockdown) == expected


def test_blockers_are_of_tier_three_and_in_order() -> None:
    found = needs(["unmet"], ["met", "unmet", "unknown"], "unknown")
    assert [one["requirement"] for one in tier.blockers(found, 1)] == ["three1", "three2", "proof"]
    assert tier.blockers(found, 1)[0] == {
        "requirement": "three1",
        "state": "unmet",
        "message": "evidence of three1",
        "remedy": "cure of three1",
    }
    assert tier.blockers(found, 3) == []


@pytest.mark.parametrize(
    ("published", "proven", "found", "words"),
    [
        (3, 3, needs([], [], "met"), None),
        (3, 1, needs(["unmet"], ["met", "unmet"], "unmet"), "evidence of three1"),
        (3, 2, needs(["met"], ["met"], "unmet"), "evidence of proof"),
        (2, 1, needs(["met", "unmet"], ["unmet"], "unmet"), "evidence of two1"),
        (1, 3, needs(["unmet"], ["met"], "met"), "can do what it does not promise"),
        (2, 3, needs(["met"], ["met"], "met"), "can do what it does not promise"),
    ],
)
def test_a_difference_is_explained(
    published: int, proven: int, found: list[dict[str, t.Any]], words: str | None
) -> None:
    said = tier.differs(published, proven, found)
    assert (
        said is None
        if words is None
        else (said or "").startswith("published as tier %d, proven as tier %d: " % (published, proven))
    )
    assert words is None or words in str(said)
