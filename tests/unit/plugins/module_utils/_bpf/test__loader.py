# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which loader is taken, and what is said when none can be."""

from __future__ import annotations

import errno
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import libbpf, loader, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.loaded import Loaded
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import proof


def loading(name: str) -> loader.Load:
    return lambda _blob, _sizes, _constants: Loaded(name, proof, Maps({}, {}), {}, "sha")


def refusing(number: int, log: str = "") -> loader.Load:
    def load(*_arguments: object) -> Loaded:
        raise syscall.BpfError(number, "load proof", log)

    return load


def raising(error: Exception) -> loader.Load:
    def load(*_arguments: object) -> Loaded:
        raise error

    return load


def test_the_light_loader_comes_first() -> None:
    loaded = loader.load(proof, first=loading("light"), second=raising(AssertionError()))
    assert (loaded.loader, loaded.because) == ("light", None)


@pytest.mark.parametrize("number", [errno.E2BIG, errno.EINVAL])
def test_an_old_kernel_takes_libbpf_and_says_why(number: int) -> None:
    loaded = loader.load(proof, first=refusing(number), second=loading("libbpf"))
    assert loaded.loader == "libbpf"
    assert "the light loader needs Linux 5.17" in (loaded.because or "")
    assert errno.errorcode[number] in (loaded.because or "")


@pytest.mark.parametrize(
    ("first", "second", "last", "because"),
    [
        (refusing(errno.EPERM), AssertionError(), "light", False),
        (refusing(errno.EINVAL, "R1 invalid mem access"), AssertionError(), "light", False),
        (raising(ValueError("the embedded program proof is damaged")), AssertionError(), "light", False),
        (refusing(errno.E2BIG), libbpf.Absent("there is no libbpf on this host"), "libbpf", True),
        (refusing(errno.E2BIG), ValueError("the embedded object proof is damaged"), "libbpf", True),
        (refusing(errno.E2BIG), syscall.BpfError(errno.ESRCH, "load proof by libbpf"), "libbpf", True),
    ],
)
def test_refusals(first: loader.Load, second: Exception, last: str, because: bool) -> None:
    with pytest.raises(loader.Refused) as refused:
        loader.load(proof, first=first, second=raising(second))
    assert refused.value.loader == last
    assert bool(refused.value.because) is because
    if because:
        assert refused.value.cause is second


def test_the_object_is_an_elf_file_for_bpf() -> None:
    raw = libbpf.unpack(t.cast("t.Any", proof))
    assert raw[:6] == b"\x7fELF\x02\x01"
    assert int.from_bytes(raw[18:20], "little") == 247  # EM_BPF


def test_a_host_without_libbpf() -> None:
    with pytest.raises(libbpf.Absent, match=r"no libbpf on this host \(tried libnothing\.so\.7\)"):
        libbpf.library(("libnothing.so.7",))


def test_a_library_that_is_no_libbpf() -> None:
    with pytest.raises(libbpf.Absent, match="is too old"):
        libbpf.library(("libc.so.6",))
