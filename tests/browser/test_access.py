# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accessibility, as far as a program can judge it: axe-core, on what is shown and on what is opened."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from playwright.sync_api import Page, expect

if t.TYPE_CHECKING:
    from reader import Reader

    Paths = t.Callable[[str], pathlib.Path]

AXE = (pathlib.Path(__file__).resolve().parent / "axe.min.js").read_text(encoding="utf-8")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults(page: Page) -> list[str]:
    """Return what axe-core finds wrong."""
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", STANDARDS)
    assert found["passes"]
    return [
        "%s: %s" % (one["help"], "; ".join(node["html"][:160] for node in one["nodes"][:4]))
        for one in found["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["1", "50", "second"])
def test_the_page(reader: Reader, paths: Paths, name: str, scheme: t.Literal["light", "dark"]) -> None:
    page = reader.open(paths(name), color_scheme=scheme)
    expect(page.locator("#table").locator("table, article").first).to_be_attached()
    assert faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_host(reader: Reader, paths: Paths, scheme: t.Literal["light", "dark"]) -> None:
    page = reader.open(paths("50"), color_scheme=scheme)
    page.locator("table.hosts tbody tr th button").first.click()
    expect(page.get_by_role("dialog").locator("article").first).to_be_visible()
    page.get_by_role("dialog").locator("summary").click()
    assert faults(page) == []


def test_a_narrow_page(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("50"), viewport={"width": 390, "height": 800})
    expect(page.locator("table.hosts")).to_be_attached()
    assert faults(page) == []
