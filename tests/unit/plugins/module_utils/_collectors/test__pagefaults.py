# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pagefaults at tier 1."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import pagefaults
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure


def stat(minor: int, major: int, started: int = 500, name: str = "a b) (c") -> str:
    return "7 (%s) S 1 1 1 0 -1 4194560 %d 99999 %d 9999 1 2 3 4 20 0 1 0 %d 1000 200\n" % (name, minor, major, started)


def test_columns_whatever_the_name_is() -> None:
    assert pagefaults.faults(stat(10, 3)) == ("a b) (c", 500, 10, 3)


@pytest.mark.parametrize("text", ["", "7 (a S 1", "7 (a) S 1 1 1"])
def test_a_line_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        pagefaults.faults(text)


def test_difference_of_processes() -> None:
    before = {"/proc/1/stat": stat(10, 1), "/proc/2/stat": stat(5, 5, 100), "/proc/3/stat": stat(1, 1)}
    after = {"/proc/1/stat": stat(17, 2), "/proc/2/stat": stat(50, 5, 900), "/proc/4/stat": stat(0, 0)}
    answer = pagefaults.difference(before, after, 1.0, Limits())
    # Process 2 is another one by now, 3 has ended, 4 has begun and done nothing.
    assert {row["labels"]["pid"]: (row["count"], row["major"]) for row in answer.data["items"]} == {
        1: (8, 1),
        2: (55, 5),
    }
    assert answer.data["count"] == 63


def test_nothing_readable_is_a_failure_and_not_idle() -> None:
    with pytest.raises(TierFailure, match="no process's"):
        pagefaults.difference({}, {}, 1.0, Limits())
