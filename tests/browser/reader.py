# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader of pages, who notices what must not happen."""

from __future__ import annotations

import pathlib
import time
import typing as t

from playwright import sync_api


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
        page.on("console", lambda message: self._complain("console", message.text, _wrong(message)))
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


def _wrong(message: sync_api.ConsoleMessage) -> bool:
    """Say whether the page is to blame: that pictures are read back again and again is the tests' doing (test_pictures.py)."""
    return message.type in ("error", "warning") and "willReadFrequently" not in message.text


def until(page: sync_api.Page, expression: str, given: object = None) -> None:
    """Wait until a JavaScript function says yes; the page's own policy forbids Playwright's way, which polls by eval."""
    end = time.monotonic() + 20
    while not page.evaluate(expression, given):
        assert time.monotonic() < end, "not within 20 s: %s" % expression
        page.wait_for_timeout(20)
