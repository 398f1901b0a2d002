# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Probes of what the kernel lets us attach: each program is loaded, attached where that is harmless, made to fire by this
process itself, and its count read back. What is not attached says so in its evidence.
"""

from __future__ import annotations

import errno
import os
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import links, mapped, perf_event, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import bytecode
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.bench import Bench
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.probe import Probe, Silent
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.refusal import Wanted

KPROBE, PERF_EVENT, TRACING, LSM = 2, 7, 26, 29  # enum bpf_prog_type
TRACE_RAW_TP, TRACE_FENTRY, LSM_MAC, TRACE_ITER, TRACE_KPROBE_MULTI = 23, 24, 27, 28, 42  # enum bpf_attach_type

_KPROBE_ON = "__set_task_comm"  # what prctl(PR_SET_NAME) calls; the same function has the tracepoint task_rename
_UPROBE_ON = "getppid"  # of libc, in this process alone
_UNMAPPED = 1  # an address that no process has


def _fired(bench: Bench, counter: int, where: str) -> str:
    """Return the evidence of a program that ran; raise Silent when it did not."""
    hits = bench.hits(counter)
    if not hits:
        raise Silent("attached to %s and it did not fire" % where)
    return "attached to %s, fired and read back (%d)" % (where, hits)


def _ready(attach: t.Callable[[], int], bench: Bench) -> str:
    """Return the evidence of a kernel that would attach; `attach` names its target by an address that nothing is mapped at.

    The kernel that knows this way to attach, and lets us, goes to read the name there and says EFAULT; before that come the
    checks of what it knows and of who asks, with errnos of their own. Nothing is attached, so that nothing has to be detached:
    that waits for grace periods of the whole kernel.
    """
    try:
        bench.hold(attach())
    except OSError as error:
        if error.errno == errno.EFAULT:
            return "loaded, and the kernel would attach it; not attached, to save the time of detaching"
        raise
    raise Silent("the kernel took a name from nowhere")


def _tp_btf(bench: Bench) -> str:
    code, counter = bench.counting()
    program = bench.load(TRACING, code, TRACE_RAW_TP, bench.type_id("btf_trace_task_rename"))
    bench.hold(links.tp_btf(program))
    bench.rename()
    return _fired(bench, counter, "the tracepoint task_rename")


def _fentry(bench: Bench) -> str:
    code, counter = bench.counting()
    program = bench.load(TRACING, code, TRACE_FENTRY, bench.type_id("bpf_fentry_test1"))
    if not bench.thorough:
        return "loaded for the function bpf_fentry_test1; not attached, to save the time of detaching"
    bench.hold(links.fentry(program))
    syscall.run_program(program)  # a test run of such a program calls bpf_fentry_test1, which is there for nothing else
    return _fired(bench, counter, "the function bpf_fentry_test1")


def _kprobe(bench: Bench) -> str:
    code, counter = bench.counting()
    program = bench.load(KPROBE, code)
    source = perf_event.source_type("kprobe")
    # Lockdown refuses a kprobe only when it is really registered, and that refusal costs nothing.
    if not bench.thorough and bench.standing.lockdown != "confidentiality":
        return _ready(lambda: perf_event.open_event(source, config1=_UNMAPPED), bench)
    bench.hold(links.kprobe(program, _KPROBE_ON, perf_event.THIS_THREAD))
    bench.rename()
    return _fired(bench, counter, "the kernel function %s, for this thread alone" % _KPROBE_ON)


def _uprobe(bench: Bench) -> str:
    code, counter = bench.counting()
    program = bench.load(KPROBE, code)
    source = perf_event.source_type("uprobe")
    if not bench.thorough:
        return _ready(lambda: perf_event.open_event(source, config1=_UNMAPPED), bench)
    bench.hold(links.uprobe(program, mapped.target(bench.libc.getppid), perf_event.THIS_THREAD))
    bench.libc.getppid()
    return _fired(bench, counter, "%s of libc, in this process alone" % _UPROBE_ON)


def _perf_event(bench: Bench) -> str:
    code, counter = bench.counting()
    program = bench.load(PERF_EVENT, code)
    # A counter in user mode only: allowed wherever events are allowed at all.
    bench.hold(links.software_event(program, str(perf_event.PAGE_FAULTS)))
    bench.page_fault()
    return _fired(bench, counter, "the page faults of this thread")


def _iterator(bench: Bench) -> str:
    code, counter = bench.counting()
    program = bench.load(TRACING, code, TRACE_ITER, bench.type_id("bpf_iter_bpf_map"))
    attr = struct.pack("=IIIIQII", program, 0, TRACE_ITER, 0, 0, 0, 0)
    link = bench.hold(syscall.bpf(syscall.LINK_CREATE, attr, "make an iterator's link"))
    walk = bench.hold(syscall.bpf(syscall.ITER_CREATE, struct.pack("=II", link, 0), "make an iterator"))
    while os.read(walk, 4096):
        pass
    return _fired(bench, counter, "the iterator over maps")


def _kprobe_multi(bench: Bench) -> str:
    program = bench.load(KPROBE, bytecode.leave(0), TRACE_KPROBE_MULTI)
    # A list of one function. A kernel that does not know this kind of link says EINVAL, one built without it EOPNOTSUPP.
    attr = struct.pack("=IIIIIIQQQ", program, 0, TRACE_KPROBE_MULTI, 0, 0, 1, 0, _UNMAPPED, 0)
    return _ready(lambda: syscall.bpf(syscall.LINK_CREATE, attr, "attach to several functions"), bench)


def _lsm(bench: Bench) -> str:
    bench.load(LSM, bytecode.leave(0), LSM_MAC, bench.type_id("bpf_lsm_file_open"))
    lsms = bench.standing.lsms
    active = (
        "not known to be active"
        if lsms is None
        else "active"
        if "bpf" in lsms
        else "not active, so that it could not run"
    )
    return (
        "loaded for the hook file_open; not attached, since that is not harmless; the security module bpf is %s"
        % active
    )


_TRAMPOLINE = ("CONFIG_DEBUG_INFO_BTF", "CONFIG_BPF_JIT")

PROBES: tuple[Probe, ...] = (
    Probe(
        "tp_btf",
        "a BTF-enabled tracepoint (tp_btf)",
        Wanted("5.5", ("CONFIG_DEBUG_INFO_BTF", "CONFIG_BPF_EVENTS")),
        _tp_btf,
    ),
    Probe(
        "fentry",
        "entering a kernel function (fentry)",
        Wanted("5.5", (*_TRAMPOLINE, "CONFIG_FUNCTION_TRACER")),
        _fentry,
    ),
    Probe("kprobe", "a kprobe", Wanted("4.17", ("CONFIG_KPROBES", "CONFIG_KPROBE_EVENTS")), _kprobe),
    Probe(
        "kprobe_multi",
        "a kprobe on several functions",
        Wanted("5.18", ("CONFIG_KPROBES", "CONFIG_FPROBE")),
        _kprobe_multi,
    ),
    Probe("uprobe", "a uprobe", Wanted("4.17", ("CONFIG_UPROBES", "CONFIG_UPROBE_EVENTS")), _uprobe),
    Probe("perf_event", "a perf event", Wanted("4.9", ("CONFIG_PERF_EVENTS", "CONFIG_BPF_EVENTS")), _perf_event),
    Probe("bpf_lsm", "a BPF security module (LSM) program", Wanted("5.7", ("CONFIG_BPF_LSM",)), _lsm),
    Probe("iterator", "an iterator", Wanted("5.8", ("CONFIG_DEBUG_INFO_BTF",)), _iterator),
)
