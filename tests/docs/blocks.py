# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fenced blocks of a Markdown document, and what their marks ask for.

After the language, a block says what the tests do with it:

    ```shell run                         runs, and must end well
    ```shell run exit=2 expect='text'    runs, must end with 2, and must print the text
    ```shell norun='why'                 is only checked for its syntax
    ```yaml file=inventory.yml           becomes a file for the blocks below it
"""

from __future__ import annotations

import pathlib
import re
import shlex
import typing as t

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=indent)``` *$", re.MULTILINE | re.DOTALL)
_SHOWN = re.compile(r"^~~~.*?^~~~ *$", re.MULTILINE | re.DOTALL)  # Markdown that is shown, not meant
_MARKS = {"run": {"exit", "expect"}, "norun": set(), "file": set()}


class Block(t.NamedTuple):
    """A block, where it begins, its language, and its marks; a mark without a value is an empty text."""

    line: int
    language: str
    marks: t.Mapping[str, str]
    body: str


def of(text: str) -> list[Block]:
    """Return a document's fenced blocks in order; ValueError where a mark is unknown."""
    blocks = []
    text = _SHOWN.sub(lambda shown: "\n" * shown[0].count("\n"), text)
    for match in _FENCE.finditer(text):
        language, *words = shlex.split(match["info"]) or [""]
        marks = {name: value for name, _equals, value in (word.partition("=") for word in words)}
        line = text.count("\n", 0, match.start()) + 1
        main = [name for name in marks if name in _MARKS]
        allowed = set(main).union(*(_MARKS[name] for name in main))
        if len(main) > 1 or set(marks) - allowed:
            raise ValueError("line %d: marks that do not fit: %s" % (line, match["info"]))
        body = re.sub("^" + match["indent"], "", match["body"], flags=re.MULTILINE)
        blocks.append(Block(line, language, marks, body))
    return blocks


def of_file(path: pathlib.Path) -> list[Block]:
    return of(path.read_text(encoding="utf-8"))
