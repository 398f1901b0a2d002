# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile bytes become text that is safe to carry."""

from __future__ import annotations

import json
import pathlib

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils import _text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"caf\xc3\xa9", "caf\u00e9"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"a\0b\x1b[31m", "a\ufffdb\ufffd[31m"),
        (b"tab\tline\n", "tab\tline\n"),
        (b"<script>", "<script>"),  # escaping is the output's business
        ("\udcff lone", "\ufffd lone"),
        ("carriage\rreturn", "carriage\ufffdreturn"),
    ],
)
def test_clean(raw: bytes | str, text: str) -> None:
    assert _text.clean(raw) == text
    json.dumps(_text.clean(raw)).encode("utf-8")


def test_clean_cuts() -> None:
    assert _text.clean("x" * 100, 10) == "x" * 9 + "\u2026"
    assert _text.clean("x" * 10, 10) == "x" * 10


def test_c_string() -> None:
    assert _text.c_string(b"kworker/0:1\0\0garbage") == "kworker/0:1"


def test_reading(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"  first \nsecond\xff")
    assert _text.first_line(str(file)) == "first"
    assert _text.read_text(str(file)) == "  first \nsecond\ufffd"
    assert _text.read_bytes(str(file), 3) == b"  f"
    for missing in (str(tmp_path / "none"), str(tmp_path), "/with\0nul"):
        assert _text.first_line(missing) is None
        assert _text.read_bytes(missing) is None
    file.write_bytes(b"")
    assert _text.first_line(str(file)) == ""
