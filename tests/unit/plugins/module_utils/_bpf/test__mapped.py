# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions and the files that they are in."""

from __future__ import annotations

import ctypes
import mmap

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import mapped

MAPS = (
    "55d0c0a00000-55d0c0b00000 r--p 00000000 08:01 11 /usr/bin/python3\n"
    "7f0000000000-7f0000020000 r--p 00000000 08:01 12 /usr/lib/libc.so.6\n"
    "7f0000020000-7f0000100000 r-xp 00020000 08:01 12 /usr/lib/with space/libc.so.6\n"
    "7f0000200000-7f0000300000 rw-p 00000000 00:00 0 \n"
    "7ffc00000000-7ffc00020000 rw-p 00000000 00:00 0 [stack]\n"
)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (0x7F0000020010, ("/usr/lib/with space/libc.so.6", 0x20010)),
        (0x7F000001FFFF, ("/usr/lib/libc.so.6", 0x1FFFF)),
        (0x55D0C0A00000, ("/usr/bin/python3", 0)),
    ],
)
def test_locate(address: int, found: tuple[str, int]) -> None:
    assert mapped.locate(address, MAPS) == found


@pytest.mark.parametrize("address", [0, 0x7F0000200010, 0x7FFC00000010, 0x7F0000100000])
def test_locate_where_no_file_is(address: int) -> None:
    with pytest.raises(OSError, match="no file is mapped"):
        mapped.locate(address, MAPS)


def test_a_function_of_libc_is_where_its_bytes_are() -> None:
    found = mapped.in_libc("getaddrinfo")
    assert found is not None
    path, _colon, offset = found.rpartition(":")
    address = ctypes.cast(ctypes.CDLL("libc.so.6").getaddrinfo, ctypes.c_void_p).value
    assert address is not None
    with open(path, "rb") as stream:
        stream.seek(int(offset))
        assert stream.read(16) == ctypes.string_at(address, 16)


@pytest.mark.parametrize(
    ("name", "library"), [("no_such_function", "libc.so.6"), ("getaddrinfo", "libc.no.such.library"), ("", "libc.so.6")]
)
def test_what_is_not_there(name: str, library: str) -> None:
    assert mapped.in_libc(name, library) is None


def test_code_that_no_file_holds() -> None:
    page = mmap.mmap(
        -1,
        mmap.PAGESIZE,
        prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC,
        flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,
    )
    code = ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    with pytest.raises(OSError, match="no file is mapped"):
        mapped.target(code)
