# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The few BPF instructions that the probes are made of, written by hand: no compiler, no object, some dozen bytes each.

An instruction is {u8 code; u8 dst:4, src:4; s16 off; s32 imm} in the machine's byte order (include/uapi/linux/bpf.h).
"""

from __future__ import annotations

import struct
import sys

MAP_LOOKUP_ELEM, PROBE_READ_KERNEL, RINGBUF_OUTPUT = 1, 113, 130  # enum bpf_func_id

_R0, _R1, _R2, _R3, _R4, _R10 = 0, 1, 2, 3, 4, 10
_LITTLE = sys.byteorder == "little"


def instruction(code: int, dst: int = 0, src: int = 0, off: int = 0, imm: int = 0) -> bytes:
    """Return one instruction."""
    registers = dst | src << 4 if _LITTLE else dst << 4 | src  # a bit field: its order follows the byte order
    return struct.pack("=BBhi", code, registers, off, imm)


def move(dst: int, value: int) -> bytes:
    """dst = value."""
    return instruction(0xB7, dst, imm=value)


def map_address(dst: int, descriptor: int) -> bytes:
    """dst = the map, two slots (BPF_PSEUDO_MAP_FD)."""
    return instruction(0x18, dst, 1, imm=descriptor) + instruction(0)


def stack_address(dst: int, offset: int) -> bytes:
    """dst = r10 + offset."""
    return instruction(0xBF, dst, _R10) + instruction(0x07, dst, imm=offset)


def call(helper: int) -> bytes:
    """r0 = helper(r1, ...)."""
    return instruction(0x85, imm=helper)


def leave(value: int | None = None) -> bytes:
    """Return `value`, or r0 as it is."""
    return (b"" if value is None else move(_R0, value)) + instruction(0x95)


def count(descriptor: int, slot: int) -> bytes:
    """Add one to an element of an array map of u64, and return 0. Every kernel with bpf(2) can do this."""
    return b"".join(
        (
            instruction(0x62, _R10, off=-4, imm=slot),  # *(u32 *)(r10 - 4) = slot
            map_address(_R1, descriptor),
            stack_address(_R2, -4),
            call(MAP_LOOKUP_ELEM),
            instruction(0x15, _R0, off=2),  # if r0 == 0 skip the next two
            move(_R1, 1),
            instruction(0xDB, _R0, _R1),  # lock *(u64 *)r0 += r1
            leave(0),
        )
    )


def write_ring(descriptor: int, value: int) -> bytes:
    """Put `value` as a record of 8 bytes into a ring buffer and return what the helper said."""
    return b"".join(
        (
            instruction(0x7A, _R10, off=-8, imm=value),  # *(u64 *)(r10 - 8) = value
            map_address(_R1, descriptor),
            stack_address(_R2, -8),
            move(_R3, 8),
            move(_R4, 0),
            call(RINGBUF_OUTPUT),
            leave(),
        )
    )


def read_kernel() -> bytes:
    """Call bpf_probe_read_kernel() as a tracer does; to be loaded, not run."""
    return b"".join((stack_address(_R1, -8), move(_R2, 8), move(_R3, 0), call(PROBE_READ_KERNEL), leave(0)))
