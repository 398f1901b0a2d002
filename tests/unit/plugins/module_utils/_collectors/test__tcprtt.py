# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcprtt at tier 2."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import tcprtt
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

READY = "Tracing TCP RTT... Hit Ctrl-C to end.\n"
HISTOGRAM = """
     usecs               : count     distribution
        32 -> 63         : 0        |                                        |
        64 -> 127        : 7        |**********                              |
       128 -> 255        : 29       |****************************************|
"""


@pytest.mark.parametrize("section", ["", "\nAll Addresses = *******\n", "\nAll Addresses = ******* [AVG 120]"])
def test_the_histogram(section: str) -> None:
    answer = tcprtt.parse(READY + "\n" + section + HISTOGRAM, 0, Limits())
    (row,) = answer.data["series"]
    assert (row["labels"], row["buckets"], row["total"]) == ({}, [(64, 128, 7), (128, 256, 29)], None)
    assert answer.data["count"] == 36


def test_nothing_happened() -> None:
    assert tcprtt.parse(READY + "\n", 0, Limits()).data == {"count": 0, "total": 0, "series": []}


def test_milliseconds_are_never_taken_for_microseconds() -> None:
    with pytest.raises(ValueError, match="msecs"):
        tcprtt.parse(READY + HISTOGRAM.replace("usecs", "msecs"), 0, Limits())


@pytest.mark.parametrize("text", ["Traceback\n", READY])
def test_a_tool_that_did_not_print_has_no_answer(text: str) -> None:
    with pytest.raises(ValueError, match=r"did not print|without printing"):
        tcprtt.parse(text, 0, Limits())
