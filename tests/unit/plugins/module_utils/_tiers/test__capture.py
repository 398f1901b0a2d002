# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a tool's output and errors."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._capture import Capture


def feed(*outputs: bytes, limit: int = 100) -> Capture:
    capture = Capture(limit)
    for output in outputs:
        capture.add(output, b"")
    return capture


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ((), False),
        ((b"warm-up\n",), False),
        ((b"Tracing",), False),  # its line has no end yet
        ((b"Tracing... Hit", b" Ctrl-C\n"), True),
        ((b"Trac", b"ing\n"), True),
        ((b"warning\nTracing\n1\n",), True),
    ],
)
def test_the_greeting(outputs: tuple[bytes, ...], expected: bool) -> None:
    assert feed(*outputs).greeted("Tracing") is expected


@pytest.mark.parametrize(
    ("outputs", "later", "expected"),
    [
        ((b"Tracing\n",), b"new\n", "Tracing\nnew\n"),
        ((b"Tracing\nold\nold\n",), b"new\n", "Tracing\nnew\n"),
        ((b"Tracing\nold\nha",), b"lf\nnew\n", "Tracing\nhalf\nnew\n"),
        ((b"warning\nTracing\nold\n",), b"", "warning\nTracing\n"),
    ],
)
def test_what_came_before_the_window_is_cut_off(outputs: tuple[bytes, ...], later: bytes, expected: str) -> None:
    capture = feed(*outputs)
    assert capture.greeted("Tracing")
    capture.cut()
    capture.add(later, b"")
    assert capture.text() == expected


def test_the_limit_leaves_whole_lines() -> None:
    capture = feed(b"0123456\n" * 12, b"0123456\n", b"x" * 1000)
    assert capture.full
    assert capture.text() == "0123456\n" * 12


def test_exactly_the_limit_is_not_too_much() -> None:
    capture = feed(b"x" * 100)
    assert not capture.full
    assert capture.text() == "x" * 100


def test_a_cut_makes_room_again() -> None:
    capture = feed(b"Tracing\n" + b"x\n" * 100)
    assert capture.greeted("Tracing")
    assert capture.full
    capture.cut()
    capture.add(b"y\n", b"")
    assert not capture.full
    assert capture.text() == "Tracing\ny\n"


def test_bytes_come_back_out_of_the_text() -> None:
    raw = b"\xff\xfe name\n"
    assert feed(raw).text().encode("utf-8", "surrogateescape") == raw


@pytest.mark.parametrize(
    ("errors", "lost", "rest"),
    [
        ((b"Possibly lost 3 samples\n",), 3, ""),
        ((b"Possibly lost 3 sam", b"ples\nPossibly lost 4 samples\n"), 7, ""),
        ((b"warning\nPossibly lost 5 samples\nlast",), 5, "warning\nlast"),
        ((b"Possibly lost 5 samples",), 0, "Possibly lost 5 samples"),  # no whole line yet
        ((b"Possibly lost -5 samples\n",), 0, "Possibly lost -5 samples\n"),
        ((b"x Possibly lost 5 samples\n",), 0, "x Possibly lost 5 samples\n"),
        ((b"",), 0, ""),
    ],
)
def test_lost_samples(errors: tuple[bytes, ...], lost: int, rest: str) -> None:
    capture = Capture(100)
    for chunk in errors:
        capture.add(b"", chunk)
    assert (capture.lost, capture.errors()) == (lost, rest)


def test_of_errors_the_end_is_kept() -> None:
    capture = Capture(100)
    for number in range(20000):
        capture.add(b"", b"warning %d\n" % number)
    assert len(capture.errors()) <= 65536
    assert capture.errors().endswith("warning 19999\n")


def test_a_line_of_errors_without_end_is_bounded() -> None:
    capture = Capture(100)
    for _ in range(100):
        capture.add(b"", b"x" * 1000)
    assert len(capture.errors()) <= 65536 + 4096


def test_what_libbpf_tools_say_that_they_have_lost() -> None:
    capture = feed(b"Tracing\na\nLost 3 events on CPU #0!\nb\n", b"Lost 4 events on CPU #12!\nlost 9 apples\n")
    capture.add(b"", b"lost 5 events on CPU #1\nLost 6 events on CPU #2!\nlost in thought\n")
    assert capture.text() == "Tracing\na\nb\nlost 9 apples\n"
    assert (capture.lost_of_output(), capture.lost) == (7, 11)
    assert capture.errors() == "lost in thought\n"
