# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reclaim and thp: counters of /proc/vmstat, by their names of old kernels and of new ones."""

from __future__ import annotations

import types

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import reclaim, thp
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

# Linux 6.18, 4.18 (RHEL 8) and 3.10 (RHEL 7), as far as they are looked at, with some that are not.
NEW = {
    "pswpin": 5, "pswpout": 7, "pgmajfault": 100, "pgscan_kswapd": 1000, "pgscan_direct": 2000, "pgscan_khugepaged": 0,
    "pgscan_proactive": 0, "pgsteal_kswapd": 900, "pgsteal_direct": 1500, "pgsteal_khugepaged": 0, "pgsteal_proactive": 0,
    "pgscan_direct_throttle": 3, "pgscan_anon": 77, "pgsteal_file": 78, "workingset_refault_anon": 1,
    "workingset_refault_file": 40, "allocstall_normal": 9, "thp_fault_alloc": 50, "thp_fault_fallback": 5,
    "thp_fault_fallback_charge": 4, "thp_collapse_alloc": 8, "thp_collapse_alloc_failed": 1, "compact_stall": 9,
    "compact_fail": 6, "compact_success": 3,
}  # fmt: skip
RHEL8 = {"pswpin": 5, "pgscan_kswapd": 10, "pgscan_direct": 20, "pgsteal_direct": 5, "workingset_refault": 40}
RHEL7 = {"pgscan_direct_dma": 1, "pgscan_direct_normal": 10, "pgsteal_direct_normal": 5, "pgscan_direct_throttle": 3}


def vmstat(counters: dict[str, int], **more: int) -> dict[str, str]:
    """Return a sample in which some counters have grown."""
    lines = ("%s %d" % (name, value + more.get(name, 0)) for name, value in counters.items())
    return {"/proc/vmstat": "\n".join(lines) + "\n"}


def test_pages() -> None:
    grown = {"pgscan_direct": 1000, "pgsteal_direct": 200, "pgscan_anon": 9, "pgscan_direct_throttle": 9, "pswpout": 30}
    answer = reclaim.difference(vmstat(NEW), vmstat(NEW, **grown), 1.0, Limits())
    assert answer.data["items"] == [
        {"labels": {"counter": "pgscan_direct"}, "count": 1000},
        {"labels": {"counter": "pgsteal_direct"}, "count": 200, "share": 0.2, "of": 1000},
        {"labels": {"counter": "pswpout"}, "count": 30},
    ]
    assert answer.data["count"] == 1230


def test_looking_in_vain_is_shown() -> None:
    answer = reclaim.difference(vmstat(NEW), vmstat(NEW, pgscan_direct=500), 1.0, Limits())
    assert answer.data["items"][1] == {"labels": {"counter": "pgsteal_direct"}, "count": 0, "share": 0.0, "of": 500}


def test_old_kernels() -> None:
    answer = reclaim.difference(vmstat(RHEL8), vmstat(RHEL8, workingset_refault=3), 1.0, Limits())
    assert answer.data["items"] == [{"labels": {"counter": "workingset_refault"}, "count": 3}]
    more = {"pgscan_direct_dma": 4, "pgscan_direct_normal": 6, "pgsteal_direct_normal": 5, "pgscan_direct_throttle": 9}
    answer = reclaim.difference(vmstat(RHEL7), vmstat(RHEL7, **more), 1.0, Limits())
    assert {row["labels"]["counter"]: row["count"] for row in answer.data["items"]} == {
        "pgscan_direct": 10,
        "pgsteal_direct": 5,
    }


def test_huge_pages_by_outcome() -> None:
    grown = {"thp_fault_alloc": 30, "thp_fault_fallback": 10, "compact_fail": 4, "thp_fault_fallback_charge": 2}
    answer = thp.difference(vmstat(NEW), vmstat(NEW, **grown), 1.0, Limits())
    assert answer.data["items"] == [
        {"labels": {"counter": "thp_fault_alloc"}, "count": 30},
        {"labels": {"counter": "thp_fault_fallback"}, "count": 10, "share": 0.25, "of": 40},
        {"labels": {"counter": "compact_fail"}, "count": 4, "share": 1.0, "of": 4},
    ]
    assert thp.difference(vmstat(NEW), vmstat(NEW), 1.0, Limits()).data["count"] == 0


@pytest.mark.parametrize("collector", [reclaim, thp])
def test_a_kernel_that_counts_none_of_it(collector: types.ModuleType) -> None:
    with pytest.raises(TierFailure, match="does not count it"):
        collector.difference(*[vmstat({"nr_free_pages": 1})] * 2, 1.0, Limits())


@pytest.mark.parametrize(("collector", "name"), [(reclaim, "pswpin"), (thp, "compact_fail")])
def test_a_counter_that_went_backwards(collector: types.ModuleType, name: str) -> None:
    with pytest.raises(TierFailure, match="%s went from" % name):
        collector.difference(vmstat(NEW, **{name: 100}), vmstat(NEW), 1.0, Limits())
