# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""numa: nodes, what was wanted of them, and a kernel that was told not to count."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import numa
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

STAT = "numa_hit %d\nnuma_miss %d\nnuma_foreign %d\ninterleave_hit 1134\nlocal_node 5\nother_node %d\n"
NODE = "/sys/devices/system/node/node%d/numastat"


def sample(*nodes: tuple[int, int, int, int], sysctl: str = "1\n") -> dict[str, str]:
    """Return a sample: of each node hits, misses, foreign, and those for tasks elsewhere."""
    found = {NODE % number: STAT % numbers for number, numbers in enumerate(nodes)}
    return {**found, "/proc/sys/vm/numa_stat": sysctl}


def test_two_nodes() -> None:
    before, after = sample((100, 0, 5, 0), (50, 5, 0, 1)), sample((1100, 0, 255, 7), (800, 255, 0, 2))
    answer = numa.difference(before, after, 1.0, Limits())
    assert answer.data["items"] == [
        {"labels": {"node": "node0"}, "count": 1000, "of": 1000, "misses": 0, "share": 0.0, "foreign": 250, "other": 7},
        {
            "labels": {"node": "node1"},
            "count": 1000,
            "of": 1000,
            "misses": 250,
            "share": 0.25,
            "foreign": 0,
            "other": 1,
        },
    ]


def test_a_node_that_came_in_the_window_is_left_out() -> None:
    assert numa.difference(sample(), sample((9, 9, 9, 9)), 1.0, Limits()).data["items"] == []


def test_a_kernel_that_does_not_count() -> None:
    with pytest.raises(TierFailure, match=r"vm\.numa_stat is 0") as failure:
        numa.difference(*[sample((1, 1, 1, 1), sysctl="0\n")] * 2, 1.0, Limits())
    assert failure.value.reason.remedy == "sysctl vm.numa_stat=1"


def test_another_form() -> None:
    with pytest.raises(ValueError, match="no numa_hit"):
        numa.difference(*[{NODE % 0: "numa_miss 1\n"}] * 2, 1.0, Limits())
