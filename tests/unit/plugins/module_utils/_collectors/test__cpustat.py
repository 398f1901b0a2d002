# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cpustat and switches: /proc/stat of old kernels and of new ones, and counters that go backwards."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import cpustat, switches
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

NEW = """\
cpu  2673752 128065 413032 2373646 14464 0 6876 5147 3 0
cpu0 1274415 62995 202341 1259589 3877 0 657 2641 2 0
cpu1 1399336 65069 210690 1114057 10586 0 6219 2505 1 0
intr 42192817 0 0 0 5632
ctxt 130743486
btime 1795489265
processes 2276219
procs_running 2
procs_blocked 1
softirq 18140658 0 2012038 913
"""
# Linux 2.6.9 and 2.6.32: fewer columns, no softirq line
OLD = "cpu  100 10 50 1000 20 1 2\ncpu0 100 10 50 1000 20 1 2\nctxt 9\nbtime 1\nprocesses 5\n"


def stat(text: str, modes: dict[int, int], **lines: int) -> dict[str, str]:
    """Return a sample in which columns of the first line, and other lines, have grown."""
    head, rest = text.split("\n", 1)
    words = head.split()
    for column, by in modes.items():
        words[column] = str(int(words[column]) + by)
    rows = []
    for line in rest.splitlines():
        name, number, *more = line.split()
        rows.append(" ".join([name, str(int(number) + lines.get(name, 0)), *more]))
    return {"/proc/stat": "\n".join([" ".join(words), *rows]) + "\n"}


def shares(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[int, float]]:
    """Return milliseconds and share by mode."""
    answer = cpustat.difference(before, after, 1.0, Limits())
    return {row["labels"]["mode"]: (row["count"], row["share"]) for row in answer.data["items"]}


def test_time_by_mode() -> None:
    # user 1, nice 2, system 3, idle 4, iowait 5, irq 6, softirq 7, steal 8, guest 9, guest_nice 10
    found = shares(stat(NEW, {}), stat(NEW, {1: 50, 2: 10, 3: 20, 4: 100, 7: 5, 8: 15, 9: 30, 10: 4}))
    assert found == {
        "user": (200, 0.1),  # 50 ticks, of which 30 are the guest's
        "nice": (60, 0.03),
        "system": (200, 0.1),
        "idle": (1000, 0.5),
        "softirq": (50, 0.025),
        "steal": (150, 0.075),
        "guest": (300, 0.15),
        "guest_nice": (40, 0.02),
    }


def test_all_of_the_time_is_the_count_and_the_gauges_are_told() -> None:
    answer = cpustat.difference(stat(NEW, {}), stat(NEW, {1: 30, 3: 10}), 1.0, Limits())
    assert answer.data["count"] == 400
    assert answer.data["items"][-1] == {"labels": {"mode": "idle"}, "count": 0, "share": 0.0}  # none is a finding, too
    assert answer.notes[-1] == "at the end of the window 2 tasks ran or waited for a CPU, and 1 waited for I/O"


def test_an_old_kernel_has_fewer_columns() -> None:
    answer = cpustat.difference(stat(OLD, {}), stat(OLD, {1: 30, 4: 60, 7: 10}), 1.0, Limits())
    assert {row["labels"]["mode"]: row["share"] for row in answer.data["items"]} == {
        "idle": 0.6,
        "user": 0.3,
        "softirq": 0.1,
    }
    assert not [note for note in answer.notes if "at the end" in note]


def test_iowait_may_go_backwards() -> None:
    answer = cpustat.difference(stat(NEW, {5: 7}), stat(NEW, {1: 20, 4: 80}), 1.0, Limits())
    assert {row["labels"]["mode"] for row in answer.data["items"]} == {"user", "idle"}
    assert "not counted, because they went backwards in the window: iowait" in answer.notes


def of_cpus(**idle: int) -> dict[str, str]:
    """Return a sample whose CPUs have a tenth of their idle time in user mode; the first line has those of a third one, too."""
    rows = ["cpu%s %d 0 0 %d 0 0 0 0 0 0" % (name[3:], n // 10, n) for name, n in idle.items()]
    total = sum(idle.values()) + 5000
    return {"/proc/stat": "\n".join(["cpu  %d 0 0 %d 0 0 0 0 0 0" % (total // 10, total), *rows]) + "\n"}


CAME_OR_WENT = "not counted, because they came or went in the window: %s"


@pytest.mark.parametrize(
    ("before", "after", "left_out"),
    [
        ({"cpu0": 1000, "cpu1": 70000}, {"cpu0": 1100}, "cpu1"),  # went offline
        ({"cpu0": 1000}, {"cpu0": 1100, "cpu1": 70000}, "cpu1"),  # came, with all of its time since the boot
        ({"cpu0": 1000, "cpu1": 70000}, {"cpu0": 1100, "cpu1": 20}, "cpu1"),  # went and came back
        ({"cpu0": 1000, "cpu1": 50}, {"cpu0": 1100, "cpu12": 70000}, "cpu1, cpu12"),
    ],
)
def test_a_cpu_that_comes_or_goes_is_left_out_and_named(
    before: dict[str, int], after: dict[str, int], left_out: str
) -> None:
    found = cpustat.difference(of_cpus(**before), of_cpus(**after), 1.0, Limits())
    assert {row["labels"]["mode"]: (row["count"], row["share"]) for row in found.data["items"]} == {
        "user": (100, 0.090909),
        "idle": (1000, 0.909091),
    }
    assert CAME_OR_WENT % left_out in found.notes


def test_no_cpu_is_the_same() -> None:
    found = cpustat.difference(of_cpus(cpu0=5), of_cpus(cpu1=5), 1.0, Limits())
    assert (found.data["count"], found.data["items"]) == (0, [])
    assert CAME_OR_WENT % "cpu0, cpu1" in found.notes


def test_128_cpus_with_a_gap() -> None:
    names = ["cpu%d" % number for number in (*range(4), *range(8, 132))]
    before, after = ({**dict.fromkeys(names, n), "cpu8": 9 * n} for n in (1000, 1300))
    assert shares(of_cpus(**before), of_cpus(**after))["idle"][0] == (127 * 300 + 9 * 300) * 10
    found = cpustat.difference(of_cpus(**before), of_cpus(**{**after, "cpu8": 0}), 1.0, Limits())
    assert {row["labels"]["mode"]: row["count"] for row in found.data["items"]}["idle"] == 127 * 300 * 10
    assert CAME_OR_WENT % "cpu8" in found.notes


def test_no_tick_in_the_window_is_nothing() -> None:
    answer = cpustat.difference(stat(NEW, {}), stat(NEW, {}), 0.001, Limits())
    assert (answer.data["count"], answer.data["items"]) == (0, [])


@pytest.mark.parametrize("text", ["", "cpu0 1 2 3 4\n", "cpu  1 2 3\n", "cpu  1 2 x 4\n", "cpu  1 -2 3 4\n"])
def test_no_such_file(text: str) -> None:
    with pytest.raises(ValueError, match=r"no line `cpu`|not a number"):
        cpustat.difference(*[{"/proc/stat": text}] * 2, 1.0, Limits())


def test_events() -> None:
    answer = switches.difference(stat(NEW, {}), stat(NEW, {}, ctxt=900, intr=400, processes=3), 1.0, Limits())
    assert [(row["labels"]["counter"], row["count"]) for row in answer.data["items"]] == [
        ("ctxt", 900),
        ("intr", 400),
        ("processes", 3),
    ]
    assert answer.data["count"] == 1303


def test_events_of_an_old_kernel() -> None:
    answer = switches.difference(stat(OLD, {}), stat(OLD, {}, ctxt=5), 1.0, Limits())
    assert answer.data["items"] == [{"labels": {"counter": "ctxt"}, "count": 5}]
    with pytest.raises(ValueError, match="has none of"):
        switches.difference(*[{"/proc/stat": "cpu 1 2 3 4\n"}] * 2, 1.0, Limits())
