# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Screenshots for people to look at, kept in .cache/browser; what the tests see of them is that something is drawn."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from playwright.sync_api import expect
from reader import until

if t.TYPE_CHECKING:
    from reader import Reader

    Paths = t.Callable[[str], pathlib.Path]

WIDE, NARROW = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}


@pytest.mark.parametrize(("shape", "size"), [("wide", WIDE), ("narrow", NARROW)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["1", "50", "5000", "hostile", "second"])
def test_screenshot(
    reader: Reader,
    paths: Paths,
    pictures: pathlib.Path,
    name: str,
    scheme: t.Literal["light", "dark"],
    shape: str,
    size: dict[str, int],
) -> None:
    page = reader.open(paths(name), color_scheme=scheme, viewport=size)
    expect(page.locator("#table").locator("table, article").first).to_be_attached()
    if name != "1":
        until(
            page,
            "() => document.querySelector('.heat .rows canvas')?.getContext('2d').getImageData(200, 4, 400, 1).data.some(one => one)",
        )
    page.screenshot(path=pictures / ("%s-%s-%s.png" % (name, scheme, shape)), full_page=True, timeout=60_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screenshot_of_a_host(
    reader: Reader, paths: Paths, pictures: pathlib.Path, scheme: t.Literal["light", "dark"]
) -> None:
    page = reader.open(paths("second"), "outcome=ok", color_scheme=scheme, viewport=WIDE)
    page.locator("table.hosts tbody tr th button").first.click()
    expect(page.get_by_role("dialog").locator("svg.hist").first).to_be_visible()
    page.screenshot(path=pictures / ("host-%s.png" % scheme))


def test_paper(reader: Reader, paths: Paths, pictures: pathlib.Path) -> None:
    page = reader.open(paths("50"), "", color_scheme="dark")
    expect(page.locator("table.hosts")).to_be_attached()
    page.emulate_media(media="print")
    page.wait_for_timeout(200)  # the canvases are drawn again
    page.pdf(path=pictures / "50.pdf", format="A4", print_background=True)
    page.screenshot(path=pictures / "50-print.png", full_page=True)
    page.emulate_media(media="screen")
    page.locator("table.hosts tbody tr th button").first.click()
    expect(page.get_by_role("dialog").locator("svg.hist").first).to_be_visible()
    page.pdf(path=pictures / "host.pdf", format="A4", print_background=True)
    assert min((pictures / name).stat().st_size for name in ("50.pdf", "host.pdf")) > 20_000
