# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose every text is an attack: the page shows it as text, and nothing else comes of it."""

from __future__ import annotations

import pathlib
import typing as t

import fleet
import pytest
from playwright.sync_api import Page, expect

if t.TYPE_CHECKING:
    from reader import Reader

    Paths = t.Callable[[str], pathlib.Path]

# What a page of ours never has, wherever it came from.
FOREIGN = "img, iframe, object, embed, link, base, video, audio, form[action], meta[http-equiv=refresh], [onload], [onerror], [onclick]"
ELEMENTS = "[...document.querySelectorAll('*')].map(one => one.localName)"


def harmless(page: Page, scripts: int) -> None:
    """See that nothing became an element, and that the page's own script is the only one."""
    assert page.locator(FOREIGN).count() == 0
    assert page.locator("script").count() == scripts
    assert page.locator("script:not([type])").count() == 1
    links = page.locator("a").evaluate_all("links => links.map(one => one.getAttribute('href'))")
    assert all(link.startswith("#") for link in links)
    assert page.evaluate("document.documentElement.outerHTML.includes('\\u202e')") is False


def test_every_host_is_shown_and_inert(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("hostile"))
    buttons = page.locator("table.hosts tbody tr th button")
    expect(buttons).to_have_count(len(fleet.HOSTILE))
    scripts = page.locator("script").count()
    harmless(page, scripts)
    for number in range(len(fleet.HOSTILE)):
        name = buttons.nth(number).inner_text()
        buttons.nth(number).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.locator("h2")).to_have_text(name)
        expect(dialog.locator("article.result").first).to_be_visible()
        dialog.locator("summary").click()
        harmless(page, scripts)
        page.keyboard.press("Escape")
    assert any("<script>alert(1)</script>" in one for one in buttons.all_inner_texts())  # as it was sent


def test_every_picture_and_filter_of_them_is_inert(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("hostile"))
    scripts = page.locator("script").count()
    for button in page.locator(".map .seg button, .latency .seg button").all():
        button.click()
    for select in page.locator(".filters select, .latency select").all():
        for option in range(1, min(select.locator("option").count(), 4)):
            select.select_option(index=option)
        select.select_option(index=0)
    canvases = page.locator(".map canvas")
    for number in range(canvases.count()):
        canvases.nth(number).hover(position={"x": 4, "y": 4})
    harmless(page, scripts)


def test_without_a_script_it_is_as_inert(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("hostile"), java_script_enabled=False)
    assert page.locator("#explore table tbody tr").count() == len(fleet.HOSTILE)
    assert page.locator(FOREIGN).count() == 0


WORDS = (*fleet.HOSTILE[:2], "%", "%zz&host", "__proto__", "constructor")
KEYS = ("host", "q", "fleet", "finding", "latency", "sort", "map", "order", "fix")


@pytest.mark.parametrize(
    ("key", "word"), [(key, word) for key in KEYS for word in (WORDS if key in ("host", "sort") else WORDS[-2:])]
)
def test_a_hostile_link_is_inert(reader: Reader, paths: Paths, key: str, word: str) -> None:
    page = reader.open(paths("50"), "%s=%s" % (key, word))
    expect(page.locator("#table").locator("table, .soft").first).to_be_attached()
    if key == "host" and "&" not in word:
        expect(page.get_by_role("dialog")).to_be_visible()
    assert page.locator(FOREIGN).count() == 0


def test_the_pages_elements_are_those_of_a_page_of_plain_hosts(reader: Reader, paths: Paths) -> None:
    found = []
    for name in ("50", "hostile"):
        page = reader.open(paths(name))
        for drawn in ("table.hosts tbody tr", ".map canvas", ".latency svg line"):  # the last that each part draws
            expect(page.locator(drawn).first).to_be_attached()
        found.append(set(page.evaluate(ELEMENTS)))
    plain, odd = found
    assert odd <= plain
