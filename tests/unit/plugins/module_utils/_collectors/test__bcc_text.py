# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log2 histograms of bcc, as src/python/bcc/table.py prints them."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _bcc_text

HEADER = "     usecs               : count     distribution\n"
ROWS = (
    "         0 -> 1          : 233      |***********                             |\n"
    "         2 -> 3          : 0        |                                        |\n"
    "         4 -> 7          : 742      |****************************************|\n"
)
WIDE = (
    "               usecs                         : count     distribution\n"
    "                   0 -> 1                    : 1        |********************|\n"
    "          4294967296 -> 8589934591           : 12       |********************|\n"
)


@pytest.mark.parametrize(
    ("text", "section", "expected"),
    [
        ("\n", None, []),  # nothing happened
        ("\n" + HEADER + ROWS, None, [("", [(0, 2, 233), (4, 8, 742)])]),
        ("\n" + WIDE, None, [("", [(0, 2, 1), (2**32, 2**33, 12)])]),
        ("\n" + HEADER + ROWS + "\n" + HEADER + ROWS, None, [("", [(0, 2, 233), (4, 8, 742)])] * 2),
        (
            "\n\ndisk = b'dm-0'\n" + HEADER + ROWS + "\ndisk = dm-1\n" + HEADER + ROWS.partition("\n")[0],
            "disk",
            [("b'dm-0'", [(0, 2, 233), (4, 8, 742)]), ("dm-1", [(0, 2, 233)])],
        ),
        ("\n\ndisk = \n" + HEADER + ROWS, "disk", [("", [(0, 2, 233), (4, 8, 742)])]),
    ],
)
def test_histograms(text: str, section: str | None, expected: list[tuple[str, list[tuple[int, int, int]]]]) -> None:
    assert list(_bcc_text.log2_histograms(text, "usecs", section)) == expected


@pytest.mark.parametrize(
    ("text", "section", "words"),
    [
        ("", None, "without printing"),
        ("\n" + HEADER.replace("usecs", "msecs") + ROWS, None, "msecs"),  # never milliseconds as microseconds
        ("\n" + ROWS, None, "not understood"),
        ("\n" + HEADER + ROWS[:60], None, "not understood"),  # cut in mid-line
        ("\n" + HEADER + ROWS.replace("0 -> 1 ", "0 -> 2 "), None, "0 -> 2 is not a row"),
        ("\n" + HEADER + ROWS.replace("4 -> 7", "4 -> 8"), None, "4 -> 8 is not a row"),
        ("\n" + HEADER + ROWS.replace("742", "-42"), None, "not understood"),
        ("\n" + HEADER + ROWS.replace("742", "7e2"), None, "not understood"),
        ("\ndisk = vda\n" + HEADER + ROWS, None, "disk = vda"),
        ("\n" + HEADER + ROWS, "disk", "not understood"),
        ("\ndisk = vda\n", "disk", "without a histogram"),
        ("\ndisk = vda\ndisk = vdb\n" + HEADER + ROWS, "disk", "disk = vdb"),
        ("\nflags = Sync\n" + HEADER + ROWS, "disk", "flags = Sync"),
        ("\n\x1b[31mTraceback (most recent call last):\n", None, "Traceback"),
    ],
)
def test_what_is_not_understood(text: str, section: str | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        list(_bcc_text.log2_histograms(text, "usecs", section))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("warning\nTracing... Hit Ctrl-C to end.\nrest\n", "rest\n"),
        ("Tracing... Hit", ""),
        ("Tracing\n", ""),
    ],
)
def test_what_follows_the_greeting(text: str, expected: str) -> None:
    assert _bcc_text.after(text, "Tracing") == expected


def test_no_greeting() -> None:
    with pytest.raises(ValueError, match="did not print"):
        _bcc_text.after("something else\n", "Tracing")
