# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page's script reads: the table, the heat maps, the details, and how these are kept small."""

from __future__ import annotations

import json
import math

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _page_details, _page_headlines, _page_heat, _page_text

from .conftest import Folder, record
from .page import page


def test_the_table_has_every_host_once_and_in_order(mixed: Folder) -> None:
    table = page(mixed).data()["hosts"]
    assert table["host"][:6] == ["web-01", "web-02", "db-01", "db-02", "lost", "limited"]
    assert table["tier"] == "3120003"
    outcomes = page(mixed).data()["outcomes"]
    assert [outcomes[int(one)] for one in table["outcome"]][3:6] == ["unreachable", "failed", "skipped"]
    columns = [one for one in table.values() if isinstance(one, dict)]
    assert all(len(one["at"]) == 7 and max(one["at"]) < len(one["values"]) for one in columns)


def test_hosts_that_look_the_same_can_be_told_apart(folder: Folder) -> None:
    folder.add("a\u202e", ("f",), None)
    folder.add("a\u202d", ("f",), None)
    assert page(folder).data()["hosts"]["host"] == ["a\ufffd", "a\ufffd (2)"]


def test_fleets_come_in_the_order_of_size(mixed: Folder) -> None:
    fleets = page(mixed).data()["fleets"]
    assert [one["hosts"] for one in fleets] == sorted((one["hosts"] for one in fleets), reverse=True)


def test_a_heat_map_holds_each_hosts_shares_counts_and_quantiles(folder: Folder) -> None:
    folder.add("a", ("f",), record("tier3", "a"))
    folder.add("b", ("f",), record("tier1", "b"))  # knows no distribution
    folder.add("c", ("f",), record("tier3", "c"))
    found = page(folder)
    runqlat = found.data()["maps"][0]
    block = found.block(0)
    (stored,) = [one for one in record("tier3")["results"] if one["collector"] == "runqlat"]
    buckets = stored["data"]["series"][0]["buckets"]
    assert block["hosts"] == [0, 2]
    assert block["counts"] == [sum(count for _lo, _hi, count in buckets)] * 2
    assert len(block["shades"]) == 2 * len(runqlat["columns"])
    assert [list(one) for one in runqlat["columns"]] == [[lo, hi] for lo, hi, _count in buckets]  # they have no gap
    assert runqlat["whole"]["counts"] == [2 * count for _lo, _hi, count in buckets]
    assert runqlat["whole"]["without"]["hosts"] == 1
    assert runqlat["fleets"]["0"] == runqlat["whole"]
    total = block["counts"][0]
    for shade, (_lo, _hi, count) in zip(block["shades"], buckets, strict=False):
        level = (ord(shade) - ord("1")) / 39
        assert abs(math.sqrt(count / total) - level) <= 0.5 / 39 + 1e-9


@pytest.mark.parametrize(
    ("buckets", "expected"),
    [
        ([], []),
        ([[0, 2, 1], [8, 16, 1]], [(0, 2), (2, 4), (4, 8), (8, 16)]),
        ([[0, 3, 1], [7, 9, 1]], [(0, 3), (7, 9)]),  # not of our slots: as they are
    ],
)
def test_columns(buckets: list[list[int]], expected: list[tuple[int, int]]) -> None:
    assert _page_heat.columns(buckets) == expected


def test_details_are_cut_to_their_budget_and_say_so(folder: Folder) -> None:
    for number in range(200):
        folder.add("h%d" % number, ("f",), record("tier%d" % (number % 3 + 1), "h%d" % number))
    survey = folder.survey()
    sizes, levels = [], []
    for budget in (10**9, 20_000, 12_000, 1):
        details = _page_details.Details(200, budget)
        blocks = details.blocks(survey.rows)
        sizes.append(sum(map(len, blocks)))
        levels.append(details.describe()["level"])
        assert levels[-1] == _page_details.LEVELS[-1] or sizes[-1] <= budget
    survey.close()
    assert levels[0] == "all"
    assert levels[-1] == _page_details.LEVELS[-1]
    assert sizes == sorted(sizes, reverse=True)


def test_embedded_json_is_the_same_for_the_script_and_nothing_for_a_parser() -> None:
    value = {"</script><!--": "&\u2028\u2029\ud800"}
    text = _page_text.embedded(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert not set(text) & set("<>&")


def test_a_full_pool_leaves_texts_where_they_are() -> None:
    pool = _page_text.Pool(most=1)
    assert [pool.of("a"), pool.of("b"), pool.of("a"), pool.of(None)] == [0, "b", 0, None]
    assert pool.texts == ["a"]


def test_headlines_begin_with_what_is_worst_and_lead_to_the_hosts(mixed: Folder) -> None:
    survey = mixed.survey()
    found = _page_headlines.of(survey.head)
    survey.close()
    assert found[0] == _page_headlines.Headline("bad", "1 host failed", "#outcome=failed")
    assert "1 host could not be reached" in [one.text for one in found]
    assert any(one.kind == "win" and one.link == "#fix=1" for one in found)
    assert all(one.link.startswith("#") for one in found)


def test_headlines_of_a_fleet_that_is_well(folder: Folder) -> None:
    folder.add("a", ("f",), record("tier3", "a"))
    survey = folder.survey()
    found = _page_headlines.of(survey.head)
    survey.close()
    assert [one.text for one in found if one.kind == "good"] == ["Every host is at tier 3"]


@pytest.mark.parametrize(
    ("shift", "expected"),
    [(3.0, "8\u00d7 slower"), (-1, "2\u00d7 faster"), (0.01, "spread otherwise"), (99, "1e+06\u00d7 slower")],
)
def test_way(shift: float, expected: str) -> None:
    assert _page_headlines.way(shift) == expected
