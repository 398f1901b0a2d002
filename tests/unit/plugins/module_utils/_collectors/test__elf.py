# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions of ELF files: of a small one that is made here, of the running Python's C library, and of files that are none."""

from __future__ import annotations

import ctypes
import functools
import os
import random
import struct
import sys

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _elf

ROOM = 1 << 24
SYMBOLS = [  # name, info, section, value, size
    ("", 0, 0, 0, 0),
    ("outer", 0x12, 1, 0x401000, 0x100),
    ("inner", 0x02, 1, 0x401020, 0x10),
    ("data", 0x11, 1, 0x401040, 0x10),
    ("imported", 0x12, 0, 0, 0),
    ("chosen", 0x1A, 1, 0x401200, 0x20),
]


def elf(symbols_kind: int = 2) -> bytes:
    """Return a file with one segment (offset 0x1000, address 0x401000, 0x1000 bytes) and one table of symbols."""
    names, table = b"", b""
    for name, info, section, value, size in SYMBOLS:
        table += struct.pack("=IBBHQQ", len(names), info, 0, section, value, size)
        names += name.encode() + b"\0"
    sections_at = 0x2000
    symbols_at, names_at = 0x3000, 0x4000
    order = 1 if sys.byteorder == "little" else 2
    ident = b"\x7fELF\x02" + bytes([order, 1]) + bytes(9)
    header = struct.pack("=16sHHIQQQIHHHHHH", ident, 3, 62, 1, 0, 64, sections_at, 0, 64, 56, 1, 64, 2, 1)
    segment = struct.pack("=IIQQQQQQ", 1, 5, 0x1000, 0x401000, 0x401000, 0x1000, 0x1000, 0x1000)
    sections = struct.pack("=IIQQQQIIQQ", 0, symbols_kind, 0, 0, symbols_at, len(table), 1, 0, 8, 24)
    sections += struct.pack("=IIQQQQIIQQ", 0, 3, 0, 0, names_at, len(names), 0, 0, 1, 0)
    whole = bytearray(names_at + len(names))
    for at, part in ((0, header), (64, segment), (sections_at, sections), (symbols_at, table), (names_at, names)):
        whole[at : at + len(part)] = part
    return bytes(whole)


def reader(raw: bytes) -> _elf.File:
    return lambda size, offset: raw[offset : offset + size]


@pytest.mark.parametrize("kind", [2, 11])
def test_the_innermost_function_that_an_offset_lies_in(kind: int) -> None:
    wanted = [0x1000, 0x1020, 0x102F, 0x1030, 0x10FF, 0x1100, 0x1210, 0x1FFF, 0x9000]
    found, read = _elf.functions(reader(elf(kind)), wanted, ROOM)
    assert found == {
        0x1000: "outer",
        0x1020: "inner",
        0x102F: "inner",
        0x1030: "outer",
        0x10FF: "outer",
        0x1210: "chosen",
    }
    assert read == 24 * len(SYMBOLS)


def test_nothing_is_read_that_finds_no_room() -> None:
    asked: list[int] = []

    def read(size: int, offset: int) -> bytes:
        asked.append(size)
        return elf()[offset : offset + size]

    assert _elf.functions(read, [0x1020], 24 * len(SYMBOLS) - 1) == ({}, 0)
    assert max(asked) < 1 << 16


def test_of_the_c_library_of_this_process() -> None:
    function = ctypes.cast(ctypes.CDLL(None).getppid, ctypes.c_void_p).value
    assert function
    with open("/proc/self/maps", encoding="utf-8") as maps:
        for line in maps:
            words = line.split()
            low, high = (int(part, 16) for part in words[0].split("-"))
            if low <= function < high:
                break
    fd = os.open(words[5], os.O_RDONLY)
    found, _read = _elf.functions(functools.partial(os.pread, fd), [function - low + int(words[2], 16)], ROOM)
    os.close(fd)
    assert next(iter(found.values())).lstrip("_") == "getppid"


@pytest.mark.parametrize(
    "raw", [b"", b"\x7fELF", b"#!/bin/sh\n" * 100, bytes(1000), elf()[:64], elf()[:0x2010], elf()[:0x3008]]
)
def test_what_is_no_such_file_has_no_functions(raw: bytes) -> None:
    assert _elf.functions(reader(raw), [0x1020], ROOM)[0] == {}


def test_damage_never_raises() -> None:
    chance = random.Random(7)
    whole = elf()
    for _ in range(3000):
        raw = bytearray(whole)
        for _byte in range(chance.randrange(1, 12)):
            raw[
                chance.choice((chance.randrange(120), 0x2000 + chance.randrange(128), 0x3000 + chance.randrange(160)))
            ] = chance.randrange(256)
        found, read = _elf.functions(reader(bytes(raw)), [0x1020, 0x1210], ROOM)
        assert set(found) <= {0x1020, 0x1210}
        assert read <= ROOM
