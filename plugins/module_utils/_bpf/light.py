# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Load an embedded object by its light skeleton: four calls of bpf(2), no libbpf, no compiler, no file.

At build time libbpf turned the object into a loader: a BPF program (`insns`) and its data. Here the data goes into a
one-element array map, the loader is loaded as BPF_PROG_TYPE_SYSCALL and run with a context that names our maps and
programs, and the kernel does the BTF look-ups and CO-RE relocations itself. Context (libbpf, skel_internal.h):
struct bpf_loader_ctx {u32 size, flags, log_level, log_size; u64 log_buf}, then per map {s32 fd; u32 max_entries;
u64 address of the initial value or 0}, then per program {s32 fd}.

Needs 5.17 (in-kernel CO-RE; RHEL 9 has it in 5.14) and a little-endian host.
"""

from __future__ import annotations

import ctypes
import os
import re
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.blob import Blob, embedded, sections
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.loaded import Loaded
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Map, Maps

_LOG_SIZE = 1 << 20
_LOG_KEPT = 4096
# What btf_verifier_log() of kernel/bpf/btf.c writes: a header, then a line for each type, and one for each member.
_OWN_TYPES = re.compile(
    rb"(magic|version|flags|hdr_len|type_off|type_len|str_off|str_len|btf_total_size): |\[[0-9]+\] |\t"
)


def unpack(blob: Blob) -> tuple[bytes, bytes]:
    """Return the loader's data and instructions. Raise ValueError when they are not the bytes that were built."""
    raw = embedded("program " + blob.NAME, blob.LIGHT, blob.SHA256)
    size = struct.unpack_from("<I", raw)[0]
    return raw[4 : 4 + size], raw[4 + size :]


def pack_context(
    blob: Blob, sizes: t.Mapping[str, int], initial: t.Mapping[str, int], log: int, log_size: int
) -> bytearray:
    """Return the loader's context. `sizes`: max_entries by map; `initial`: addresses by map; `log`: an address or 0."""
    size = 24 + 16 * len(blob.MAPS) + 4 * len(blob.PROGRAMS)
    context = bytearray(size)
    struct.pack_into("<IIIIQ", context, 0, size, 0, 1 if log else 0, log_size, log)
    for at, row in enumerate(blob.MAPS):
        struct.pack_into("<iIQ", context, 24 + 16 * at, 0, sizes.get(row[0], 0), initial.get(row[0], 0))
    return context


def unpack_context(blob: Blob, context: bytes | bytearray) -> tuple[dict[str, int], dict[str, int]]:
    """Return the descriptors that the loader left in its context: of maps and of programs, by name."""
    base = 24 + 16 * len(blob.MAPS)
    maps = {row[0]: struct.unpack_from("<i", context, 24 + 16 * at)[0] for at, row in enumerate(blob.MAPS)}
    programs = {row[0]: struct.unpack_from("<i", context, base + 4 * at)[0] for at, row in enumerate(blob.PROGRAMS)}
    return maps, programs


def last_words(log: bytes) -> str:
    """Return the end of a log without the list of our own types, which the kernel writes while it accepts them."""
    lines = [line for line in log.split(b"\n") if not _OWN_TYPES.match(line)]
    return b"\n".join(lines)[-_LOG_KEPT:].decode("utf-8", "replace").strip()


def _run(data: bytes, insns: bytes, context: bytearray) -> int:
    """Make the four calls; return the loader's result, 0 or a negative errno."""
    loader_map = syscall.create_map(syscall.MAP_TYPE_ARRAY, 4, len(data), 1, name=b"__loader.map")
    try:
        Maps({"data": Map(loader_map, syscall.MAP_TYPE_ARRAY, 4, len(data), 1)}, {}).update("data", bytes(4), data)
        loader = syscall.load_program(
            syscall.PROG_TYPE_SYSCALL, insns, flags=syscall.F_SLEEPABLE, name=b"__loader.prog", fd_array=(loader_map,)
        )
        try:
            return syscall.run_program(loader, context)
        finally:
            os.close(loader)
    finally:
        os.close(loader_map)


def load(
    blob: Blob, sizes: t.Mapping[str, int] | None = None, constants: t.Mapping[str, bytes] | None = None
) -> Loaded:
    """Load an object; nothing is attached yet.

    `sizes` overrides max_entries by map; `constants` sets `const volatile` variables by name (all of a section's variables
    that are not named are zero). Raise BpfError, with the verifier's last words, when the kernel refuses; ValueError when
    the blob is not what was built, or the host is big-endian.
    """
    if struct.pack("=H", 1) != b"\1\0":
        raise ValueError("the embedded programs are little-endian, this host is big-endian")
    data, insns = unpack(blob)
    buffers = {
        owner: ctypes.create_string_buffer(bytes(section), len(section))
        for owner, section in sections(blob, constants or {}).items()
    }
    initial = {owner: ctypes.addressof(buffer) for owner, buffer in buffers.items()}
    context = pack_context(blob, sizes or {}, initial, 0, 0)
    result = _run(data, insns, context)
    if result < 0:
        # Once more, with a log: it costs memory and time, so that only a failure pays for it.
        log = ctypes.create_string_buffer(_LOG_SIZE)
        context = pack_context(blob, sizes or {}, initial, ctypes.addressof(log), _LOG_SIZE)
        again = _run(data, insns, context)
        if again < 0:
            raise syscall.BpfError(-result, "load %s by the light loader" % blob.NAME, last_words(log.value))
    maps, programs = unpack_context(blob, context)
    shapes = {row[0]: Map(maps[row[0]], row[1], row[2], row[3], (sizes or {}).get(row[0], row[4])) for row in blob.MAPS}
    return Loaded("light", blob, Maps(shapes, blob.VARIABLES), programs, blob.SHA256)
