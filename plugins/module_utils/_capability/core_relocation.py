# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""In-kernel CO-RE in the smallest form: one program, one relocation, run once (Linux 5.17, RHEL 9's 5.14).

The program is `return offsetof(struct task_struct, pid)`, compiled for a task_struct that holds nothing but pid, so that the
bytes say 0. Only a kernel that relocates it can answer with the place where its own pid is.
"""

from __future__ import annotations

import ctypes
import os
import struct

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import bytecode

_BTF_LOAD = 18  # enum bpf_cmd
_FIELD_BYTE_OFFSET = 0  # enum bpf_core_relo_kind
_INT, _STRUCT, _FUNC, _FUNC_PROTO = 1, 4, 12, 13  # kinds, Documentation/bpf/btf.rst
_TASK, _PROGRAM = 2, 4  # ids, in the order of the types below
_STRINGS = b"\0".join((b"", b"int", b"task_struct", b"pid", b"relocated", b"0:0", b""))


def type_information() -> bytes:
    """Return BTF with int, struct task_struct {int pid}, and a function; the strings hold the field's path too."""
    types = b"".join(
        (
            struct.pack("=IIII", _name(b"int"), _INT << 24, 4, 1 << 24 | 32),  # signed, 32 bits
            struct.pack("=IIIIII", _name(b"task_struct"), _STRUCT << 24 | 1, 4, _name(b"pid"), 1, 0),
            struct.pack("=III", 0, _FUNC_PROTO << 24, 1),  # int (void)
            struct.pack("=III", _name(b"relocated"), _FUNC << 24, 3),  # static
        )
    )
    # magic, version, flags, length of this header, then offset and length of the types and of the strings
    return struct.pack("=HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(_STRINGS)) + types + _STRINGS


def _name(text: bytes) -> int:
    return _STRINGS.index(b"\0" + text + b"\0") + 1


def _load_types() -> int:
    """Give the kernel the program's types; return their descriptor."""
    raw = type_information()
    held = ctypes.create_string_buffer(raw, len(raw))
    attr = struct.pack("=QQIII", ctypes.addressof(held), 0, len(raw), 0, 0)
    return syscall.bpf(_BTF_LOAD, attr, "load BTF")


def _load_program(types: int) -> int:
    """Load the program with its relocation; return its descriptor."""
    code = bytecode.leave(0)
    insns = ctypes.create_string_buffer(code, len(code))
    licence = ctypes.create_string_buffer(syscall.LICENCE)
    # struct bpf_func_info {insn_off, type_id}: without it the kernel ignores the relocations
    function = ctypes.create_string_buffer(struct.pack("=II", 0, _PROGRAM), 8)
    # struct bpf_core_relo {insn_off, type_id, access_str_off, kind}
    relocation = ctypes.create_string_buffer(struct.pack("=IIII", 0, _TASK, _name(b"0:0"), _FIELD_BYTE_OFFSET), 16)
    attr = struct.pack(
        "=IIQQIIQII16sIIIIQIIQIIIIQQI",
        syscall.PROG_TYPE_SYSCALL,
        len(code) // 8,
        ctypes.addressof(insns),
        ctypes.addressof(licence),
        *(0, 0, 0, 0),  # no log; kern_version
        syscall.F_SLEEPABLE,
        b"ebpf_fleet_core",
        *(0, 0, types),  # prog_ifindex, expected_attach_type, prog_btf_fd
        *(8, ctypes.addressof(function), 1),
        *(0, 0, 0),  # line_info
        *(0, 0, 1, 0),  # attach_btf_id, attach_btf_obj_fd, core_relo_cnt, fd_array
        ctypes.addressof(relocation),
        16,
    )
    return syscall.bpf(syscall.PROG_LOAD, attr, "load a program with a CO-RE relocation")


def offset_of_pid() -> int:
    """Return where the kernel says that pid is in its task_struct, in bytes. Raise BpfError when it refuses."""
    types = _load_types()
    try:
        program = _load_program(types)
    finally:
        os.close(types)
    try:
        return syscall.run_program(program, bytearray(8))
    finally:
        os.close(program)
