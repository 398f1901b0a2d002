# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of /proc with a column for each CPU."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _per_cpu
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import shared
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._per_cpu import Line

TABLE = "           CPU0       CPU7       \n 24:          1          2  IO-APIC   5-edge      ACPI:Ged\nNMI:  3 4\nERR:          9\n"


def test_lines_of_cpus() -> None:
    assert _per_cpu.table(TABLE) == {
        "24": Line({"CPU0": 1, "CPU7": 2}, "IO-APIC   5-edge      ACPI:Ged"),
        "NMI": Line({"CPU0": 3, "CPU7": 4}, ""),
    }


@pytest.mark.parametrize(
    "text",
    ["", "\n", "CPU0 cpu1\n", "CPU0\nno colon\n", "CPU0 CPU1\n 1: 5 x text\n", "CPU0\n1: -5\n", "CPU0\n1: \u0665\n"],
)
def test_a_table_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="not name CPUs|no name|not a number"):
        _per_cpu.table(text)


def test_a_thousand_cpus() -> None:
    head = " ".join("CPU%d" % number for number in range(1024))
    found = _per_cpu.table("%s\n 1: %s a  b\n" % (head, "7 " * 1024))
    assert sum(found["1"].counts.values()) == 7 * 1024
    assert found["1"].text == "a  b"


@pytest.mark.parametrize(
    ("before", "after", "grown"),
    [
        ({"CPU0": 5, "CPU1": 1}, {"CPU0": 9, "CPU1": 1}, 4),
        ({"CPU0": 2**32 - 2}, {"CPU0": 3}, 5),  # wrapped
        ({"CPU0": 100}, {"CPU0": 103, "CPU1": 70000}, 3),  # CPU 1 came, with what it counted since the boot
        ({"CPU0": 100, "CPU1": 50}, {"CPU0": 101}, 1),  # CPU 1 went
        ({"CPU0": 1000}, {"CPU0": 30}, 30),  # set up anew
        (None, {"CPU0": 8}, 8),
    ],
)
def test_growth(before: dict[str, int] | None, after: dict[str, int], grown: int) -> None:
    cpus, notes = shared(before or after, after)
    assert _per_cpu.grown(None if before is None else Line(before, ""), Line(after, ""), cpus) == grown
    went = (before or after).keys() ^ after.keys()
    assert notes == tuple("not counted, because they came or went in the window: %s" % cpu for cpu in went)
