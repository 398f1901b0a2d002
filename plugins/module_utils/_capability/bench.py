# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The bench on which probes work: descriptors that are all given back, hit counters, types, ways to make things fire."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import struct

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import btf, links, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Map, Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import bytecode
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing

NAME = b"ebpf_fleet"  # of every program and map of the probes, for whoever lists them

# The kernel's types that the attaching probes need, by name, with their kinds.
TYPES = {
    "btf_trace_task_rename": btf.KIND_TYPEDEF,
    "bpf_fentry_test1": btf.KIND_FUNC,
    "bpf_lsm_file_open": btf.KIND_FUNC,
    "bpf_iter_bpf_map": btf.KIND_FUNC,
}

_SLOTS = 16
_PR_SET_NAME, _PR_GET_NAME = 15, 16  # prctl(2)


class Bench:
    """Holds what the probes share. `close` gives everything back to the kernel."""

    def __init__(self, host: Host, standing: Standing, thorough: bool = True) -> None:
        """Nothing is made until a probe asks for it. `thorough`: attach also what the kernel is slow to detach."""
        self.host = host
        self.standing = standing
        self.thorough = thorough
        self._held: list[int] = []
        self._counters: int | None = None
        self._slots = 0
        self._types: dict[str, int] | None = None
        self.libc = ctypes.CDLL(None, use_errno=True)

    def hold(self, descriptor: int) -> int:
        """Keep a descriptor until the bench is cleared; return it."""
        self._held.append(descriptor)
        return descriptor

    def load(self, prog_type: int, insns: bytes, attach_type: int = 0, btf_id: int = 0, flags: int = 0) -> int:
        """Load a program and hold it; return its descriptor."""
        return self.hold(
            syscall.load_program(
                prog_type,
                insns,
                expected_attach_type=attach_type,
                attach_btf_id=btf_id,
                flags=flags,
                name=NAME,
            )
        )

    def type_id(self, name: str) -> int:
        """Return the BTF id of one of TYPES. Raise OSError: EPERM for the unprivileged, ENOENT when there is none."""
        if not self.standing.may_trace:
            raise OSError(
                errno.EPERM, "finding a kernel type takes privilege"
            )  # and reading all of BTF is not for nothing
        if self._types is None:
            self._types = btf.type_ids(TYPES)
        if name not in self._types:
            raise OSError(errno.ENOENT, "this kernel's BTF has no %s" % name)
        return self._types[name]

    def counting(self) -> tuple[bytes, int]:
        """Return a program that counts how often it runs, and its counter for `hits`."""
        if self._counters is None:
            self._counters = syscall.create_map(syscall.MAP_TYPE_ARRAY, 4, 8, _SLOTS, name=NAME)
        slot, self._slots = self._slots, self._slots + 1
        return bytecode.count(self._counters, slot), slot

    def hits(self, counter: int) -> int:
        """Return how often a counting program ran."""
        descriptor = -1 if self._counters is None else self._counters
        counters = Maps({"hits": Map(descriptor, syscall.MAP_TYPE_ARRAY, 4, 8, _SLOTS)}, {})
        return int(struct.unpack("=Q", counters.lookup("hits", struct.pack("=I", counter)))[0])

    def rename(self) -> None:
        """Give the calling thread the name that it already has."""
        name = ctypes.create_string_buffer(16)
        self.libc.prctl(_PR_GET_NAME, name, 0, 0, 0)
        self.libc.prctl(_PR_SET_NAME, name, 0, 0, 0)

    def page_fault(self) -> None:
        """Touch a page that was never touched."""
        with mmap.mmap(-1, mmap.PAGESIZE) as page:
            page[0] = 1

    def clear(self) -> None:
        """Close what the last probe held, newest first: links and events before their programs."""
        while self._held:
            links.close(self._held.pop())

    def close(self) -> None:
        """Close everything. May be called again."""
        self.clear()
        if self._counters is not None:
            os.close(self._counters)
            self._counters = None
