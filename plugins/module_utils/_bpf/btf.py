# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Find a kernel type's BTF id by its name, without reading the kernel's 5 MB of BTF."""

from __future__ import annotations

import os
import struct

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import syscall

# enum of BTF kinds, include/uapi/linux/btf.h
KIND_STRUCT, KIND_ENUM, KIND_TYPEDEF, KIND_FUNC = 4, 6, 8, 12

VMLINUX = "/sys/kernel/btf/vmlinux"

_FIND_BY_NAME_KIND = 167  # BPF_FUNC_btf_find_by_name_kind, 5.14
_NAME_MAX = 64


def finder(name: bytes, kind: int) -> bytes:
    """Return the instructions of a program that finds a type and gives its id, or a negative errno, as its result.

    The name lies on the program's stack: stores of 8 bytes, then bpf_btf_find_by_name_kind(name, size, kind, 0).
    """
    padded = name + b"\0" * (8 - len(name) % 8)
    code, base = [], -len(padded)
    for at in range(0, len(padded), 8):
        low, high = struct.unpack_from("<ii", padded, at)
        code.append(struct.pack("<BBhi", 0x18, 1, 0, low) + struct.pack("<BBhi", 0, 0, 0, high))  # r1 = imm64
        code.append(struct.pack("<BBhi", 0x7B, 0x1A, base + at, 0))  # *(u64 *)(r10 + off) = r1
    code += [
        struct.pack("<BBhi", 0xBF, 0xA1, 0, 0),  # r1 = r10
        struct.pack("<BBhi", 0x07, 1, 0, base),  # r1 += base
        struct.pack("<BBhi", 0xB7, 2, 0, len(name) + 1),
        struct.pack("<BBhi", 0xB7, 3, 0, kind),
        struct.pack("<BBhi", 0xB7, 4, 0, 0),
        struct.pack("<BBhi", 0x85, 0, 0, _FIND_BY_NAME_KIND),
        struct.pack("<BBhi", 0x95, 0, 0, 0),  # exit: r0 is the result
    ]
    return b"".join(code)


def type_id(name: str, kind: int) -> int:
    """Ask the kernel for the BTF id of one of vmlinux's types. Raise BpfError: ENOENT when there is none of that name."""
    raw = name.encode()
    if len(raw) >= _NAME_MAX:
        raise ValueError("a kernel type's name is shorter than %d bytes: %r" % (_NAME_MAX, name))
    program = syscall.load_program(
        syscall.PROG_TYPE_SYSCALL, finder(raw, kind), flags=syscall.F_SLEEPABLE, name=b"ebpf_fleet_btf"
    )
    try:
        found = syscall.run_program(program, bytearray(8))
    finally:
        os.close(program)
    if found <= 0:
        raise syscall.BpfError(-found or 2, "find the kernel's type %s" % name)
    return found


def scan(raw: bytes, wanted: dict[str, int]) -> dict[str, int]:
    """Find several types, {name: kind} to {name: id}, in raw BTF: for kernels that cannot be asked (before 5.14).

    Format: Documentation/bpf/btf.rst. A name that is not there is left out; ValueError for what is not BTF.
    """
    magic, _version, _flags, header, type_off, type_len, str_off, str_len = struct.unpack_from("<HBBIIIII", raw)
    if magic != 0xEB9F:
        raise ValueError("this is not little-endian BTF")
    strings = raw[header + str_off : header + str_off + str_len]
    by_offset = {}
    for name, kind in wanted.items():
        at = strings.find(b"\0" + name.encode() + b"\0")
        if at >= 0:
            by_offset[at + 1, kind] = name
    found: dict[str, int] = {}
    # What follows the 12 bytes of a type, by kind: fixed, or per member.
    fixed = {1: 4, 3: 12, 14: 4, 17: 4}
    member = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
    at, end, number = header + type_off, header + type_off + type_len, 1
    unpack = struct.Struct("<II").unpack_from
    while at < end and len(found) < len(by_offset):
        name_off, info = unpack(raw, at)
        kind = info >> 24 & 0x1F
        if (name_off, kind) in by_offset:
            found[by_offset[name_off, kind]] = number
        at += 12 + fixed.get(kind, 0) + member.get(kind, 0) * (info & 0xFFFF)
        number += 1
    return found


def type_ids(wanted: dict[str, int]) -> dict[str, int]:
    """Find several types, {name: kind} to {name: id}: by asking the kernel, or by reading its BTF where it cannot answer.

    A name that is not there is left out. Raise OSError when there is neither way.
    """
    found = {}
    try:
        for name, kind in wanted.items():
            try:
                found[name] = type_id(name, kind)
            except syscall.BpfError as error:
                if error.errno != 2:
                    raise
        return found
    except syscall.BpfError:
        with open(VMLINUX, "rb") as stream:
            return scan(stream.read(), wanted)


def enum_values(raw: bytes, name: str) -> dict[int, str]:
    """Return {value: name} of an enumeration in raw BTF, the first name of a value; empty where it has none of that name.

    Without walking all types: an enumeration is a word with the offset of its name, its kind (6) and number of values, its
    size (4), and then its values.
    """
    _magic, _version, _flags, header, type_off, type_len, str_off, str_len = struct.unpack_from("<HBBIIIII", raw)
    strings = raw[header + str_off : header + str_off + str_len]
    types = raw[header + type_off : header + type_off + type_len]
    wanted = strings.find(b"\0" + name.encode() + b"\0") + 1
    at = types.find(struct.pack("<I", wanted)) if wanted else -1
    while at >= 0:
        if at % 4 == 0 and at + 12 <= len(types):
            info, size = struct.unpack_from("<II", types, at + 4)
            count = info & 0xFFFF
            if info >> 24 & 0x1F == KIND_ENUM and size == 4 and at + 12 + 8 * count <= len(types):
                found: dict[int, str] = {}
                for text, value in struct.iter_unpack("<II", types[at + 12 : at + 12 + 8 * count]):
                    found.setdefault(value, strings[text : strings.find(b"\0", text)].decode("utf-8", "replace"))
                return found
        at = types.find(struct.pack("<I", wanted), at + 1)
    return {}
