# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Read and write the maps of a loaded object by name."""

from __future__ import annotations

import ctypes
import os
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _text
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import ringbuf, syscall

_PER_CPU = (syscall.MAP_TYPE_PERCPU_HASH, syscall.MAP_TYPE_PERCPU_ARRAY, syscall.MAP_TYPE_LRU_PERCPU_HASH)

ONLINE = "/sys/devices/system/cpu/online"
_POSSIBLE = "/sys/devices/system/cpu/possible"  # a per-CPU value is copied once for each of them, present or not


class Map(t.NamedTuple):
    """A map's shape, and its descriptor."""

    fd: int
    type: int
    key_size: int
    value_size: int
    max_entries: int


def cpus(text: str) -> list[int]:
    """Return the CPUs that a list of the kernel names, as in /sys/devices/system/cpu/online: '0-3,8' is 0, 1, 2, 3, 8."""
    found: list[int] = []
    for part in text.strip().split(","):
        first, _dash, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


class Maps:
    """The maps and global variables of one object."""

    def __init__(self, maps: t.Mapping[str, Map], variables: t.Mapping[str, tuple[str, int, int]]) -> None:
        """`variables` is {name: (map, offset, size)}, as a generated program file has it."""
        self._maps = maps
        self._variables = variables

    def __getitem__(self, name: str) -> Map:
        """Return a map by its name; KeyError when the object has none."""
        return self._maps[name]

    def __iter__(self) -> t.Iterator[Map]:
        """Every map of the object, those of the global variables included."""
        return iter(self._maps.values())

    def lookup(self, name: str, key: bytes) -> bytes:
        """Return the value at a key, for per-CPU maps all CPUs' values in a row, each padded to 8 bytes."""
        owner = self._maps[name]
        size = owner.value_size
        if owner.type in _PER_CPU:
            size = (size + 7) // 8 * 8 * len(cpus(_text.first_line(_POSSIBLE) or "0"))
        value = ctypes.create_string_buffer(size)
        raw_key = ctypes.create_string_buffer(key, owner.key_size)
        attr = struct.pack("=IIQQQ", owner.fd, 0, ctypes.addressof(raw_key), ctypes.addressof(value), 0)
        syscall.bpf(syscall.MAP_LOOKUP_ELEM, attr, "read map %s" % name)
        return value.raw

    def update(self, name: str, key: bytes, value: bytes) -> None:
        """Write the value at a key."""
        owner = self._maps[name]
        raw_key = ctypes.create_string_buffer(key, owner.key_size)
        raw_value = ctypes.create_string_buffer(value, owner.value_size)
        attr = struct.pack("=IIQQQ", owner.fd, 0, ctypes.addressof(raw_key), ctypes.addressof(raw_value), 0)
        syscall.bpf(syscall.MAP_UPDATE_ELEM, attr, "write map %s" % name)

    def per_cpu(self, name: str, index: int = 0) -> list[bytes]:
        """Return the value of each CPU at an index of a per-CPU array."""
        size = self._maps[name].value_size
        stride = (size + 7) // 8 * 8
        raw = self.lookup(name, struct.pack("=I", index))
        return [raw[at : at + size] for at in range(0, len(raw), stride)]

    def items(self, name: str) -> t.Iterator[tuple[bytes, bytes]]:
        """Walk a hash map: (key, value). To be called when nothing writes to it any more."""
        owner = self._maps[name]
        key = ctypes.create_string_buffer(owner.key_size)
        at = 0  # no key: the first
        while True:
            attr = struct.pack("=IIQQ", owner.fd, 0, at, ctypes.addressof(key))
            try:
                syscall.bpf(syscall.MAP_GET_NEXT_KEY, attr, "walk map %s" % name)
            except syscall.BpfError as error:
                if error.errno == 2:  # ENOENT: that was the last one
                    return
                raise
            at = ctypes.addressof(key)
            yield key.raw, self.lookup(name, key.raw)

    def records(self, name: str) -> list[bytes]:
        """Return what a ring buffer holds, oldest first."""
        return ringbuf.read(self._maps[name].fd, self._maps[name].max_entries)

    def variable(self, name: str) -> int:
        """Return a global variable of 4 or 8 bytes as an unsigned number."""
        raw = self.variable_bytes(name)
        return int(struct.unpack("=Q" if len(raw) == 8 else "=I", raw)[0])

    def variable_bytes(self, name: str) -> bytes:
        """Return a global variable's bytes."""
        owner, offset, size = self._variables[name]
        return self.lookup(owner, bytes(4))[offset : offset + size]

    def set_variable(self, name: str, value: bytes) -> None:
        """Write a global variable. The rest of its section is written back as it was read: only while nothing counts."""
        owner, offset, size = self._variables[name]
        if len(value) != size:
            raise ValueError("%s has %d bytes, not %d" % (name, size, len(value)))
        section = self.lookup(owner, bytes(4))
        self.update(owner, bytes(4), section[:offset] + value + section[offset + size :])

    def bytes_in_kernel(self) -> int | None:
        """Return how much kernel memory the maps hold, None where the kernel does not say.

        `memlock` of /proc/self/fdinfo/FD, which counts what a map really uses since 6.4 and an estimate before.
        """
        total = 0
        for owner in self._maps.values():
            said = [
                line
                for line in (_text.read_text("/proc/self/fdinfo/%d" % owner.fd) or "").split("\n")
                if "memlock:" in line
            ]
            if not said:
                return None
            total += int(said[0].split()[1])
        return total

    def close(self) -> None:
        """Give the maps back to the kernel, which frees those that nothing else holds."""
        for owner in self._maps.values():
            os.close(owner.fd)
        self._maps = {}
