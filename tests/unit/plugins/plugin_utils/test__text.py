# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile text for a terminal."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line, sentence


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("  two\n lines\t", "two lines"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("\x9b31m", "\ufffd31m"),  # a C1 control begins a sequence too
        ("a\u202eb", "a\ufffdb"),  # turns the reading direction
        ("a\udc80b", "a\ufffdb"),
        ("caf\u00e9 \u65e5\u672c", "caf\u00e9 \u65e5\u672c"),
        (7, "7"),
        ("", ""),
    ],
)
def test_one_line(text: object, expected: str) -> None:
    assert one_line(text) == expected


@pytest.mark.parametrize("length", [10, 11, 300, 1_000_000])
def test_one_line_is_capped(length: int) -> None:
    line = one_line("x" * length, 10)
    assert len(line) <= 10
    assert line.endswith("\u2026") == (length > 10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("cause", "cause."), ("cause.", "cause."), ("what?", "what?"), ("over ssh: ", "over ssh."), ("", "")],
)
def test_sentence(text: str, expected: str) -> None:
    assert sentence(text) == expected
