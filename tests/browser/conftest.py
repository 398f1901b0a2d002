# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Chromium for all tests, pages of 1, 50 and 5,000 hosts made once, and a reader that notices what must not happen."""

from __future__ import annotations

import pathlib
import sys
import typing as t

import pytest
from playwright import sync_api

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import fleet

CHROMIUM = "/usr/bin/chromium"
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PICTURES = pathlib.Path(__file__).resolve().parents[2] / ".cache" / "browser"


class Reader:
    """Pages that people look at, in contexts of their own, and all that the browser complained of."""

    def __init__(self, browser: sync_api.Browser) -> None:
        self._browser = browser
        self._contexts: list[sync_api.BrowserContext] = []
        self.complaints: list[str] = []

    def open(self, path: pathlib.Path, fragment: str = "", **context: t.Any) -> sync_api.Page:
        """Open a page from the disk."""
        made = self._browser.new_context(**{"viewport": {"width": 1360, "height": 900}, **context})
        made.set_default_timeout(20_000)
        self._contexts.append(made)
        return self.look(made, path, fragment)

    def look(self, context: sync_api.BrowserContext, path: pathlib.Path, fragment: str = "") -> sync_api.Page:
        """Open a page in a context that there is."""
        page = context.new_page()
        page.on(
            "console", lambda message: self._complain("console", message.text, message.type in ("error", "warning"))
        )
        page.on("pageerror", lambda error: self._complain("error", str(error)))
        page.on("dialog", self._dialog)
        page.on(
            "request",
            lambda request: self._complain("request", request.url, request.url.split("#")[0] != path.as_uri()),
        )
        page.on("popup", lambda popup: self._complain("popup", popup.url))
        page.goto(path.as_uri() + ("#" + fragment if fragment else ""))
        return page

    def _complain(self, kind: str, text: str, wrong: bool = True) -> None:
        if wrong:
            self.complaints.append("%s: %s" % (kind, text[:500]))

    def _dialog(self, dialog: sync_api.Dialog) -> None:
        self._complain("dialog", dialog.message)
        dialog.dismiss()

    def close(self) -> None:
        """Close all."""
        for context in self._contexts:
            context.close()


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
