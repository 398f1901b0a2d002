# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile text for a terminal, a log or a table: one line, printable, capped."""

from __future__ import annotations

import re

_SPACES = re.compile(r"\s+")


def one_line(text: object, limit: int = 300) -> str:
    """Return text as one printable line of at most `limit` characters.

    White space is folded; everything that a terminal would act on (C0 and C1 controls, bidirectional overrides, lone
    surrogates) becomes U+FFFD.

    >>> one_line('a' + chr(10) + ' b' + chr(27) + '[31m')
    'a b\ufffd[31m'
    """
    raw = str(text)
    cut = raw[: limit * 8]  # bounds the work on a text of megabytes
    line = _SPACES.sub(" ", cut).strip()
    if not line.isprintable():
        line = "".join(c if c.isprintable() else "\ufffd" for c in line)
    if len(line) <= limit and len(cut) == len(raw):
        return line
    return line[: limit - 1] + "\u2026"


def printable(text: str, limit: int = 4000) -> str:
    """Return text with every white space as a space and everything unprintable as U+FFFD, capped, nothing folded.

    >>> printable(', ' + chr(9) + 'x' + chr(27))
    ',  x\ufffd'
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "\u2026"
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in cut)


def sentence(text: object, limit: int = 600) -> str:
    """Return text as one line that ends like a sentence."""
    line = one_line(text, limit).rstrip(" :;,")  # what should have followed is missing
    return line if not line or line[-1] in ".!?\u2026" else line + "."
