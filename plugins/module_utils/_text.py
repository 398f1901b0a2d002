# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Bytes that come from a kernel, a file or a program, made into text that is safe to carry: decoded, cleaned, capped."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def clean(raw: bytes | str, limit: int = 4096) -> str:
    """Return `raw` as text of at most `limit` characters; what is not UTF-8 or is a control character becomes U+FFFD.

    A longer text ends in an ellipsis. Tabs and line ends stay.
    """
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    text = _UNPRINTABLE.sub("\ufffd", text)
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"


def c_string(raw: bytes, limit: int = 4096) -> str:
    """Return the text before the first NUL of a fixed-size kernel field such as `comm`."""
    return clean(raw.split(b"\0", 1)[0], limit)


def read_text(path: str, limit: int = 1 << 20) -> str | None:
    """Return a small file's text, or None when it cannot be read: the caller says what that means."""
    raw = read_bytes(path, limit)
    return None if raw is None else raw.decode("utf-8", "replace")


def read_bytes(path: str, limit: int = 1 << 20) -> bytes | None:
    """Return up to `limit` bytes of a file, or None when it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return stream.read(limit)
    except (OSError, ValueError):
        return None


def first_line(path: str) -> str | None:
    """Return a file's first line without white space around it, or None when it cannot be read."""
    text = read_text(path, 65536)
    return None if text is None else (text.splitlines() or [""])[0].strip()
