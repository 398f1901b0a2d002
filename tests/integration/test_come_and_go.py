# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks, network devices and cgroups that appear or vanish in mid-window: counted since they appeared, never since the boot."""

from __future__ import annotations

import collections.abc
import contextlib
import fcntl
import os
import pathlib
import socket
import time
import typing as t

import disk
import pytest
from alone import Alone, run
from collecting import Collection
from test_throttling import NAME as GROUP
from test_throttling import PERIOD, limited, spin

_ADD, _REMOVE = 0x4C80, 0x4C81  # LOOP_CTL_ADD and LOOP_CTL_REMOVE of linux/loop.h
NEW, OLD = 4077, 4078  # numbers of loop devices that nobody else asks for
TIMES, BEFORE, SIZE = 40, 300, 16384
DISKS = ["biolatency", "bitesize", "biotop"]
Rows = t.Dict[str, t.Dict[str, t.Any]]


class Loop:
    """A loop device that is made when asked for, and removed altogether."""

    def __init__(self, folder: pathlib.Path, number: int) -> None:
        self._image = folder / ("image%d" % number)
        self._image.write_bytes(b"")
        os.truncate(self._image, 64 * disk.MIB)
        self._number = number
        self.path = pathlib.Path("/dev/loop%d" % number)
        self._there = False

    def make(self) -> None:
        """Let it appear."""
        self._control(_ADD)
        self._there = True
        if not self.path.exists():  # where nothing makes nodes by itself
            os.mknod(self.path, 0o60600, os.makedev(7, self._number))
        run("losetup", str(self.path), str(self._image))

    def remove(self) -> None:
        """Let it vanish."""
        if self._there:
            run("losetup", "--detach", str(self.path))
            self._control(_REMOVE)
            self.path.unlink(missing_ok=True)
            self._there = False

    def _control(self, request: int) -> None:
        with open("/dev/loop-control", "rb") as control:
            for _ in range(50):
                with contextlib.suppress(OSError):  # who looked at it has not closed it yet
                    fcntl.ioctl(control, request, self._number)
                    return
                time.sleep(0.1)
        raise AssertionError("loop%d cannot be made or removed" % self._number)


@pytest.fixture
def loops(tmp_path: pathlib.Path) -> collections.abc.Iterator[tuple[Loop, Loop]]:
    """A disk that is not there yet, and one that has carried something already."""
    new, old = Loop(tmp_path, NEW), Loop(tmp_path, OLD)
    try:
        old.make()
        disk.direct(old.path, SIZE, writes=BEFORE, reads=0)
        yield new, old
    finally:
        new.remove()
        old.remove()


def come_and_go(new: Loop, old: Loop) -> None:
    """Write to one that appears, and to one that vanishes then."""
    new.make()
    disk.direct(new.path, SIZE, writes=TIMES, reads=0)
    disk.direct(old.path, SIZE, writes=TIMES, reads=0)
    old.remove()


def by_collector(collection: Collection) -> dict[str, dict[str, t.Any]]:
    return {result["collector"]: result for result in collection.record()["results"]}


def rows_of(result: dict[str, t.Any], label: str, value: str) -> list[dict[str, t.Any]]:
    return [
        row for row in result["data"].get("series", result["data"].get("items")) if row["labels"].get(label) == value
    ]


def test_disks_at_tier_3(loops: tuple[Loop, Loop]) -> None:
    new, old = loops
    collection = Collection(duration=6, collectors=DISKS)
    come_and_go(new, old)
    results = by_collector(collection)
    assert {result["tier"] for result in results.values()} == {3}
    # The one that has gone has no name any more: its number stands for it.
    for device in (new.path.name, "7:%d" % OLD):
        (size,) = [
            row for row in rows_of(results["bitesize"], "device", device) if row["labels"]["operation"] == "write"
        ]
        assert (size["count"], size["total"]) == (TIMES, TIMES * SIZE // 1024)
        (latency,) = rows_of(results["biolatency"], "device", device)
        assert TIMES <= latency["count"] < BEFORE
        uses = rows_of(results["biotop"], "device", device)
        assert sum(row["count"] for row in uses if row["labels"]["operation"] == "write") == TIMES * SIZE


def test_disks_at_tier_1(loops: tuple[Loop, Loop]) -> None:
    new, old = loops
    collection = Collection(duration=6, tier="1", collectors=["biolatency", "bitesize", "diskstats"])
    come_and_go(new, old)
    results = by_collector(collection)
    (row,) = rows_of(results["diskstats"], "device", new.path.name)
    assert (row["writes"], row["written_bytes"]) == (TIMES, TIMES * SIZE)
    (size,) = [
        row for row in rows_of(results["bitesize"], "device", new.path.name) if row["labels"]["operation"] == "write"
    ]
    assert (size["count"], size["total"]) == (TIMES, TIMES * SIZE // 1024)
    (latency,) = rows_of(results["biolatency"], "device", new.path.name)
    assert TIMES <= latency["count"] < BEFORE
    for result in results.values():
        assert rows_of(result, "device", old.path.name) == []
        assert "appeared in the window, and are counted since: %s" % new.path.name in result["notes"]
        assert "went away in the window, so that their requests are not counted: %s" % old.path.name in result["notes"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_question_about_a_disk_that_comes_or_goes(loops: tuple[Loop, Loop], which: int) -> None:
    """What is not there when the visit begins is not counted, and a note says so; what goes is counted until then."""
    collection = Collection(duration=6, collectors=DISKS, device=loops[which].path.name)
    come_and_go(*loops)
    for result in by_collector(collection).values():
        name = loops[which].path.name
        if which == 0:
            assert (result["status"], result["data"]["count"]) == ("idle", 0)
            assert result["notes"][0] == "this host has no disk %s, so that nothing is counted" % name
        else:
            assert result["data"]["count"] >= TIMES
            assert result["notes"][0] == "of the disk %s, only" % name
            rows = result["data"].get("series", result["data"].get("items"))
            assert {row["labels"]["device"] for row in rows} == {"7:%d" % OLD}


DEVICES = ("ef-new", "ef-gone", "ef-old", "ef-moved", "ef-renamed")


def send(device: str, packets: int) -> None:
    """Send frames by a device that are of no protocol."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((device, 0))
        for _ in range(packets):
            out.send(b"\xff" * 12 + b"\x88\xb5" + bytes(46))


@pytest.fixture
def away() -> collections.abc.Iterator[Alone]:
    """A namespace that holds the other ends, which go with it."""
    alone = Alone("come")
    try:
        yield alone
    finally:
        for device in DEVICES:
            if os.path.exists("/sys/class/net/" + device):
                run("ip", "link", "delete", device)
        alone.close()


def pair(alone: Alone, device: str) -> None:
    """Make a device whose other end is elsewhere."""
    other = device.replace("ef-", "far-")
    run("ip", "link", "add", device, "type", "veth", "peer", "name", other, "netns", alone.name)
    run("ip", "-n", alone.name, "link", "set", other, "up")
    # Nothing but what the test sends: no address by itself.
    pathlib.Path("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % device).write_text("1", encoding="ascii")
    run("ip", "link", "set", device, "up")


def test_network_devices(away: Alone) -> None:
    for device in ("ef-gone", "ef-old"):
        pair(away, device)
        send(device, BEFORE)
    collection = Collection(duration=6, collectors=["netdev"])
    pair(away, "ef-new")
    send("ef-new", TIMES)
    send("ef-gone", TIMES)
    run("ip", "link", "delete", "ef-gone")
    run("ip", "link", "set", "ef-old", "down")
    run("ip", "link", "set", "ef-old", "name", "ef-renamed")
    run("ip", "link", "set", "ef-renamed", "up")
    send("ef-renamed", TIMES)
    result = collection.result("netdev")
    (new,) = rows_of(result, "device", "ef-new")
    (renamed,) = rows_of(result, "device", "ef-renamed")
    # The other ends may have an address by themselves, and say so.
    assert TIMES <= new["packets"] < BEFORE
    assert TIMES <= renamed["packets"] < BEFORE, "what the device carried before the window was counted"
    assert TIMES * 60 <= new["bytes"] < BEFORE * 60
    assert not rows_of(result, "device", "ef-gone")
    (came,) = [note for note in result["notes"] if note.startswith("appeared in the window")]
    (went,) = [note for note in result["notes"] if note.startswith("went away in the window")]
    assert "ef-new" in came
    assert "ef-renamed" not in came
    assert "ef-gone" in went
    assert "ef-old" not in went


def test_cgroups() -> None:
    """One with a quota is used up before the window and removed in it, another one is made in it."""
    with contextlib.ExitStack() as until_then:
        folder = until_then.enter_context(limited("gone"))
        spin(folder)
        collection = Collection(duration=7, collectors=["throttling"])
        until_then.close()
        with limited("new") as folder:
            spin(folder)
            result = collection.result("throttling")
    (row,) = [row for row in result["data"]["items"] if GROUP in row["labels"]["cgroup"]]
    assert row["labels"]["cgroup"].endswith("new/inner")
    seconds = result["window"]["seconds"]
    assert 1 <= row["count"] <= row["periods"] <= seconds * 1e6 / PERIOD + 1
    (gone,) = [note for note in result["notes"] if "went away in the window" in note]
    assert int(gone.split()[0]) >= 1
