# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of a ring buffer, as kernel/bpf/ringbuf.c lays them out."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import ringbuf

BUSY, DISCARDED = 1 << 31, 1 << 30


def record(payload: bytes, flags: int = 0) -> bytes:
    raw = struct.pack("=II", len(payload) | flags, 0) + payload
    return raw + b"\0" * (-len(raw) % 8)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (record(b"12345678"), [b"12345678"]),
        (record(b"odd") + record(b"next one"), [b"odd", b"next one"]),
        (record(b""), [b""]),
        (record(b"gone", DISCARDED) + record(b"here"), [b"here"]),
        (record(b"first") + record(b"not done", BUSY) + record(b"later"), [b"first"]),
    ],
)
def test_parse(data: bytes, expected: list[bytes]) -> None:
    assert ringbuf.parse(data + b"\0" * 64, len(data)) == expected


def test_a_length_beyond_the_data_ends_the_list() -> None:
    assert ringbuf.parse(struct.pack("=II", 1000, 0), 8) == [b""]
    assert ringbuf.parse(record(b"x") * 3, 1 << 40) == [b"x", b"x", b"x"]
