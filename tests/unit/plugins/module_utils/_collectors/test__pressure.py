# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pressure: what the kernel adds up, and not its averages."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import pressure
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

CPU = "some avg10=12.30 avg60=14.84 avg300=11.01 total=%d\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
CPU_OLD = "some avg10=0.00 avg60=0.02 avg300=0.06 total=%d\n"  # before 5.13 there is no full of CPU
MEMORY = "some avg10=0.70 avg60=0.97 avg300=0.54 total=%d\nfull avg10=0.00 avg60=0.16 avg300=0.22 total=%d\n"
IRQ = "full avg10=0.00 avg60=0.00 avg300=0.00 total=%d\n"  # since 6.1, and no some


def sample(cpu: int, some: int, full: int, irq: int, text: str = CPU) -> dict[str, str]:
    """Return what can be read in /proc/pressure."""
    root = "/proc/pressure/"
    return {root + "cpu": text % cpu, root + "memory": MEMORY % (some, full), root + "irq": IRQ % irq}


@pytest.mark.parametrize("text", [CPU, CPU_OLD])
def test_stalled_time(text: str) -> None:
    before, after = (
        sample(11701858817, 440339563, 100231251, 0, text),
        sample(11702358817, 440539563, 100331251, 5000, text),
    )
    answer = pressure.difference(before, after, 2.0, Limits())
    assert [(row["labels"]["stall"], row["count"], row["share"]) for row in answer.data["items"]] == [
        ("cpu some", 500000, 0.25),
        ("memory some", 200000, 0.1),
        ("memory full", 100000, 0.05),
        ("irq full", 5000, 0.0025),
    ]
    assert answer.data["count"] == 705000  # full is a part of some, and counted once


def test_no_stall_and_no_share_above_all_of_the_window() -> None:
    assert pressure.difference(*[sample(1, 2, 1, 0)] * 2, 2.0, Limits()).data == {"count": 0, "items": [], "omitted": 0}
    answer = pressure.difference(sample(0, 0, 0, 0), sample(1000400, 0, 0, 0), 1.0, Limits())
    assert answer.data["items"][0]["share"] == 1.0  # the two files are not read in the same microsecond as the clock


def test_a_counter_that_went_backwards_is_left_out_and_told() -> None:
    answer = pressure.difference(sample(500, 9, 9, 0), sample(400, 19, 9, 0), 1.0, Limits())
    assert [row["labels"]["stall"] for row in answer.data["items"]] == ["memory some"]
    assert answer.notes[-1] == "not counted, because they went backwards in the window: cpu some"


@pytest.mark.parametrize("text", ["some avg10=0.00\n", "other total=1\n", "some total=x\n"])
def test_another_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"not of some or full|not a number"):
        pressure.difference(*[{"/proc/pressure/cpu": text}] * 2, 1.0, Limits())


def test_a_kernel_without_it_says_what_to_do() -> None:
    assert pressure.COLLECTOR.procfs is not None
    assert "psi=1" in (pressure.COLLECTOR.procfs.remedy or "")
