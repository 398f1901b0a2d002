# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be told of maps without a kernel."""

from __future__ import annotations

import ctypes
import struct

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import maps


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0", [0]),
        ("0-1\n", [0, 1]),
        ("0-127", list(range(128))),
        ("0-3,8", [0, 1, 2, 3, 8]),
        ("1,4-5", [1, 4, 5]),
        ("0-3,8-127\n", [0, 1, 2, 3, *range(8, 128)]),
    ],
)
def test_cpus_of_a_list_of_the_kernel(text: str, found: list[int]) -> None:
    assert maps.cpus(text) == found


class Recorded(maps.Maps):
    """Maps whose kernel is a dictionary."""

    def __init__(self, contents: dict, shapes: dict, variables: dict) -> None:
        super().__init__(shapes, variables)
        self.contents = contents

    def lookup(self, name: str, key: bytes) -> bytes:
        return self.contents[name]

    def update(self, name: str, key: bytes, value: bytes) -> None:
        self.contents[name] = value


def test_per_cpu_values_of_128_cpus_are_each_padded_to_8_bytes() -> None:
    raw = b"".join(bytes([cpu, cpu, cpu, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE]) for cpu in range(128))
    read = Recorded({"m": raw}, {"m": maps.Map(3, 6, 4, 3, 1)}, {}).per_cpu("m")
    assert len(read) == 128
    assert read[0] == b"\0\0\0"
    assert read[127] == b"\x7f\x7f\x7f"


@pytest.mark.parametrize(("possible", "cpus"), [("0-127\n", 128), ("0-3,8-127\n", 124), ("0\n", 1)])
def test_the_kernel_is_given_room_for_each_cpu_that_is_possible(
    monkeypatch: pytest.MonkeyPatch, possible: str, cpus: int
) -> None:
    """bpf_percpu_array_copy() writes a value for each of them, one after the other, whatever their numbers are."""

    def bpf(_cmd: int, attr: bytes, _what: str) -> int:
        _fd, _pad, _key, value, _flags = struct.unpack("=IIQQQ", attr)
        ctypes.memset(value, 0xAB, 16 * cpus)
        return 0

    monkeypatch.setattr(maps.syscall, "bpf", bpf)
    monkeypatch.setattr(maps._text, "first_line", {"/sys/devices/system/cpu/possible": possible.strip()}.get)
    read = maps.Maps({"m": maps.Map(3, maps.syscall.MAP_TYPE_PERCPU_ARRAY, 4, 12, 1)}, {}).per_cpu("m")
    assert read == [b"\xab" * 12] * cpus


def test_variables_lie_in_their_section() -> None:
    variables = {"window": (".bss", 0, 16), "lost": (".bss", 16, 8), "small": (".bss", 24, 4)}
    section = bytes(range(28))
    read = Recorded({".bss": section}, {".bss": maps.Map(3, 2, 4, 28, 1)}, variables)
    assert read.variable("lost") == int.from_bytes(section[16:24], "little")
    assert read.variable("small") == int.from_bytes(section[24:28], "little")
    read.set_variable("window", b"w" * 16)
    assert read.contents[".bss"] == b"w" * 16 + section[16:]
    with pytest.raises(ValueError, match="window has 16 bytes, not 4"):
        read.set_variable("window", b"four")
