# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: whole, self-contained, readable without its script, and harmless whatever the hosts sent."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from .conftest import HOSTILE, Folder, record
from .page import page


def test_every_host_is_in_the_plain_table_with_its_outcome(mixed: Folder) -> None:
    text = page(mixed).text()
    for host in ("web-01", "web-02", "db-01", "db-02", "lost", "limited"):
        assert host in text
    assert "Connection refused." in text
    assert "no program may read kernel memory" in text
    assert "boot without lockdown=confidentiality" in text


def test_every_fleet_has_a_row_that_leads_to_its_hosts(mixed: Folder) -> None:
    links = page(mixed).links()
    assert {"#fleet=web", "#fleet=db", "#fleet=prod", "#fleet=ungrouped"} <= links


def test_histograms_of_the_inventory_are_drawn_without_the_script(folder: Folder) -> None:
    folder.add("a", ("one", "two"), record("tier3", "a"))
    assert page(folder).count("svg", "hist") == 2  # runqlat and biolatency


def test_the_plain_table_is_cut_where_a_page_of_it_would_be_too_long(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansible_collections.ebpf.fleet.plugins.plugin_utils._html._PLAIN_HOSTS", 3)
    for number in range(5):
        folder.add("h%d" % number, ("f",), None)
    text = page(folder).text()
    assert "h2" in text
    assert "h3" not in text
    assert "2 more hosts are in survey.md and survey.json." in text


def test_nothing_of_a_host_becomes_a_tag_an_attribute_or_a_control(mixed: Folder) -> None:
    found = page(mixed)
    assert {tag for tag, _attrs in found.tags} <= {
        "html", "head", "meta", "title", "style", "script", "noscript", "body", "header", "footer", "main", "section", "nav", "div",
        "h1", "h2", "h3", "p", "strong", "code", "a", "b", "span", "br", "ul", "li", "dl", "dt", "dd", "svg", "rect", "path", "g", "text",
        "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    names = {name for _tag, attrs in found.tags for name in attrs}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"style", "src", "srcset", "action", "formaction", "background", "xlink:href"}
    assert all(link.startswith("#") for link in found.links())
    shown = found.text() + "".join(value or "" for _tag, attrs in found.tags for value in attrs.values())
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert "<script>alert(1)</script>" in found.text()  # as text, as it was sent


def test_nothing_of_a_host_ends_the_element_that_its_data_is_in(mixed: Folder) -> None:
    found = page(mixed)
    scripts = [attrs for tag, attrs in found.tags if tag == "script"]
    blocks = found.data()["details"]["pool"] + 1
    assert len(scripts) == 1 + blocks + 1  # the table, the blocks, and the one that is run, the last
    assert [attrs for attrs in scripts if attrs.get("type") is None] == [scripts[-1]]
    assert not re.search("[<>&\u2028\u2029]", found.raw["data"])
    assert "<script>alert(1)</script>" in found.everything()
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", found.everything())


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(mixed: Folder) -> None:
    found = page(mixed)

    def digest(text: str) -> str:
        return "'sha256-%s'" % base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    assert found.policy() == {
        "default-src": ["'none'"],
        "script-src": [digest(found.raw["script"])],
        "style-src": [digest(found.raw["style"])],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["'none'"],
    }
    assert not re.search(r"url\(|@import|https?:", found.raw["style"])


def test_the_licences_of_what_is_embedded_are_embedded(folder: Folder) -> None:
    folder.add("a", ("f",), None)
    script = page(folder).raw["script"]
    for words in (
        "preact ",
        "d3-axis ",
        "d3-scale ",
        "Permission is hereby granted",
        "Permission to use, copy, modify",
    ):
        assert words in script.partition("*/")[0]


@pytest.mark.parametrize("name", ["tier3", "tier2", "tier1"])
def test_a_page_of_one_host_says_everything_of_each_result(folder: Folder, name: str) -> None:
    stored = record(name)
    folder.add("web-01", ("web",), stored)
    found = page(folder)
    texts = found.block(found.data()["details"]["pool"])
    (detail,) = found.details()
    assert len(detail["results"]) == len(stored["results"])
    for result, said in zip(stored["results"], detail["results"], strict=True):
        assert texts[said["collector"]] == result["collector"]
        assert said["status"] == result["status"]
        assert result["source"] is None or texts[said["source"]] == result["source"]
        assert [texts[note] for note in said.get("notes", [])] == result["notes"]
        assert said.get("lost") == result["lost"]
        tried = [(one["tier"], texts[one["reason"]["message"]]) for one in said.get("attempts", [])]
        assert tried == [(one["tier"], one["reason"]["message"]) for one in result["attempts"]]
        if result["reason"]:
            assert texts[said["reason"]["message"]] == result["reason"]["message"]


def test_nobody_answered(folder: Folder) -> None:
    folder.add("a", ("f",), None)
    text = page(folder).text()
    assert "Not known: no host answered." in text
    assert "every host is at tier 3" not in text


def test_no_host_at_all(folder: Folder) -> None:
    assert "0 hosts" in page(folder).text()


def test_hostile_host_is_not_in_a_file_name(mixed: Folder) -> None:
    survey = mixed.survey()
    files = [row["file"] for row in survey.rows()]
    survey.close()
    assert not any(HOSTILE in file or "<" in file for file in files if file)
