# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Against bytes as a compiler makes them: clang -target bpf, little-endian."""

from __future__ import annotations

import sys

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import bytecode

pytestmark = pytest.mark.skipif(
    sys.byteorder != "little", reason="the bytes below are those of a little-endian machine"
)


def test_leave() -> None:
    assert bytecode.leave(0).hex(" ", 8) == "b700000000000000 9500000000000000"
    assert bytecode.leave().hex() == "9500000000000000"


def test_count() -> None:
    assert bytecode.count(7, 3).hex(" ", 8).split() == [
        "620afcff03000000",  # *(u32 *)(r10 - 4) = 3
        "1811000007000000",  # r1 = map 7
        "0000000000000000",
        "bfa2000000000000",  # r2 = r10
        "07020000fcffffff",  # r2 += -4
        "8500000001000000",  # call bpf_map_lookup_elem
        "1500020000000000",  # if r0 == 0 goto +2
        "b701000001000000",  # r1 = 1
        "db10000000000000",  # lock *(u64 *)(r0 + 0) += r1
        "b700000000000000",  # r0 = 0
        "9500000000000000",  # exit
    ]


def test_write_ring() -> None:
    assert bytecode.write_ring(5, 9).hex(" ", 8).split() == [
        "7a0af8ff09000000",  # *(u64 *)(r10 - 8) = 9
        "1811000005000000",  # r1 = map 5
        "0000000000000000",
        "bfa2000000000000",  # r2 = r10
        "07020000f8ffffff",  # r2 += -8
        "b703000008000000",  # r3 = 8
        "b704000000000000",  # r4 = 0
        "8500000082000000",  # call bpf_ringbuf_output
        "9500000000000000",  # exit
    ]


def test_read_kernel() -> None:
    assert bytecode.read_kernel().hex(" ", 8).split() == [
        "bfa1000000000000",  # r1 = r10
        "07010000f8ffffff",  # r1 += -8
        "b702000008000000",  # r2 = 8
        "b703000000000000",  # r3 = 0
        "8500000071000000",  # call bpf_probe_read_kernel
        "b700000000000000",  # r0 = 0
        "9500000000000000",  # exit
    ]
