# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page weighs, and how soon it is seen."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from reader import until

if t.TYPE_CHECKING:
    from reader import Reader

    Paths = t.Callable[[str], pathlib.Path]

TIMES = """() => ({
  first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  ready: performance.getEntriesByName("ready")[0]?.startTime ?? null,
})"""


@pytest.mark.parametrize(("name", "most"), [("1", 300_000), ("500", 1_500_000), ("5000", 5_000_000)])
def test_weight(paths: Paths, name: str, most: int) -> None:
    size = paths(name).stat().st_size
    print("%s hosts: %d bytes" % (name, size))
    assert size < most


@pytest.mark.parametrize("name", ["1", "5000"])
def test_it_is_seen_within_a_second(reader: Reader, paths: Paths, name: str) -> None:
    """The best of five, since the machine has other things to do."""
    found = []
    for _ in range(5):
        page = reader.open(paths(name))
        until(page, "() => document.documentElement.classList.contains('ready')")
        until(page, "() => performance.getEntriesByName('first-contentful-paint').length > 0")
        found.append(page.evaluate(TIMES))
        page.close()
    first, ready = (min(one[key] for one in found) for key in ("first", "ready"))
    print("%s hosts: first seen after %.0f ms, all of it usable after %.0f ms" % (name, first, ready))
    assert first < 1000
    assert ready < 2000


def test_a_host_among_thousands_opens_at_once(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("5000"))
    page.locator("table.hosts tbody tr th button").first.wait_for()
    taken = page.evaluate(
        """async () => { const from = performance.now();
          document.querySelector("table.hosts tbody th button").click();
          while (!document.querySelector("dialog .facts")) await new Promise(requestAnimationFrame);
          return performance.now() - from; }"""
    )
    print("a host opens in %.0f ms" % taken)
    assert taken < 1000


def test_a_search_among_thousands_answers_at_once(reader: Reader, paths: Paths) -> None:
    page = reader.open(paths("5000"))
    page.locator("table.hosts tbody tr").first.wait_for()
    page.get_by_role("searchbox").fill("w")  # the first search prepares
    taken = page.evaluate(
        """async () => { const box = document.getElementById("search"), from = performance.now();
          box.value = "web-fra1"; box.dispatchEvent(new Event("input", {bubbles: true}));
          await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
          return performance.now() - from; }"""
    )
    print("a search is answered in %.0f ms" % taken)
    assert taken < 1000
