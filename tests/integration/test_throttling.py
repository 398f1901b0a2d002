# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""throttling against a process that spins in a cgroup with a tenth of a CPU, of either version of cgroups."""

from __future__ import annotations

import collections.abc
import contextlib
import os
import pathlib
import subprocess
import sys
import time

from collecting import Collection
from truth import truth

_FIRST, _SECOND = pathlib.Path("/sys/fs/cgroup/cpu"), pathlib.Path("/sys/fs/cgroup")
NAME, PERIOD = "ebpffleet-throttling", 20000
_SPIN = """
import os, sys, time
open(sys.argv[1], "w").write(str(os.getpid()))
used, end = time.process_time(), time.monotonic() + 1.5
while time.monotonic() < end: pass
print(time.process_time() - used)
"""


@contextlib.contextmanager
def limited(tag: str = "") -> collections.abc.Iterator[pathlib.Path]:
    """Have a cgroup, two folders deep, with a tenth of a CPU; `tag` makes its name."""
    second = (_SECOND / "cgroup.controllers").exists()
    top = (_SECOND if second else _FIRST) / (NAME + tag)
    folder = top / "inner"
    folder.mkdir(parents=True)
    try:
        if second:
            for parent in (_SECOND, top):
                (parent / "cgroup.subtree_control").write_text("+cpu", encoding="ascii")
            (folder / "cpu.max").write_text("%d %d" % (PERIOD // 10, PERIOD), encoding="ascii")
        else:
            (folder / "cpu.cfs_period_us").write_text(str(PERIOD), encoding="ascii")
            (folder / "cpu.cfs_quota_us").write_text(str(PERIOD // 10), encoding="ascii")
        yield folder
    finally:
        deadline = time.monotonic() + 10
        for each in (folder, top):
            while each.exists():
                try:
                    os.rmdir(each)
                except OSError:  # the last process has not gone yet
                    assert time.monotonic() < deadline
                    time.sleep(0.05)


def spin(folder: pathlib.Path) -> float:
    """Use up the quota in 75 periods; return the seconds of processor time that it took."""
    spinning = [sys.executable, "-c", _SPIN, str(folder / "cgroup.procs")]
    return float(subprocess.run(spinning, check=True, stdout=subprocess.PIPE, text=True).stdout)


def stat(folder: pathlib.Path) -> tuple[int, int, int]:
    """Return (periods, throttled ones, throttled microseconds)."""
    found = dict(line.split() for line in (folder / "cpu.stat").read_text(encoding="ascii").splitlines())
    us = int(found["throttled_usec"]) if "throttled_usec" in found else int(found["throttled_time"]) // 1000
    return int(found["nr_periods"]), int(found["nr_throttled"]), us


@truth("throttling", "what cpu.stat counts within the window", tier=1)
def test_a_quota_that_is_used_up() -> None:
    with limited() as folder:
        before = stat(folder)
        collection = Collection(duration=6, collectors=["throttling"])
        used = spin(folder)
        after = stat(folder)
        result = collection.result("throttling")
        last = stat(folder)
    assert (result["tier"], result["status"]) == (1, "ok")
    (row,) = [row for row in result["data"]["items"] if row["labels"]["cgroup"] == "/%s/inner" % NAME]
    for key, was, now, end in zip(("periods", "count", "throttled_us"), before, after, last):
        assert now - was <= row[key] <= end - was
    # 1.5 s are 75 periods. It wanted all of each and got a tenth, which the CPU time that it had confirms.
    assert 60 <= row["periods"] <= 100
    assert 20 <= row["count"] <= row["periods"]
    assert row["share"] == round(row["count"] / row["periods"], 6)
    assert used < 0.1 * 1.5 + 0.1


def test_a_cgroup_without_quota_is_not_throttled() -> None:
    with limited() as folder:
        (folder / "cpu.max" if (folder / "cpu.max").exists() else folder / "cpu.cfs_quota_us").write_text(
            "max" if (folder / "cpu.max").exists() else "-1", encoding="ascii"
        )
        collection = Collection(duration=6, collectors=["throttling"])
        spin(folder)
        result = collection.result("throttling")
    assert not [row for row in result["data"]["items"] if row["labels"]["cgroup"].startswith("/" + NAME)]
    assert "cgroups were seen" in result["notes"][-1]
