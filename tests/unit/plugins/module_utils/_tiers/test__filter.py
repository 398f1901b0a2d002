# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a filter means on a host whose /sys is made here."""

from __future__ import annotations

import pathlib
import struct
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Filter
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import _filter

NOWHERE, NO_DISK = (1 << 64) - 1, (1 << 32) - 1
CONTAINER = "system.slice/docker-0123456789abcdef.scope"


@pytest.fixture
def root(tmp_path: pathlib.Path) -> pathlib.Path:
    """A host with cgroups of version 2, and a disk with two parts."""
    top = tmp_path / "sys" / "fs" / "cgroup"
    for name in (CONTAINER + "/docker-inner", "system.slice/nginx.service", "user.slice/nginx.service"):
        (top / name).mkdir(parents=True)
    (top / "cgroup.controllers").write_text("cpu\n")
    disk = tmp_path / "sys" / "devices" / "vda"
    for folder, number in ((disk, "254:0"), (disk / "vda1", "254:1")):
        folder.mkdir(parents=True)
        (folder / "dev").write_text(number + "\n")
    (disk / "vda1" / "partition").write_text("1\n")
    block = tmp_path / "sys" / "class" / "block"
    block.mkdir(parents=True)
    (block / "vda").symlink_to(disk)
    (block / "vda1").symlink_to(disk / "vda1")
    return tmp_path


def resolved(root: pathlib.Path, **wanted: t.Any) -> tuple[tuple[t.Any, ...], str]:
    found = _filter.resolve(Filter(**wanted), str(root))
    return struct.unpack("=Q16sIIII", found.raw)[:5], "; ".join(found.notes)


def test_a_process_by_number_and_by_name(root: pathlib.Path) -> None:
    (root / "proc" / "42").mkdir(parents=True)
    assert resolved(root, process="42") == ((0, bytes(16), 42, 0, 1), "of the process 42 only")
    assert resolved(root, process="43") == (
        (0, bytes(16), 43, 0, 1),
        "this host has no process 43, so that nothing is counted",
    )
    name = b"a-name-that-is-"
    assert resolved(root, process="a-name-that-is-cut")[0] == (0, name + b"\0", 0, 0, 2)


@pytest.mark.parametrize("wanted", ["/" + CONTAINER, CONTAINER, "0123456789ab", "docker-0123456789abcdef.scope"])
def test_a_cgroup_by_its_path_and_by_a_part_of_its_name(root: pathlib.Path, wanted: str) -> None:
    fields, note = resolved(root, cgroup=wanted)
    assert fields == ((root / "sys/fs/cgroup" / CONTAINER).stat().st_ino, bytes(16), 0, 0, 4)
    assert note == "of the cgroup /%s, and those below it, only" % CONTAINER


def test_more_than_one_cgroup_is_a_sentence(root: pathlib.Path) -> None:
    with pytest.raises(
        _filter.Ambiguous, match=r"more than one cgroup here could be nginx: .*/nginx.service, .*; name one by its path"
    ):
        resolved(root, cgroup="nginx")


def test_cgroups_beside_those_of_version_1(root: pathlib.Path) -> None:
    top = root / "sys/fs/cgroup"
    (top / "cgroup.controllers").unlink()
    (top / "unified" / "mine").mkdir(parents=True)
    (top / "unified" / "cgroup.controllers").touch()
    assert resolved(root, cgroup="mine")[0][0] == (top / "unified" / "mine").stat().st_ino


@pytest.mark.parametrize(
    ("wanted", "fields", "words"),
    [
        ({"cgroup": "nonesuch"}, (NOWHERE, bytes(16), 0, 0, 4), "no cgroup nonesuch"),
        ({"cgroup": "/none/such"}, (NOWHERE, bytes(16), 0, 0, 4), "no cgroup /none/such"),
        ({"device": "sdz"}, (0, bytes(16), 0, NO_DISK, 8), "no disk sdz"),
    ],
)
def test_what_is_not_there_matches_nothing_and_says_so(
    root: pathlib.Path, wanted: dict[str, str], fields: tuple[t.Any, ...], words: str
) -> None:
    found, note = resolved(root, **wanted)
    assert found == fields
    assert words in note
    assert note.endswith("so that nothing is counted")


def test_a_host_without_cgroups_of_version_2(tmp_path: pathlib.Path) -> None:
    fields, note = resolved(tmp_path, cgroup="x")
    assert fields[0] == NOWHERE
    assert "no cgroups of version 2" in note


def test_a_disk_and_a_part_of_it(root: pathlib.Path) -> None:
    assert resolved(root, device="vda") == ((0, bytes(16), 0, 254 << 20, 8), "of the disk vda, only")
    assert resolved(root, device="vda1") == (
        (0, bytes(16), 0, 254 << 20, 8),
        "of the disk vda, of which vda1 is a part, only",
    )
