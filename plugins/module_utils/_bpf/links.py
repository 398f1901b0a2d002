# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Attach programs. A link is a descriptor: closing it detaches, and so does the end of the process, however it ends."""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import syscall


def tp_btf(program: int) -> int:
    """Attach a BTF-enabled raw tracepoint; which one was settled when the program was loaded. Return the link."""
    return syscall.bpf(syscall.RAW_TRACEPOINT_OPEN, struct.pack("=QIIQ", 0, program, 0, 0), "attach to a tracepoint")


def fentry(program: int) -> int:
    """Attach to a function's entry or exit, settled at load; the kernel takes the same call for it. Return the link."""
    return syscall.bpf(syscall.RAW_TRACEPOINT_OPEN, struct.pack("=QIIQ", 0, program, 0, 0), "attach to a function")


ATTACH: t.Mapping[str, t.Callable[[int], int]] = {"tp_btf": tp_btf, "fentry": fentry}
