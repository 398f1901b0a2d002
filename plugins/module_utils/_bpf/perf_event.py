# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""perf_event_open(2): the old way to attach BPF programs, which kprobes, uprobes and perf events use."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct

from ansible_collections.ebpf.fleet.plugins.module_utils import _text
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import syscall

EVERYBODY, THIS_THREAD = -1, 0  # whom an event is for, as perf_event_open(2) numbers them

SAMPLES = 49  # each second: an odd number, which no clock of the kernel beats in time with

SOFTWARE = 1  # PERF_TYPE_SOFTWARE
CPU_CLOCK = 0  # PERF_COUNT_SW_CPU_CLOCK, in nanoseconds
PAGE_FAULTS = 2  # PERF_COUNT_SW_PAGE_FAULTS

# arch/*/entry/syscalls; 241 wherever the generic table is used
_SYSCALL = {"x86_64": 298, "aarch64": 241, "riscv64": 241, "loongarch64": 241, "ppc64le": 319}
_ATTR_SIZE = 72  # PERF_ATTR_SIZE_VER1: up to config2
_DISABLED, _EXCLUDE_KERNEL, _EXCLUDE_HV = 1 << 0, 1 << 5, 1 << 6
_FLAG_CLOEXEC = 1 << 3

_libc = ctypes.CDLL(None, use_errno=True)


def source_type(name: str, root: str = "/sys/bus/event_source/devices") -> int:
    """Return the number of a dynamic event source (kprobe, uprobe). Raise OSError, ENODEV when the kernel has none."""
    number = _text.first_line("%s/%s/type" % (root, name)) or ""
    if not number.isdigit():
        raise OSError(errno.ENODEV, "no event source named %s" % name)
    return int(number)


def pack(source: int, config: int, config1: int, config2: int, period: int, kernel: bool) -> bytes:
    """Return a struct perf_event_attr, disabled; `kernel`: whether it counts in the kernel too."""
    flags = _DISABLED | (0 if kernel else _EXCLUDE_KERNEL | _EXCLUDE_HV)
    return struct.pack("=IIQQQQQIIQQ", source, _ATTR_SIZE, config, period, 0, 0, flags, 0, 0, config1, config2)


def open_event(
    source: int,
    config: int = 0,
    config1: int = 0,
    config2: int = 0,
    period: int = 1,
    kernel: bool = True,
    pid: int = THIS_THREAD,
    cpu: int = -1,
) -> int:
    """Open a disabled event; return its descriptor, or raise OSError. `pid` -1 is everybody, for whom `cpu` is to be given."""
    number = _SYSCALL.get(syscall.machine())
    if number is None:
        raise OSError(errno.ENOSYS, "perf_event_open is not known on this architecture")
    raw = pack(source, config, config1, config2, period, kernel)
    attr = ctypes.create_string_buffer(raw, len(raw))
    arguments = (ctypes.c_int(pid), ctypes.c_int(cpu), ctypes.c_int(-1), ctypes.c_ulong(_FLAG_CLOEXEC))
    result = int(_libc.syscall(ctypes.c_long(number), attr, *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), "perf_event_open: %s" % os.strerror(ctypes.get_errno()))
    return result


def requests(machine: str) -> tuple[int, int]:
    """Return the ioctl numbers PERF_EVENT_IOC_ENABLE and PERF_EVENT_IOC_SET_BPF; powerpc has its own direction bits."""
    none, write = (1 << 29, 4 << 29) if machine.startswith("ppc") else (0, 1 << 30)
    return none | 0x2400, write | 4 << 16 | 0x2408


def attach(event: int, program: int) -> None:
    """Attach a program to an event and enable it. Raise OSError when the kernel refuses; the event stays the caller's."""
    enable, set_bpf = requests(syscall.machine())
    fcntl.ioctl(event, set_bpf, program)
    fcntl.ioctl(event, enable, 0)
