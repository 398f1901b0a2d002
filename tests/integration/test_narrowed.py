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
import typing as t
from subprocess import PIPE

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


def ends(*commands: str) -> subprocess.Popen[str]:
    """Start a process that says so, waits for a line, works and ends."""
    program = "import sys\nprint('', flush=True)\nsys.stdin.readline()\n" + _WORK
    process = subprocess.Popen([*commands, sys.executable, "-c", program], stdin=PIPE, stdout=PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "\n"
    return process


def missed_of(result: dict[str, t.Any]) -> int:
    """Return how often it looked for what is not there."""
    rows = result["data"]["items"]
    return sum(row["count"] for row in rows if row["labels"]["path"] == "/nonesuch/ebpf-fleet")


def test_a_process_by_its_number_that_ends_in_mid_window() -> None:
    process = ends()
    collection = Collection(duration=4, collectors=TASKS, process=str(process.pid))
    work()  # another one, which does the same
    process.communicate("go\n")
    results = counted(collection)
    assert missed_of(results["opensnoop"]) == TIMES
    assert results["exitsnoop"]["data"]["count"] == 1, "its own end, and not those of what it ran"
    # Whatever its children did before they were another program is theirs.
    assert results["execsnoop"]["data"]["count"] == 0
    for name in ("runqlat", "cpudist", "syscount", "offcputime"):
        assert results[name]["data"]["count"] > 0, name
        assert results[name]["notes"][0] == "of the process %d only" % process.pid
    (name,) = {row["labels"]["process"] for row in results["offcputime"]["data"]["items"]}
    assert name.startswith("python")


def test_a_cgroup_that_is_removed_in_mid_window(cgroup: pathlib.Path) -> None:
    leaf = cgroup / "leaf"
    leaf.mkdir()
    collection = Collection(duration=4, collectors=TASKS, cgroup="/%s" % leaf.relative_to(CGROUPS or leaf))
    work(leaf)
    leaf.rmdir()
    leaf.mkdir()  # another one of the same name
    work(leaf)
    results = counted(collection)
    leaf.rmdir()
    assert results["execsnoop"]["data"]["count"] == TIMES + 1
    assert results["exitsnoop"]["data"]["count"] == TIMES + 1
    assert missed_of(results["opensnoop"]) == TIMES


def test_a_process_that_is_not_there() -> None:
    process = ends()
    process.communicate("go\n")
    collection = Collection(duration=1, collectors=["opensnoop", "syscount"], process=str(process.pid))
    work()
    for result in counted(collection).values():
        assert (result["status"], result["data"]["count"]) == ("idle", 0)
        assert result["notes"][0] == "this host has no process %d, so that nothing is counted" % process.pid


def test_a_name_that_nobody_has() -> None:
    collection = Collection(duration=2, collectors=TASKS, process="ef-nobody")
    work()
    results = counted(collection)
    assert {name: result["data"]["count"] for name, result in results.items()} == dict.fromkeys(TASKS, 0)


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
