# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Visits over a real sshd that break in the middle of the window: the module is killed, the line is cut, time is up."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import signal
import sys
import threading
import time
import typing as t

import kernel_objects
import playing
import pytest
import sshd
from collecting import NATIVE

WINDOW = 8


class Broken(t.NamedTuple):
    """What became of the hosts."""

    played: playing.Played
    records: dict[str, dict[str, t.Any]]
    made: frozenset[kernel_objects.Object]


def parent_of(pid: int) -> int:
    """Return a process's parent."""
    return int(pathlib.Path("/proc/%d/stat" % pid).read_text(errors="replace").rpartition(")")[2].split()[1])


def break_visits(server: sshd.Server, did: list[str]) -> None:
    """Wait until every host is in its window, kill one's module and cut the other's line."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        line = server.processes()
        found = {
            name: [pid for pid, command in line.items() if command.startswith("%s/%s " % (server.folder, name))]
            for name in ("killed", "cut", "slow")
        }
        if all(found.values()):
            break
        time.sleep(0.1)
    time.sleep(3)
    for pid in found["killed"]:
        os.kill(pid, signal.SIGKILL)
        did.append("killed")
    pid = found["cut"][0]
    while not line[pid].startswith("sshd"):
        pid = parent_of(pid)
    os.kill(pid, signal.SIGKILL)
    did.append("cut")


@pytest.fixture(scope="module")
def broken(server: sshd.Server, tmp_path_factory: pytest.TempPathFactory) -> Broken:
    """Survey three hosts, and a fourth that nothing happens to."""
    folder = tmp_path_factory.mktemp("broken")
    hosts = {}
    for name in ("killed", "cut", "slow", "well"):
        # A name by which its processes are found.
        (server.folder / name).symlink_to(os.path.realpath(sys.executable))
        own: dict[str, t.Any] = {"ansible_pipelining": True, "ansible_python_interpreter": str(server.folder / name)}
        hosts[name] = server.host(tag=name, **own)
    hosts["slow"]["survey_timeout"] = 5
    before, unpacked = kernel_objects.ours(), set(pathlib.Path("/tmp").glob("ansible_ebpf.fleet.*"))
    did: list[str] = []
    breaker = threading.Thread(target=break_visits, args=(server, did))
    breaker.start()
    source = playing.hosts(folder, **hosts)
    played = playing.survey(folder, source, duration=WINDOW, collectors=NATIVE)
    breaker.join()
    made = kernel_objects.ours() - before
    assert did[-1:] == ["cut"], "the visits were not broken"
    assert server.left_processes() == {}
    for left in set(pathlib.Path("/tmp").glob("ansible_ebpf.fleet.*")) - unpacked:
        shutil.rmtree(left)  # Ansible's own, of the module that was killed
    return Broken(played, playing.records(folder / "reports" / "latest"), made)


def test_each_host_has_a_record_that_says_what_happened(broken: Broken) -> None:
    assert {host: record["outcome"] for host, record in broken.records.items()} == {
        "killed": "failed",
        "cut": "unreachable",
        "slow": "timed_out",
        "well": "ok",
    }
    said = {host: record["message"] for host, record in broken.records.items()}
    assert said["killed"].startswith("The module was killed on the host by SIGKILL: ")
    assert re.fullmatch(r"[A-Z].*[^:]\.", said["cut"])
    assert said["slow"].startswith("The host had not answered after 5 s, the limit for one host: raise survey_timeout")
    assert [record["warnings"] for record in broken.records.values()] == [[]] * 4, "nobody else is blamed"


def test_the_recap_is_true(broken: Broken) -> None:
    assert broken.played.code == 4
    assert broken.played.recap == {"killed": "failed", "cut": "unreachable", "slow": "failed", "well": "ok"}


def test_nothing_of_them_stays_in_the_kernel(broken: Broken) -> None:
    assert kernel_objects.left_of(broken.made) == frozenset()
