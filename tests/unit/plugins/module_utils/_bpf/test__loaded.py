# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a loaded object's programs are attached to."""

from __future__ import annotations

import errno
import os
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import links
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.loaded import Loaded
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.syscall import BpfError


class Blob:
    """Three programs; the section of the second does not say to what it is attached."""

    PROGRAMS = (("on_a", "tp_btf/a"), ("on_b", "uprobe"), ("on_c", "kprobe/c/d"))


@pytest.fixture
def attached(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, str]]:
    """What is attached from now on: kind, program, target; a target named "no" is refused."""
    log: list[tuple[str, int, str]] = []

    def attach_by(kind: str) -> t.Callable[[int, str], int]:
        def attach(program: int, target: str) -> int:
            if target == "no":
                raise BpfError(errno.ENOENT, "attach")
            log.append((kind, program, target))
            return os.open("/dev/null", os.O_RDONLY)

        return attach

    monkeypatch.setattr(links, "ATTACH", {kind: attach_by(kind) for kind in ("tp_btf", "uprobe", "kprobe")})
    return log


@pytest.fixture
def loaded() -> Loaded:
    programs = {name: os.open("/dev/null", os.O_RDONLY) for name, _section in Blob.PROGRAMS}
    return Loaded("light", t.cast("t.Any", Blob), Maps({}, {}), programs, "0" * 64)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (None, [("tp_btf", "on_a", "a"), ("uprobe", "on_b", ""), ("kprobe", "on_c", "c/d")]),
        ({}, [("tp_btf", "on_a", "a"), ("uprobe", "on_b", ""), ("kprobe", "on_c", "c/d")]),
        (
            {"on_b": ["/lib/x:1", "/lib/y:2"]},
            [
                ("tp_btf", "on_a", "a"),
                ("uprobe", "on_b", "/lib/x:1"),
                ("uprobe", "on_b", "/lib/y:2"),
                ("kprobe", "on_c", "c/d"),
            ],
        ),
        ({"on_b": [], "on_c": ("e",)}, [("tp_btf", "on_a", "a"), ("kprobe", "on_c", "e")]),
        ({"on_z": ["f"], "on_b": ()}, [("tp_btf", "on_a", "a"), ("kprobe", "on_c", "c/d")]),
    ],
)
def test_each_program_is_attached_to_its_targets(
    loaded: Loaded,
    attached: list[tuple[str, int, str]],
    targets: dict[str, list[str]] | None,
    expected: list[tuple[str, str, str]],
) -> None:
    programs = dict(loaded.programs)
    loaded.attach(targets)
    assert attached == [(kind, programs[name], target) for kind, name, target in expected]
    links_made = list(loaded.links)
    assert len(links_made) == len(expected)
    loaded.close()
    assert not any(os.path.exists("/proc/self/fd/%d" % fd) for fd in [*links_made, *programs.values()])


def test_a_refused_target_leaves_what_close_gives_back(loaded: Loaded, attached: list[tuple[str, int, str]]) -> None:
    with pytest.raises(BpfError):
        loaded.attach({"on_b": ["/lib/x:1", "no"]})
    made = list(loaded.links)
    assert len(made) == len(attached) == 2
    loaded.close()
    assert not any(os.path.exists("/proc/self/fd/%d" % fd) for fd in made)
