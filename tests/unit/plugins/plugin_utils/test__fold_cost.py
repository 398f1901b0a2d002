# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the survey cost: what a host does not tell is not counted as nothing."""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.plugin_utils._fold_cost import Cost

from .conftest import record


def test_cost_over_hosts() -> None:
    cost = Cost()
    one, other, third = record("tier3"), record("tier3"), record("tier1")
    other["cost"]["cpu_ms"] = 1000.0
    other["results"][0]["cost"]["run_ns"] = None
    third["cost"] = None
    for each in (one, other, third):
        cost.add(each)
    found = cost.as_dict()
    mine = one["cost"]["cpu_ms"]
    assert found["cpu_ms"] == {
        "hosts": 2,
        "total": round(mine + 1000, 3),
        "mean": round((mine + 1000) / 2, 3),
        "most": 1000.0,
    }
    assert found["max_rss_kib"]["most"] == one["cost"]["max_rss_kib"]
    runqlat = {each["collector"]: each for each in found["collectors"]}["runqlat"]
    assert runqlat["run_ns"]["hosts"] == 1
    assert runqlat["run_ns"]["total"] == one["results"][0]["cost"]["run_ns"]
    assert runqlat["load_ms"]["hosts"] == 2


def test_no_host_no_figure() -> None:
    assert Cost().as_dict()["cpu_ms"] == {"hosts": 0, "total": 0, "mean": None, "most": None}


def test_what_is_no_number_is_not_known() -> None:
    cost = Cost()
    bad = record("tier3")
    bad["results"][0]["cost"].update(run_ns="1e9", map_bytes=True, load_ms=-1)
    cost.add(bad)
    runqlat = cost.as_dict()["collectors"][0]
    assert [runqlat[key]["hosts"] for key in ("run_ns", "map_bytes", "load_ms", "attach_ms")] == [0, 0, 0, 1]
