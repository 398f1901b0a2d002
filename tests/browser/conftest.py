# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Chromium for all tests, pages of 1, 50 and 5,000 hosts made once, and readers of them."""

from __future__ import annotations

import pathlib
import sys
import typing as t

import pytest
from playwright import sync_api

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import fleet
from reader import Reader

CHROMIUM = "/usr/bin/chromium"
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PICTURES = pathlib.Path(__file__).resolve().parents[2] / ".cache" / "browser"


@pytest.fixture(scope="session")
def chromium() -> t.Iterator[sync_api.Browser]:
    """Return the distribution's browser."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture
def loose(chromium: sync_api.Browser) -> t.Iterator[Reader]:
    """Return a reader whose complaints the test judges itself."""
    reader = Reader(chromium)
    yield reader
    reader.close()


@pytest.fixture
def reader(loose: Reader) -> t.Iterator[Reader]:
    """Return a reader that must have nothing to complain of: no error, no dialog, no request but for the page."""
    yield loose
    assert loose.complaints == []


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> t.Callable[[str], fleet.Made]:
    """Return runs by their name, each made once: a number of hosts, `hostile`, or `second` of 50 hosts after a first."""
    made: dict[str, fleet.Made] = {}

    def of(name: str) -> fleet.Made:
        if name not in made:
            folder = tmp_path_factory.mktemp("run") / name
            if name == "hostile":
                made[name] = fleet.hostile(folder)
            elif name == "second":
                made[name] = fleet.make(folder, 50, seed=8, after=of("50"))
            else:
                made[name] = fleet.make(folder, int(name))
            made[name].page()
        return made[name]

    return of


@pytest.fixture(scope="session")
def paths(runs: t.Callable[[str], fleet.Made]) -> t.Callable[[str], pathlib.Path]:
    """Return the pages of the runs."""
    return lambda name: runs(name).folder / "survey.html"


@pytest.fixture(scope="session")
def pictures() -> pathlib.Path:
    """Return the folder that screenshots are kept in."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    return PICTURES
