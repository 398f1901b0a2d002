# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""bpf(2) by ctypes: the commands that we use, each packed as include/uapi/linux/bpf.h lays out `union bpf_attr`.

The kernel accepts an attr that is longer than it knows when the rest is zero, and one that is shorter; E2BIG says that a
field which this kernel does not know was set. Every descriptor that a function returns is close-on-exec: the kernel opens
them so.
"""

from __future__ import annotations

import ctypes
import os
import struct

# enum bpf_cmd
MAP_CREATE, MAP_LOOKUP_ELEM, MAP_UPDATE_ELEM, MAP_DELETE_ELEM, MAP_GET_NEXT_KEY, PROG_LOAD = range(6)
PROG_TEST_RUN, OBJ_GET_INFO_BY_FD, RAW_TRACEPOINT_OPEN = 10, 15, 17
LINK_CREATE, ENABLE_STATS, ITER_CREATE = 28, 32, 33

# enum bpf_map_type, enum bpf_prog_type, flags
MAP_TYPE_ARRAY, MAP_TYPE_PERCPU_HASH, MAP_TYPE_PERCPU_ARRAY, MAP_TYPE_LRU_PERCPU_HASH = 2, 5, 6, 10
PROG_TYPE_SYSCALL = 31
F_SLEEPABLE = 1 << 4

LICENCE = b"Dual BSD/GPL"

# The number of bpf(2), arch/*/entry/syscalls: 280 wherever the generic table is used.
_SYSCALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "loongarch64": 280, "ppc64le": 361}


class BpfError(OSError):
    """A refused bpf(2) call; `errno` as the kernel gave it, `log` the verifier's last words or ''."""

    def __init__(self, number: int, what: str, log: str = "") -> None:
        """`what` names the call in a person's words."""
        super().__init__(number, "%s: %s" % (what, os.strerror(number)))
        self.what = what
        self.log = log


def machine() -> str:
    """Return the architecture that this process runs as, which is not the kernel's under a 32-bit Python."""
    name = os.uname().machine
    return name if struct.calcsize("P") == 8 else name + " (32-bit Python)"


def supported() -> bool:
    """Say whether bpf(2)'s number is known here."""
    return machine() in _SYSCALL


_libc = ctypes.CDLL(None, use_errno=True)


def bpf(cmd: int, attr: bytes | bytearray, what: str = "bpf") -> int:
    """Call bpf(2); what the kernel writes into a bytearray is there afterwards. Raise BpfError when it refuses."""
    number = _SYSCALL.get(machine())
    if number is None:
        raise BpfError(38, what)  # ENOSYS: an architecture that we do not know is one without the call
    if isinstance(attr, bytearray):
        buffer = (ctypes.c_char * len(attr)).from_buffer(attr)
    else:
        buffer = ctypes.create_string_buffer(attr, len(attr))
    result = int(_libc.syscall(ctypes.c_long(number), ctypes.c_int(cmd), buffer, ctypes.c_uint(len(attr))))
    if result < 0:
        raise BpfError(ctypes.get_errno(), what)
    return result


def address(buffer: ctypes.Array[ctypes.c_char] | None) -> int:
    """Return where a ctypes buffer lies, 0 for none."""
    return 0 if buffer is None else ctypes.addressof(buffer)


def create_map(
    map_type: int, key_size: int, value_size: int, max_entries: int, flags: int = 0, name: bytes = b""
) -> int:
    """Create a map and return its descriptor."""
    attr = struct.pack("=IIIIIII16s", map_type, key_size, value_size, max_entries, flags, 0, 0, name)
    return bpf(MAP_CREATE, attr, "create a map of type %d" % map_type)


def load_program(
    prog_type: int,
    insns: bytes,
    licence: bytes = LICENCE,
    expected_attach_type: int = 0,
    attach_btf_id: int = 0,
    flags: int = 0,
    name: bytes = b"",
    fd_array: tuple[int, ...] = (),
    log_size: int = 0,
) -> int:
    """Load a program and return its descriptor. With `log_size`, a refusal carries the end of the verifier's log."""
    code = ctypes.create_string_buffer(insns, len(insns))
    licence_text = ctypes.create_string_buffer(licence)
    log = ctypes.create_string_buffer(log_size) if log_size else None
    fds = (ctypes.c_int * len(fd_array))(*fd_array) if fd_array else None
    attr = struct.pack(
        "=IIQQIIQII16sIIIIQIIQIIIIQ",
        prog_type,
        len(insns) // 8,
        address(code),
        address(licence_text),
        1 if log_size else 0,
        log_size,
        address(log),
        0,
        flags,
        name,
        0,
        expected_attach_type,
        *(0, 0, 0, 0, 0, 0, 0),  # BTF of the program: ours needs none
        attach_btf_id,
        0,
        0,
        0 if fds is None else ctypes.addressof(fds),
    )
    try:
        return bpf(PROG_LOAD, attr, "load a program of type %d" % prog_type)
    except BpfError as error:
        error.log = "" if log is None else log.value[-4096:].decode("utf-8", "replace")
        raise


def run_program(program: int, context: bytearray | None = None) -> int:
    """Run a program once (BPF_PROG_TEST_RUN) over a context that it may write to; return its 32-bit result, signed."""
    buffer = (ctypes.c_char * len(context)).from_buffer(context) if context is not None else None
    attr = bytearray(
        struct.pack(
            "=IIIIQQIIIIQQ", program, 0, 0, 0, 0, 0, 0, 0, 0 if context is None else len(context), 0, address(buffer), 0
        )
    )
    bpf(PROG_TEST_RUN, attr, "run a program")
    return int(struct.unpack_from("=i", attr, 4)[0])


def object_info(fd: int, size: int = 232) -> bytes:
    """Return the kernel's struct bpf_prog_info, bpf_map_info or bpf_link_info of a descriptor: what this kernel has of it."""
    info = ctypes.create_string_buffer(size)
    attr = bytearray(struct.pack("=IIQ", fd, size, ctypes.addressof(info)))
    bpf(OBJ_GET_INFO_BY_FD, attr, "ask about an object")
    return info.raw[: struct.unpack_from("=I", attr, 4)[0]]


def enable_run_time_stats() -> int:
    """Make the kernel measure run_time_ns and run_cnt of programs for as long as the returned descriptor is open."""
    return bpf(ENABLE_STATS, struct.pack("=I", 0), "enable run-time statistics")
