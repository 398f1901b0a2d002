# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding types in raw BTF, and the program that asks the kernel for one."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import btf


def blob(types: list[bytes], strings: bytes) -> bytes:
    """Build BTF: Documentation/bpf/btf.rst."""
    body = b"".join(types)
    return struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(body), len(body), len(strings)) + body + strings


def test_scan_walks_types_of_every_length() -> None:
    strings = b"\0int\0task_struct\0pid\0btf_trace_x\0do_exec\0"
    at = {
        name: strings.index(b"\0" + name + b"\0") + 1
        for name in (b"int", b"task_struct", b"pid", b"btf_trace_x", b"do_exec")
    }
    types = [
        struct.pack("<III", at[b"int"], 1 << 24, 4) + struct.pack("<I", 32),  # 1: int
        struct.pack("<III", at[b"task_struct"], 4 << 24 | 1, 8) + struct.pack("<III", at[b"pid"], 1, 0),  # 2: struct
        struct.pack("<III", 0, 3 << 24, 0) + struct.pack("<III", 1, 1, 4),  # 3: array
        struct.pack("<III", 0, 13 << 24 | 2, 0) + struct.pack("<II", 0, 1) * 2,  # 4: function prototype
        struct.pack("<III", at[b"btf_trace_x"], 8 << 24, 4),  # 5: typedef
        struct.pack("<III", at[b"do_exec"], 12 << 24 | 1, 4),  # 6: function
    ]
    wanted = {
        "btf_trace_x": btf.KIND_TYPEDEF,
        "do_exec": btf.KIND_FUNC,
        "task_struct": btf.KIND_STRUCT,
        "nobody": btf.KIND_FUNC,
    }
    assert btf.scan(blob(types, strings), wanted) == {"task_struct": 2, "btf_trace_x": 5, "do_exec": 6}
    assert btf.scan(blob(types, strings), {"do_exec": btf.KIND_STRUCT}) == {}


def test_enumerations_are_found_without_walking() -> None:
    strings = b"\0pid\0reason\0NOT_YET\0NO_SOCKET\0MASK\0NO_SOCKET_TOO\0"
    at = {name: strings.index(b"\0" + name + b"\0") + 1 for name in strings.split(b"\0") if name}
    values = ((b"NOT_YET", 0), (b"NO_SOCKET", 3), (b"NO_SOCKET_TOO", 3), (b"MASK", 0xFFFF0000))
    types = [
        struct.pack("<III", at[b"pid"], 4 << 24 | 1, 8)
        + struct.pack("<III", at[b"reason"], 6 << 24 | 1, 0),  # a member
        struct.pack("<III", at[b"reason"], 8 << 24, 1),  # a typedef of that name
        struct.pack("<III", at[b"reason"], 6 << 24 | 4, 4) + b"".join(struct.pack("<II", at[n], v) for n, v in values),
    ]
    assert btf.enum_values(blob(types, strings), "reason") == {0: "NOT_YET", 3: "NO_SOCKET", 0xFFFF0000: "MASK"}
    assert btf.enum_values(blob(types, strings), "pid") == {}
    assert btf.enum_values(blob(types, strings), "nobody") == {}


def test_scan_of_what_is_no_btf() -> None:
    with pytest.raises(ValueError, match="not little-endian BTF"):
        btf.scan(b"\x9f\xea" + bytes(40), {"x": 12})


def test_finder_is_the_program_that_it_should_be() -> None:
    # The name lies at r10-8; r0 = bpf_btf_find_by_name_kind(r10 - 8, 4, 12, 0).
    assert btf.finder(b"abc", 12).hex(" ", 8) == (
        "1801000061626300 0000000000000000 "  # r1 = "abc\0\0\0\0\0"
        "7b1af8ff00000000 "  # *(u64 *)(r10 - 8) = r1
        "bfa1000000000000 07010000f8ffffff "  # r1 = r10 - 8
        "b702000004000000 b70300000c000000 b704000000000000 "
        "85000000a7000000 9500000000000000"
    )


def test_finder_keeps_the_names_nul() -> None:
    eight = btf.finder(b"12345678", 12)
    assert eight[8 * 3 :].startswith(b"\x18\x01\0\0\0\0\0\0"), "a name of eight bytes needs a ninth for its NUL"
    assert struct.pack("<BBhi", 0xB7, 2, 0, 9) in eight
