# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: whole, self-contained, and harmless whatever the hosts sent."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import io
import re
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _html

from .conftest import HOSTILE, Folder, record

VOID = {"meta", "link", "br", "input", "img", "hr"}


class Page(html.parser.HTMLParser):
    """A page taken apart; fails on tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.style = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.words.append(data)

    def count(self, tag: str, kind: str = "") -> int:
        """Return how many elements there are of a tag, with a class."""
        return sum(name == tag and kind in ["", *(attrs.get("class") or "").split(" ")] for name, attrs in self.tags)

    def text(self) -> str:
        """Return what a reader sees."""
        return " ".join(" ".join(self.words).split())


def page(folder: Folder) -> Page:
    """Return a run's page."""
    stream = io.StringIO()
    survey = folder.survey()
    _html.write(survey, stream)
    survey.close()
    return Page(stream.getvalue())


def test_every_host_and_its_outcome_is_there(mixed: Folder) -> None:
    found = page(mixed)
    assert found.count("details", "host") == 7
    assert found.count("details", "fleet") == 5
    for host in ("web-01", "web-02", "db-01", "db-02", "lost", "limited"):
        assert host in found.text()
    assert "Connection refused." in found.text()
    assert "no program may read kernel memory" in found.text()
    assert "boot without lockdown=confidentiality" in found.text()


def test_histograms_of_the_inventory_of_each_fleet_and_of_each_host(folder: Folder) -> None:
    folder.add("a", ("one", "two"), record("tier3", "a"))
    folder.add("b", ("one",), record("tier3", "b"))
    assert page(folder).count("svg", "hist") == 2 * (1 + 2 + 2)  # runqlat and biolatency: whole, fleets, hosts


def test_many_hosts_have_small_histograms(folder: Folder) -> None:
    for number in range(60):
        folder.add("h%d" % number, ("f",), record("tier3", "h%d" % number))
    found = page(folder)
    assert found.count("svg", "hist") == 2 * 2
    assert found.count("svg", "spark") == 2 * 60
    assert found.count("details", "host") == 60


def test_nothing_of_a_host_becomes_a_tag_an_attribute_or_a_control(mixed: Folder) -> None:
    found = page(mixed)
    assert {tag for tag, _attrs in found.tags} <= {
        "html", "head", "meta", "title", "style", "body", "header", "div", "h1", "h2", "h3", "h4", "p", "code", "nav", "a", "main",
        "section", "b", "span", "svg", "rect", "path", "g", "text", "table", "tr", "th", "td", "br", "ul", "li", "dl", "dt", "dd",
        "details", "summary", "fieldset", "label", "input", "footer",
    }  # fmt: skip
    names = {name for _tag, attrs in found.tags for name in attrs}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"style", "src", "srcset", "action", "formaction", "background", "xlink:href"}
    links = {attrs["href"] for _tag, attrs in found.tags if "href" in attrs}
    assert all(link and link.startswith("#") for link in links)
    everything = found.text() + "".join(value or "" for _tag, attrs in found.tags for value in attrs.values())
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", everything)
    assert "<script>alert(1)</script>" in found.text()  # as text, as it was sent


def test_the_policy_allows_this_style_and_nothing_else(mixed: Folder) -> None:
    found = page(mixed)
    policy = next(attrs["content"] for tag, attrs in found.tags if tag == "meta" and attrs.get("http-equiv"))
    digest = base64.b64encode(hashlib.sha256(found.style.encode()).digest()).decode()
    assert policy == "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'" % digest
    assert not re.search(r"url\(|@import|https?:", found.style)


@pytest.mark.parametrize("name", ["tier3", "tier2", "tier1"])
def test_a_page_of_one_host_says_everything_of_each_result(folder: Folder, name: str) -> None:
    stored = record(name)
    folder.add("web-01", ("web",), stored)
    text = page(folder).text()
    for result in stored["results"]:
        expected: list[t.Any] = [
            result["collector"],
            result["status"],
            result["source"],
            *(one["reason"]["message"] for one in result["attempts"]),
        ]
        expected += result["notes"] + ([result["reason"]["message"]] if result["reason"] else [])
        for part in filter(None, expected):
            assert " ".join(part.split()) in text


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
