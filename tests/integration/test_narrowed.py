# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions that are narrowed to a process, a cgroup, a disk: what is asked for is counted in full, and nothing else at all."""

from __future__ import annotations

import collections.abc
import os
import pathlib
import subprocess
import sys

import disk
import pytest
from collecting import Collection

TIMES = 25
# Alone, or beside those of version 1.
CGROUPS = next(
    (
        path
        for path in map(pathlib.Path, ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"))
        if (path / "cgroup.controllers").exists()
    ),
    None,
)
TASKS = [
    "runqlat",
    "cpudist",
    "execsnoop",
    "exitsnoop",
    "opensnoop",
    "syscount",
    "profile",
    "offcputime",
    "runqslower",
    "killsnoop",
]
# In a process of its own: open so many files that are not there, then run so many programs.
_WORK = """
import os, sys
for _ in range(%d):
    try:
        os.open("/nonesuch/ebpf-fleet", os.O_RDONLY)
    except OSError:
        pass
for _ in range(%d):
    os.waitpid(os.posix_spawn("/bin/true", ["/bin/true"], {}), 0)
""" % (TIMES, TIMES)


@pytest.fixture
def cgroup() -> collections.abc.Iterator[pathlib.Path]:
    """A cgroup of our own, and another below it: this one."""
    assert CGROUPS, "these tests need cgroups of version 2"
    made = CGROUPS / ("ebpf-fleet-test-%d" % os.getpid())
    below = made / "below"
    below.mkdir(parents=True)
    yield below
    below.rmdir()
    made.rmdir()


def work(cgroup: pathlib.Path | None = None) -> None:
    """Do the work, in a cgroup if one is given."""

    def join() -> None:
        if cgroup:
            (cgroup / "cgroup.procs").write_text(str(os.getpid()))

    subprocess.run([sys.executable, "-c", _WORK], check=True, preexec_fn=join)


def counted(collection: Collection) -> dict[str, dict[str, object]]:
    """Return the results by collector, each of them native."""
    results = {result["collector"]: result for result in collection.record()["results"]}
    assert {result["tier"] for result in results.values()} == {3}, results
    return results


def test_a_process_by_its_name() -> None:
    collection = Collection(duration=3, collectors=["execsnoop", "exitsnoop", "syscount"], process="true")
    work()
    results = counted(collection)
    assert results["execsnoop"]["data"]["count"] == TIMES
    assert results["exitsnoop"]["data"]["count"] == TIMES
    assert {item["labels"]["process"] for item in results["syscount"]["data"]["items"]} == {"true"}


def test_a_cgroup_and_those_below(cgroup: pathlib.Path) -> None:
    collection = Collection(duration=4, collectors=TASKS, cgroup=cgroup.parent.name)
    work()
    work(cgroup)
    results = counted(collection)
    # The interpreter, and what it ran.
    assert results["execsnoop"]["data"]["count"] == TIMES + 1
    assert results["exitsnoop"]["data"]["count"] == TIMES + 1
    missed = [
        item for item in results["opensnoop"]["data"]["items"] if item["labels"]["path"] == "/nonesuch/ebpf-fleet"
    ]
    assert sum(item["count"] for item in missed) == TIMES
    assert results["runqlat"]["data"]["count"] >= TIMES
    assert all("ebpf-fleet-test" in result["notes"][0] for result in results.values())


def test_a_cgroup_in_which_nothing_happens(cgroup: pathlib.Path) -> None:
    collection = Collection(duration=2, collectors=TASKS, cgroup="/%s/%s" % (cgroup.parent.name, cgroup.name))
    work()
    results = counted(collection)
    assert {name: result["data"]["count"] for name, result in results.items()} == dict.fromkeys(TASKS, 0)
    assert {result["status"] for result in results.values()} == {"idle"}


def test_a_disk(tmp_path: pathlib.Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with disk.loop(tmp_path / "one") as wanted, disk.loop(tmp_path / "two") as other:
        name = pathlib.Path(wanted).name
        collection = Collection(duration=3, collectors=["biolatency", "bitesize", "biotop"], device=name)
        disk.direct(other, 4096, writes=TIMES, reads=0)
        disk.direct(wanted, 4096, writes=TIMES, reads=0)
        results = counted(collection)
    for collector in ("biolatency", "bitesize"):
        assert {row["labels"]["device"] for row in results[collector]["data"]["series"]} == {name}
    assert {item["labels"]["device"] for item in results["biotop"]["data"]["items"]} == {name}
    assert results["biotop"]["data"]["count"] == TIMES * 4096
    assert results["biolatency"]["data"]["count"] >= TIMES


def test_what_is_not_there_counts_nothing_and_says_so() -> None:
    collection = Collection(duration=1, collectors=["execsnoop", "opensnoop"], cgroup="nonesuch-cgroup")
    work()
    for result in counted(collection).values():
        assert (result["status"], result["data"]["count"]) == ("idle", 0)
        assert result["notes"][0] == "this host has no cgroup nonesuch-cgroup, so that nothing is counted"
