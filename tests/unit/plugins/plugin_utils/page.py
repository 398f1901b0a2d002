# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page taken apart, as a browser's parser would, and its data read back."""

from __future__ import annotations

import base64
import html.parser
import io
import json
import typing as t
import zlib

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _html

from .conftest import Folder

VOID = {"meta", "link", "br", "input", "img", "hr"}


class Page(html.parser.HTMLParser):
    """Fails on tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.size = len(text)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.raw: dict[str, str] = {}  # of scripts by their id, of the style
        self._into: str | None = None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._into = dict(attrs).get("id") or tag
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._into = None

    def handle_data(self, data: str) -> None:
        if self._into is None:
            self.words.append(data)
        else:
            self.raw[self._into] = self.raw.get(self._into, "") + data

    def count(self, tag: str, kind: str = "") -> int:
        """Return how many elements there are of a tag, with a class."""
        return sum(name == tag and kind in ["", *(attrs.get("class") or "").split(" ")] for name, attrs in self.tags)

    def text(self) -> str:
        """Return what a reader sees without a script."""
        return " ".join(" ".join(self.words).split())

    def policy(self) -> dict[str, list[str]]:
        """Return the content security policy."""
        (said,) = [attrs["content"] for tag, attrs in self.tags if tag == "meta" and attrs.get("http-equiv")]
        parts = [part.split() for part in str(said).split(";")]
        return {part[0]: part[1:] for part in parts}

    def links(self) -> set[str]:
        """Return where links lead."""
        return {str(attrs["href"]) for _tag, attrs in self.tags if "href" in attrs}

    def data(self) -> dict[str, t.Any]:
        """Return the table that the script reads."""
        found: dict[str, t.Any] = json.loads(self.raw["data"])
        return found

    def block(self, number: int) -> t.Any:
        """Return a packed block."""
        return json.loads(zlib.decompress(base64.b64decode(self.raw["block-%d" % number])))

    def details(self) -> list[dict[str, t.Any]]:
        """Return all hosts' details."""
        where = self.data()["details"]
        return [one for number in range(where["first"], where["pool"]) for one in self.block(number)]

    def everything(self) -> str:
        """Return all data of hosts as one text, unpacked."""
        texts = self.block(self.data()["details"]["pool"])
        return json.dumps([self.data(), texts, self.details()], ensure_ascii=False)


def page(folder: Folder) -> Page:
    """Return a run's page."""
    stream = io.StringIO()
    survey = folder.survey()
    _html.write(survey, stream)
    survey.close()
    return Page(stream.getvalue())
