# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data for the page's script: JSON that no HTML parser can misread, cleaned texts, and blocks that are unpacked when wanted."""

from __future__ import annotations

import base64
import json
import typing as t
import zlib

from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import printable

# What could end a script element or begin another one, as JSON's own escapes; json.dumps has escaped U+2028 already.
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def embedded(value: t.Any) -> str:
    """Return JSON for the inside of a script element of a type that is not run.

    >>> embedded({"a": "</script>&" + chr(0x2028)})
    '{"a":"\\\\u003c/script\\\\u003e\\\\u0026\\\\u2028"}'
    """
    return json.dumps(value, separators=(",", ":")).translate(_ESCAPES)


def packed(value: t.Any) -> str:
    """Return JSON, deflated (RFC 1950), in base64: what the page's script unpacks when it is wanted."""
    raw = json.dumps(value, separators=(",", ":")).encode("ascii")
    return base64.b64encode(zlib.compress(raw, 9)).decode("ascii")


def clean(value: t.Any, limit: int = 1000) -> t.Any:
    """Return JSON with every text printable and capped, keys too; at most 1000 keys of an object.

    >>> clean({"k" + chr(0): ["a" + chr(10) + "b", 1, None]})
    {'k\ufffd': ['a b', 1, None]}
    """
    if isinstance(value, str):
        return printable(value, limit)
    if isinstance(value, dict):
        return {printable(key, 200): clean(one, limit) for key, one in list(value.items())[:1000]}
    if isinstance(value, (list, tuple)):
        return [clean(one, limit) for one in value]
    return value


class Pool:
    """Texts that many hosts have in common, each held once; the others stay where they are."""

    def __init__(self, most: int = 20000) -> None:
        """Begin with no text; `most` of them are held."""
        self.texts: list[str] = []
        self._at: dict[str, int] = {}
        self._most = most

    def of(self, text: str | None, limit: int = 1000) -> int | str | None:
        """Return the place of a text, cleaned; the text itself where the pool is full; None for none."""
        if text is None:
            return None
        known = printable(text, limit)
        at = self._at.get(known)
        if at is None:
            if len(self.texts) >= self._most:
                return known
            at = self._at[known] = len(self.texts)
            self.texts.append(known)
        return at


class Column:
    """A column of a table: each different value held once, and for each row the place of its value."""

    def __init__(self) -> None:
        """Begin with no row."""
        self.values: list[t.Any] = []
        self.at: list[int] = []
        self._places: dict[t.Any, int] = {}

    def add(self, value: t.Hashable) -> None:
        """Add a row."""
        place = self._places.get(value)
        if place is None:
            place = self._places[value] = len(self.values)
            self.values.append(value)
        self.at.append(place)

    def as_dict(self) -> dict[str, t.Any]:
        """Return the column as the page's script reads it."""
        return {"values": self.values, "at": self.at}
