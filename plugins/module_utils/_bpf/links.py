# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Attach programs. A link is a descriptor: closing it detaches, and so does the end of the process, however it ends."""

from __future__ import annotations

import os
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import syscall


def _open_raw_tracepoint(program: int, what: str) -> int:
    return syscall.bpf(syscall.RAW_TRACEPOINT_OPEN, struct.pack("=QIIQ", 0, program, 0, 0), what)


def tp_btf(program: int) -> int:
    """Attach a BTF-enabled raw tracepoint; which one was settled when the program was loaded. Return the link."""
    return _open_raw_tracepoint(program, "attach to a tracepoint")


def fentry(program: int) -> int:
    """Attach to a function's entry or exit, settled at load; the kernel takes the same call for it. Return the link."""
    return _open_raw_tracepoint(program, "attach to a function")


ATTACH: t.Mapping[str, t.Callable[[int], int]] = {"tp_btf": tp_btf, "fentry": fentry}


class _Lingering:
    """Links that are to be closed later, while there is such a list.

    After a tracepoint has lost its last program, the kernel lets the next attachment to any tracepoint wait for a grace
    period of RCU (kernel/tracepoint.c, tp_rcu_cond_sync): some 10 ms. Who detaches and soon attaches again is better off
    the other way round.
    """

    def __init__(self) -> None:
        self.fds: list[int] | None = None


_lingering = _Lingering()


def linger() -> None:
    """From now on, let what `close` is given stay open until `settle`."""
    if _lingering.fds is None:
        _lingering.fds = []


def settle() -> None:
    """Close what lingers, newest first. May be called again."""
    fds, _lingering.fds = _lingering.fds or [], None
    while fds:
        os.close(fds.pop())


def close(fd: int) -> None:
    """Close a link, or whatever holds one, now or when the time of lingering is over."""
    if _lingering.fds is None:
        os.close(fd)
    else:
        _lingering.fds.append(fd)
