# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's row: small, and true to the record."""

from __future__ import annotations

import json

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _row

from .conftest import record, sent


@pytest.mark.parametrize(("name", "known"), [("tier3", True), ("tier2", True), ("tier1", False)])
def test_distribution_is_what_the_tier_knows(name: str, known: bool) -> None:
    row = _row.of_record(record(name), ["web"], "hosts/web-01.json")
    runqlat = row["results"][0]
    assert (runqlat["buckets"] is not None) is known
    assert (runqlat["quantiles"] is not None) is known
    assert runqlat["count"] == sent(name)["results"][0]["data"]["count"]


def test_rows_stay_small() -> None:
    stored = record("tier3")
    stored["results"][3]["data"]["items"] = [{"labels": {"comm": "c%d" % n}, "count": n} for n in range(5000)]
    stored["results"][3]["data"]["events"] = [{"comm": "x" * 1000}] * 1000
    stored["results"][1]["data"]["series"] = [
        {"labels": {"device": "d%d" % n}, "count": n, "total": 1.0, "buckets": [[0, 2, n]]} for n in range(1, 200)
    ]
    row = _row.of_record(stored, ["web"], "f")
    assert len(json.dumps(row)) < 20000
    execsnoop, biolatency = row["results"][3], row["results"][1]
    assert [one["count"] for one in execsnoop["items"]] == list(range(4999, 4979, -1))
    assert execsnoop["omitted"] == stored["results"][3]["data"]["omitted"] + 4980
    assert biolatency["buckets"] == [(0, 2, sum(range(1, 200)))]  # all series, also those that are not shown
    assert biolatency["omitted"] == 199 - 12


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"id": "debian", "version": "12", "name": "Debian GNU/Linux 12 (bookworm)"}, "Debian GNU/Linux 12 (bookworm)"),
        ({"id": "rhel", "version": "8.10", "name": None}, "rhel 8.10"),
        ({"id": "arch", "version": None, "name": "Arch Linux"}, "Arch Linux"),
        ({}, None),
    ],
)
def test_distribution_name(found: dict[str, str | None], text: str | None) -> None:
    assert _row._distribution(found) == text
