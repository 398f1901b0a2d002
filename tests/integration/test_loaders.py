# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both loaders on this kernel: the same programs, the same maps, the same answers."""

from __future__ import annotations

import os
import struct
import time
import types
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import libbpf, light, loader
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import (
    biolatency,
    execsnoop,
    proof,
    runqlat,
    tcpretrans,
)


@pytest.mark.parametrize("load", [light.load, libbpf.load])
@pytest.mark.parametrize("blob", [biolatency, execsnoop, proof, runqlat, tcpretrans])
def test_loads_attaches_and_gives_everything_back(load: loader.Load, blob: types.ModuleType) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    loaded = load(t.cast("t.Any", blob), None, None)
    loaded.attach()
    assert set(loaded.programs) == {name for name, _section in blob.PROGRAMS}
    for fd in [*loaded.programs.values(), *loaded.links, *(found.fd for found in loaded.maps)]:
        assert not os.get_inheritable(fd)
    used = loaded.maps.bytes_in_kernel()
    assert used is not None
    assert used < 2 << 20
    loaded.close()
    loaded.close()
    assert sorted(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("load", [light.load, libbpf.load])
def test_constants_and_relocations_hold(load: loader.Load) -> None:
    loaded = load(t.cast("t.Any", proof), None, {"targ_tgid": struct.pack("=I", os.getpid())})
    try:
        loaded.attach()
        time.sleep(0.01)
        hits, pid, tgid, comm = struct.unpack("=QII16s", loaded.maps.variable_bytes("seen"))
    finally:
        loaded.close()
    assert hits > 0
    assert tgid == os.getpid()
    assert os.path.exists("/proc/self/task/%d" % pid)
    with open("/proc/self/task/%d/comm" % pid, "rb") as stream:
        assert comm.rstrip(b"\0") == stream.read().rstrip(b"\n")


@pytest.mark.parametrize("load", [light.load, libbpf.load])
def test_sizes_are_taken(load: loader.Load) -> None:
    loaded = load(t.cast("t.Any", execsnoop), {"first": 1 << 20}, None)
    try:
        assert loaded.maps["first"].max_entries == 1 << 20
        assert (loaded.maps.bytes_in_kernel() or 0) > 1 << 20
    finally:
        loaded.close()
