# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drsnoop and compactsnoop at tiers 2 and 1."""

from __future__ import annotations

import types

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import compactsnoop, drsnoop
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

# By the format strings of drsnoop-bpfcc and compactsnoop-bpfcc 0.26.
DRSNOOP = (
    "COMM           PID     LAT(ms) PAGES\n"
    "summond        17678      0.19   143\n"
    "a b\xff           17679     35.12     0\n"
    "summond        17678      0.19    33\n"
)
COMPACTSNOOP = (
    "COMM           PID    NODE ZONE         ORDER MODE      LAT(ms)           STATUS\n"
    "zsh            23685  0    ZONE_DMA     -1    SYNC        0.025         complete\n"
    "zsh            23685  0    ZONE_NORMAL  9     ASYNC     121.301          success\n"
)


def found(answer: Answer) -> dict[str, list[tuple[int, int, int]]]:
    return {row["labels"]["process"]: row["buckets"] for row in answer.data["series"]}


def test_drsnoop_lines() -> None:
    answer = drsnoop.parse(DRSNOOP, 0, Limits())
    assert found(answer) == {"summond": [(128, 256, 2)], "a b\xff": [(32768, 65536, 1)]}
    assert {row["labels"]["cause"] for row in answer.data["series"]} == {"system"}
    assert (answer.data["total"], answer.lost) == (35500.0, 0)


def test_compactsnoop_lines() -> None:
    answer = compactsnoop.parse(COMPACTSNOOP, 0, Limits())
    assert found(answer) == {"zsh": [(16, 32, 1), (65536, 131072, 1)]}
    assert (answer.data["total"], answer.lost) == (121326.0, 0)


@pytest.mark.parametrize(("module", "text"), [(drsnoop, DRSNOOP), (compactsnoop, COMPACTSNOOP)])
def test_a_line_that_cannot_be_read_is_lost(module: types.ModuleType, text: str) -> None:
    answer = module.parse(text + "garbage\n" + text.splitlines()[1].replace(".", ",") + "\n", 0, Limits())
    assert answer.lost == 2
    with pytest.raises(ValueError, match="did not print"):
        module.parse("Traceback\n", 0, Limits())


def sample(dma: int, normal: int, compact: int) -> dict[str, str]:
    text = "nr_free_pages 5\nallocstall_dma %d\nallocstall_normal %d\ncompact_stall %d\n"
    return {"/proc/vmstat": text % (dma, normal, compact)}


def test_counters() -> None:
    answer = drsnoop.difference(sample(1, 10, 5), sample(2, 20, 5), 1.0, Limits())
    (row,) = answer.data["series"]
    assert (row["count"], row["total"], row["buckets"]) == (11, None, None)
    assert row["labels"] == {"process": None, "cause": "system"}
    assert compactsnoop.difference(sample(0, 0, 5), sample(0, 0, 9), 1.0, Limits()).data["count"] == 4
    assert compactsnoop.difference(sample(0, 0, 5), sample(0, 0, 5), 1.0, Limits()).data["series"] == []


@pytest.mark.parametrize("module", [drsnoop, compactsnoop])
def test_a_kernel_that_does_not_count(module: types.ModuleType) -> None:
    with pytest.raises(TierFailure, match="does not count it") as failure:
        module.difference(*[{"/proc/vmstat": "nr_free_pages 5\n"}] * 2, 1.0, Limits())
    assert failure.value.reason.code == "unsupported"
    with pytest.raises(TierFailure, match="backwards"):
        module.difference(sample(5, 5, 5), sample(1, 5, 1), 1.0, Limits())
    with pytest.raises(ValueError, match="not a name and a value"):
        module.difference(*[{"/proc/vmstat": "nr_free_pages\n"}] * 2, 1.0, Limits())
