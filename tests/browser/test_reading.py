# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does with the page: look, sort, search, filter, open a host, share a link, change the theme, use the keyboard."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import pytest
from playwright.sync_api import Page, expect
from reader import until

if t.TYPE_CHECKING:
    import fleet
    from reader import Reader

    Paths = t.Callable[[str], pathlib.Path]
    Runs = t.Callable[[str], fleet.Made]


def rows(page: Page) -> list[str]:
    """Return the names of the hosts in the table."""
    return page.locator("table.hosts tbody tr th button").all_inner_texts()


def column(page: Page, number: int) -> list[str]:
    """Return a column's texts."""
    return page.locator("table.hosts tbody tr > :nth-child(%d)" % number).all_inner_texts()


def head_of(runs: Runs, name: str) -> dict[str, t.Any]:
    """Return the head of a run's report."""
    survey = runs(name).survey()
    survey.close()
    return survey.head


def test_the_overview_says_what_the_survey_says(reader: Reader, paths: Paths, runs: Runs) -> None:
    page = reader.open(paths("50"))
    whole = head_of(runs, "50")["inventory"]
    expect(page.locator("h1")).to_have_text("50 hosts, %d of them at tier 3" % whole["tiers"]["3"])
    assert page.locator(".tile b").all_inner_texts() == [str(whole["tiers"][key]) for key in ("3", "2", "1", "unknown")]
    assert page.locator("#findings tbody tr").count() == len(whole["findings"]) + len(whole["fleet_findings"])
    assert page.locator("#fix .card").first.locator("tbody tr").count() == len(whole["what_if"]["plans"])
    expect(page.locator(".map canvas").first).to_be_visible()
    assert sum(int(one) for one in page.locator(".group-name .soft").all_inner_texts()) == 50


def test_sort(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("50"))
    head = page.locator("table.hosts thead th").first
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    up = rows(page)
    assert up == sorted(up)
    assert len(up) == 50
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert rows(page) == up[::-1]
    page.get_by_role("button", name="Tier").last.click()
    tiers = [re.findall(r"tier (\d)|no tier", one)[0] for one in column(page, 2)]
    assert tiers == sorted(tiers, reverse=True)


def test_search_and_clear(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("50"))
    page.get_by_role("searchbox").fill("web fra1")
    found = rows(page)
    assert found
    assert len(found) < 50
    expect(page.locator(".filters .count")).to_have_text("%d of 50 hosts" % len(found))
    for name in found:
        assert "web" in name or "web" in column(page, 8)[found.index(name)]
    page.get_by_role("searchbox").fill("no such host anywhere")
    expect(page.locator("#table")).to_contain_text("No host fits all of this.")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".filters .count")).to_have_text("50 hosts")
    assert page.get_by_role("searchbox").input_value() == ""


@pytest.mark.parametrize(
    "title", ["Fleet", "Tier", "Outcome", "Kernel", "Distribution", "Held back by", "Mended by", "Finding", "Outlier"]
)
def test_each_filter_shows_as_many_hosts_as_it_says(reader: Reader, paths: Paths, title: str) -> None:
    page = reader.open(paths("50"))
    select = page.get_by_label(title, exact=True)
    options = select.locator("option").all_inner_texts()[1:]
    assert options
    for number, option in enumerate(options[:4], start=1):
        select.select_option(index=number)
        said = re.search(r"\((\d+)\)$", option)
        assert said
        expect(page.locator(".filters .count")).to_have_text(re.compile("^%s (of|hosts)" % said.group(1)))
        assert len(rows(page)) == int(said.group(1))


def test_filters_add_up_and_narrow_the_heat_map(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("50"), "fleet=web&tier=3")
    found = rows(page)
    assert found
    assert all("web" in one for one in column(page, 8))
    assert all("tier 3" in one for one in column(page, 2))
    expect(page.locator(".heat .rows")).to_have_attribute("aria-label", re.compile("^%d hosts by runqlat" % len(found)))
    expect(page.locator(".latency .figures")).to_contain_text("web")  # whose quantiles are shown


def test_a_link_of_the_overview_shows_the_hosts_it_counts(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("50"))
    link = page.locator("#fix tbody tr").first.locator("td.n a")
    number = int(link.inner_text())
    link.click()
    expect(page.locator(".filters .count")).to_have_text("%d of 50 hosts" % number)
    assert "fix=1" in page.url
    expect(page.locator("#explore")).to_be_in_viewport()
    page.go_back()
    expect(page.locator(".filters .count")).to_have_text("50 hosts")


def test_a_host_is_opened_and_says_everything(reader: Reader, paths: Paths, runs: Runs) -> None:
    page = reader.open(paths("50"))
    button = page.locator("table.hosts tbody tr th button").first
    name = button.inner_text()
    button.click()
    dialog = page.get_by_role("dialog", name=name)
    expect(dialog).to_be_visible()
    stored = json.loads((runs("50").folder / "hosts" / ("%s.json" % name)).read_text(encoding="utf-8"))
    expect(dialog).to_contain_text("hosts/%s.json" % name)
    expect(dialog).to_contain_text(stored["capability"]["kernel"]["release"])
    assert dialog.locator("article.result").count() == len(stored["results"])
    for result, card in zip(stored["results"], dialog.locator("article.result").all(), strict=True):
        said = " ".join(card.inner_text().split())
        words = [result["collector"], result["question"], result["status"], result["source"], *result["notes"]]
        words += [one["reason"]["message"] for one in result["attempts"]]
        words += [result["reason"]["message"], result["reason"]["remedy"]] if result["reason"] else []
        words.append("Lost " + ("this source cannot tell" if result["lost"] is None else str(result["lost"])))
        for one in filter(None, words):
            assert " ".join(one.split()) in said
    for one in stored["capability"]["blockers"]:
        expect(dialog).to_contain_text(one["message"])
        expect(dialog).to_contain_text(one["remedy"])
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert "host=" not in page.url
    expect(button).to_be_focused()


def test_back_closes_a_host_and_forward_opens_it_again(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("50"))
    page.locator("table.hosts tbody tr th button").nth(2).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.go_forward()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_shared_link_shows_another_person_the_same(reader: Reader, paths: Paths) -> None:
    first = reader.open(paths("50"))
    first.get_by_label("Fleet", exact=True).select_option("prod")
    first.get_by_role("searchbox").fill("6.1")
    first.get_by_role("button", name="biolatency", exact=True).click()
    first.get_by_role("button", name="Kernel").click()
    second = reader.open(paths("50"), first.url.partition("#")[2])
    assert rows(second) == rows(first)
    assert second.get_by_role("searchbox").input_value() == "6.1"
    expect(second.get_by_role("button", name="biolatency", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(second.locator("#explore")).to_be_in_viewport()
    first.locator("table.hosts tbody tr th button").first.click()
    third = reader.open(paths("50"), first.url.partition("#")[2])
    expect(third.get_by_role("dialog", name=rows(first)[0])).to_be_visible()


def test_a_link_to_a_host_that_is_not_there(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("50"), "host=gone-since")
    expect(page.get_by_role("dialog", name="gone-since")).to_contain_text("This run's inventory has no such host.")


def test_the_theme_is_the_systems_until_one_is_chosen(reader: Reader, paths: Paths) -> None:
    def background(page: Page) -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    def pixels(page: Page) -> str:
        return str(page.locator(".heat .rows canvas").evaluate("canvas => canvas.toDataURL()"))

    light, dark = "rgb(244, 245, 247)", "rgb(15, 20, 27)"
    page = reader.open(paths("50"), color_scheme="dark")
    assert background(page) == dark
    expect(page.locator(".heat .rows canvas")).to_be_attached()
    before = pixels(page)
    page.get_by_role("button", name="Theme: auto").click()
    expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
    assert background(page) == light
    until(page, "before => document.querySelector('.heat .rows canvas').toDataURL() !== before", before)
    page.reload()
    assert background(page) == light  # it was kept
    page.get_by_role("button", name="Theme: light").click()
    assert background(page) == dark
    other = reader.open(paths("50"), color_scheme="light")
    assert background(other) == light


def test_the_keyboard_is_enough(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("50"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the overview")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#overview")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("fra1")
    found = rows(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('tbody th button')"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=found[0])).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#host-title")).not_to_have_text(found[0])
    page.keyboard.press("k")
    expect(page.locator("#host-title")).to_have_text(found[0])
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_heat_map_by_keyboard(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("50"))
    heat = page.locator(".heat .rows")
    heat.focus()
    page.keyboard.press("ArrowDown")
    said = page.locator(".heat [role=status]")
    expect(said).to_contain_text("p99")
    first = said.inner_text().partition(":")[0]
    page.keyboard.press("End")
    expect(said).not_to_contain_text(first + ":")
    page.keyboard.press("Home")
    expect(said).to_contain_text(first + ":")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=first)).to_be_visible()


def test_outliers_are_the_first_rows_of_the_heat_map(reader: Reader, paths: Paths, runs: Runs) -> None:
    page = reader.open(paths("500"))
    slow = runs("500").slow
    heat = page.locator(".heat .rows")
    expect(heat).to_have_attribute("aria-label", re.compile(r", [1-9]\d* outliers?\."))
    box = heat.bounding_box()
    assert box
    heat.hover(position={"x": box["width"] / 2, "y": 6})
    tip = page.locator(".tip")
    expect(tip).to_contain_text("Outlier:")
    expect(tip).to_contain_text("slower than")
    assert tip.locator("b").inner_text() in slow
    heat.click(position={"x": box["width"] / 2, "y": 6})
    expect(page.get_by_role("dialog")).to_contain_text("outlier: runqlat")


def test_the_map_opens_a_host_and_is_coloured_by_what_is_asked(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("50"))
    canvas = page.locator(".map canvas").first
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    page.get_by_role("button", name="health", exact=True).click()
    until(page, "before => document.querySelector('.map canvas').toDataURL() !== before", before)
    assert "map=health" in page.url
    canvas.hover(position={"x": 5, "y": 5})
    name = page.locator(".tip b").inner_text()
    canvas.click(position={"x": 5, "y": 5})
    expect(page.get_by_role("dialog", name=name)).to_be_visible()


def test_what_changed_since_the_run_before(reader: Reader, paths: Paths, runs: Runs) -> None:
    page = reader.open(paths("second"))
    head = head_of(runs, "second")
    part = page.locator("#changes")
    expect(part).to_contain_text("What changed since run %s" % head["previous"]["run"])
    assert part.locator("tbody tr").count() == len(head["inventory"]["changes"])
    for name in head["previous"]["gone"]:
        expect(part).to_contain_text(name)
    row = part.locator("tbody tr", has_text="a lower tier")
    number = int(row.locator("a").inner_text())
    row.locator("a").click()
    assert len(rows(page)) == number
    page.locator("table.hosts tbody tr th button").first.click()
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"tier: [123] → [12]"))


def test_one_host_is_shown_at_once(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("1"))
    expect(page.locator("article.result")).to_have_count(4)
    assert page.locator(".map, .filters, .heat").count() == 0


def test_thousands_of_hosts_come_a_page_at_a_time(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("5000"))
    assert len(rows(page)) == 50
    expect(page.locator(".pager")).to_contain_text("1 to 50 of 5,000 hosts")
    first = rows(page)
    page.locator(".pager").get_by_role("button", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("51 to 100 of 5,000 hosts")
    assert not set(first) & set(rows(page))
    assert "page=2" in page.url
    page.get_by_role("searchbox").fill("web-fra1-0")
    expect(page.locator(".pager")).to_contain_text("1 to 50 of")  # another search begins at its first page


def test_without_a_script_the_page_still_tells(reader: Reader, paths: Paths, runs: Runs) -> None:
    page = reader.open(paths("50"), java_script_enabled=False)
    whole = head_of(runs, "50")["inventory"]
    expect(page.locator("noscript p").first).to_contain_text("survey.md")
    assert page.locator("#explore table tbody tr").count() == 50
    assert page.locator("#findings tbody tr").count() == len(whole["findings"]) + len(whole["fleet_findings"])
    expect(page.locator("#activity svg.hist").first).to_be_visible()


def test_on_paper_it_is_light_and_without_controls(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("50"), color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(24, 33, 45)"
    for hidden in (".bar", "#filters"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("table.hosts")).to_be_visible()
    assert len(page.pdf(format="A4")) > 50_000


@pytest.mark.parametrize("name", ["1", "50", "hostile"])
@pytest.mark.parametrize("width", [360, 800, 1360])
def test_nothing_is_wider_than_the_window(reader: Reader, paths: Paths, name: str, width: int) -> None:
    page = reader.open(paths(name), viewport={"width": width, "height": 800})
    expect(page.locator("#table").locator("table, article").first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
