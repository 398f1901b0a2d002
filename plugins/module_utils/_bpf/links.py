# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Attach programs. A link is a descriptor: closing it detaches, and so does the end of the process, however it ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import perf_event, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.perf_event import EVERYBODY

_RETURN = 1  # config of the event sources kprobe and uprobe: at the function's return


def tp_btf(program: int, _target: str = "") -> int:
    """Attach a BTF-enabled raw tracepoint; which one was settled when the program was loaded. Return the link."""
    return syscall.bpf(syscall.RAW_TRACEPOINT_OPEN, struct.pack("=QIIQ", 0, program, 0, 0), "attach to a tracepoint")


def fentry(program: int, _target: str = "") -> int:
    """Attach to a function's entry or exit, settled at load; the kernel takes the same call for it. Return the link."""
    return syscall.bpf(syscall.RAW_TRACEPOINT_OPEN, struct.pack("=QIIQ", 0, program, 0, 0), "attach to a function")


def kprobe(program: int, target: str, pid: int = EVERYBODY, config: int = 0) -> int:
    """Attach to the entry of a kernel function, by name. Return the link."""
    return _probe("kprobe", program, target, 0, pid, config)


def kretprobe(program: int, target: str, pid: int = EVERYBODY) -> int:
    """Attach to the return of a kernel function, by name. Return the link."""
    return kprobe(program, target, pid, _RETURN)


def uprobe(program: int, target: str, pid: int = EVERYBODY, config: int = 0) -> int:
    """Attach to an instruction of a file, "/path:0x1f40", wherever it is mapped. Return the link."""
    path, _colon, offset = target.rpartition(":")
    return _probe("uprobe", program, path, int(offset, 0), pid, config)


def uretprobe(program: int, target: str, pid: int = EVERYBODY) -> int:
    """Attach to the return of the function that begins at an instruction of a file, wherever it is mapped. Return the link."""
    return uprobe(program, target, pid, _RETURN)


def software_event(program: int, target: str, pid: int = perf_event.THIS_THREAD) -> int:
    """Attach to every occurrence of a software event (PERF_COUNT_SW_*, its number), in user mode. Return the link."""
    return _attached(perf_event.open_event(perf_event.SOFTWARE, int(target), kernel=False, pid=pid), program)


def _probe(source: str, program: int, target: str, offset: int, pid: int, config: int) -> int:
    name = ctypes.create_string_buffer(os.fsencode(target))
    # An event for everybody wants a CPU, and these two sources fire on all of them, whichever it is.
    cpu = 0 if pid == EVERYBODY else -1
    with _as_bpf_error("attach to %s" % target):
        number = perf_event.source_type(source)
        event = perf_event.open_event(number, config, ctypes.addressof(name), offset, pid=pid, cpu=cpu)
    return _attached(event, program)


def _attached(event: int, program: int) -> int:
    try:
        with _as_bpf_error("attach to an event"):
            perf_event.attach(event, program)
    except syscall.BpfError:
        os.close(event)
        raise
    return event


@contextlib.contextmanager
def _as_bpf_error(what: str) -> t.Iterator[None]:
    """Let whoever attaches know one kind of refusal."""
    try:
        yield
    except syscall.BpfError:
        raise
    except OSError as error:
        raise syscall.BpfError(error.errno or 0, what) from None


# By the kind that a program's section begins with.
ATTACH: t.Mapping[str, t.Callable[[int, str], int]] = {
    "tp_btf": tp_btf,
    "fentry": fentry,
    "fexit": fentry,
    "kprobe": kprobe,
    "kretprobe": kretprobe,
    "uprobe": uprobe,
    "uretprobe": uretprobe,
}


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
