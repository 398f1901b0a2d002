# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CPU goes offline or comes online while all collectors count: nothing is lost, and nothing is counted since the boot."""

from __future__ import annotations

import typing as t

import pytest
from remote import Remote

HOST, KEPT, LAST = "deb13", (0, 2), 1
CASES = ("goes", "comes", "goes and comes back", "is not there")
ONLY_PROC = {
    "cpustat", "diskstats", "listendrop", "netdev", "netstat", "numa", "pressure", "reclaim", "switches", "thp", "throttling",
}  # fmt: skip
LEFT_OUT = "not counted, because they came or went in the window: "
FIGURES = ("count", "total")
SAMPLES = 49


@pytest.fixture(scope="module")
def found(source: str) -> dict[str, t.Any]:
    """Let all cases happen; what hotplug.py says."""
    assert source
    said: dict[str, t.Any] = Remote(HOST).ask("hotplug")
    assert said["possible"] == "0-2"
    return said["cases"]


def left_out(result: dict[str, t.Any]) -> list[str]:
    """Return the CPUs that a result says it leaves out."""
    return [note[len(LEFT_OUT) :].lower() for note in result["notes"] if note.startswith(LEFT_OUT)]


@pytest.mark.parametrize("case", CASES)
def test_each_event_is_counted_on_whichever_cpu_it_was(found: dict[str, t.Any], case: str) -> None:
    worked, native = found[case]["worked"], found[case]["native"]
    assert {name for name, one in native.items() if one["tier"] != 3} == ONLY_PROC
    assert {one["status"] for one in native.values()} <= {"ok", "idle"}
    assert {one["lost"] for name, one in native.items() if name not in ONLY_PROC} == {0}
    (executed,) = [row for row in native["execsnoop"]["data"]["items"] if row["labels"]["comm"] == "true"]
    (exited,) = [row for row in native["exitsnoop"]["data"]["items"] if row["labels"]["process"] == "true"]
    (missed,) = [row for row in native["opensnoop"]["data"]["items"] if row["labels"]["path"] == "/nonesuch/hotplug"]
    assert (executed["count"], exited["count"], missed["count"]) == (worked,) * 3
    assert native["runqlat"]["data"]["count"] >= worked
    assert native["cpudist"]["data"]["count"] >= worked


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("way", ["native", "proc"])
def test_nothing_is_counted_since_the_boot(found: dict[str, t.Any], case: str, way: str) -> None:
    results, kernel = found[case][way], found[case]["kernel"]
    for name, one in results.items():
        rows = [row for part in ("items", "series") for row in one["data"].get(part, ())]
        for row in (one["data"], *rows):
            assert all(row.get(figure) is None or row[figure] >= 0 for figure in FIGURES), (name, row)
    # Time of CPUs is no more than what there was; the kernel's tick is 10 ms and fewer, and a CPU's own clock may be a little off.
    us = 3 * 1e6 * results["cpudist"]["window"]["seconds"] * 1.1
    for name in ("cpudist", "hardirqs", "softirqs"):
        assert (results[name]["data"]["total"] or 0) <= us, name
    assert 0 < results["cpustat"]["data"]["count"] * 1000 <= us
    # What the kernel counts on all CPUs, in a longer time.
    assert results["hardirqs"]["data"]["count"] <= kernel["intr"]
    assert 0 < results["softirqs"]["data"]["count"] <= kernel["softirq"]
    assert 0 < results["cpudist"]["data"]["count"] <= kernel["ctxt"] + 3
    counted = {row["labels"]["counter"]: row["count"] for row in results["switches"]["data"]["items"]}
    for name, count in counted.items():
        assert count <= kernel[name], name


@pytest.mark.parametrize("case", CASES)
def test_what_is_of_one_cpu_is_left_out_where_it_came_or_went(found: dict[str, t.Any], case: str) -> None:
    results = found[case]["proc"]
    cpus = ["cpu%d" % LAST] if case in ("goes", "comes") else []
    for name in ("cpudist", "cpustat", "hardirqs", "netstat", "runqlat", "skbdrop"):
        assert left_out(results[name]) == cpus, name
    # The kernel lists these of all CPUs that are possible.
    for name in ("softirqs", "switches"):
        assert left_out(results[name]) == [], name
    seconds = results["cpustat"]["window"]["seconds"]
    assert results["cpustat"]["data"]["count"] >= 0.8 * len(KEPT) * seconds * 1000


@pytest.mark.parametrize("case", CASES)
def test_samples_that_are_missing_are_told(found: dict[str, t.Any], case: str) -> None:
    result = found[case]["native"]["profile"]
    (idle,) = [int(note.split()[0]) for note in result["notes"] if "found their CPU idle" in note]
    taken, seconds = result["data"]["count"] + idle, result["window"]["seconds"]
    # A clock that fires late, as under emulation, does not make up for it.
    assert 0.5 * len(KEPT) * SAMPLES * seconds <= taken <= 3 * SAMPLES * seconds + 6
    told = [note for note in result["notes"] if "were due" in note]
    assert len(told) == (taken < 0.9 * SAMPLES * seconds * (3 if "comes" in case else 2)), (taken, told)
    assert [int(note.split()[0]) for note in told] in ([], [taken])
