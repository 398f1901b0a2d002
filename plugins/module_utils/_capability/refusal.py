# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What a refused system call means on this host: a state, the evidence, and a remedy."""

from __future__ import annotations

import errno
import os
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._capability import memlock
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing

ENOTSUPP = 524  # the kernel's own, which leaks from bpf(2)
SMALL_MEMLOCK = 1 << 20  # bytes; the default before 5.16 is 64 KiB

BECOME = "run with become: true, so that the probe can be made as root"


class Verdict(t.NamedTuple):
    """A tri-state with its evidence, one sentence or two, and what a person can do."""

    state: str  # met, unmet, unknown
    evidence: str
    remedy: str | None = None


class Wanted(t.NamedTuple):
    """What the kernel needs for a feature, in words for a person."""

    since: str  # the Linux release that brought it
    options: tuple[str, ...] = ()  # its build options, CONFIG_...
    reads_kernel: bool = False  # whether it reads kernel memory, which lockdown can forbid


def name_of(number: int) -> str:
    """Return an errno's name."""
    special = {
        ENOTSUPP: "ENOTSUPP",
        errno.EOPNOTSUPP: "EOPNOTSUPP",
    }  # Python calls the latter ENOTSUP, the kernel does not
    return special.get(number) or errno.errorcode.get(number, "errno %d" % number)


def interpret(number: int, what: str, wanted: Wanted, standing: Standing) -> Verdict:
    """Return what it means that the kernel refused `what` (a noun phrase) with errno `number`."""
    if number in (errno.EPERM, errno.EACCES):
        # Who asked, or a policy. EACCES comes from security modules and from perf_event_open(2) by perf_event_paranoid.
        return denied(name_of(number), what, standing)
    if number == errno.ENOSYS:
        # No such system call: no CONFIG_BPF_SYSCALL or CONFIG_PERF_EVENTS, or a sandbox that says so.
        return _missing("ENOSYS: this kernel has no such system call", what, wanted, standing)
    if number == errno.E2BIG:
        # The attribute has a non-zero field beyond the end of the union that this kernel knows.
        return _missing("E2BIG: this kernel is too old for a field of the call", what, wanted, standing)
    if number == errno.EINVAL and wanted.reads_kernel and standing.lockdown == "confidentiality":
        # The helpers that read kernel memory do not exist for the verifier then: "unknown func", EINVAL.
        return locked(name_of(number), what, standing)
    if number == errno.EINVAL:
        # The type, helper or attach point is unknown to this kernel, or was left out when it was built.
        return _missing("EINVAL: this kernel does not know it", what, wanted, standing)
    if number in (errno.ENOENT, errno.ESRCH, errno.ENODEV):
        # The thing to attach to does not exist: no such function, tracepoint, type or event source.
        return _missing(name_of(number) + ": this kernel has no such thing to attach to", what, wanted, standing)
    if number in (errno.EOPNOTSUPP, ENOTSUPP):
        # Known and left out: a build option, or this architecture has no code for it.
        return _missing(name_of(number) + ": this kernel is built without it", what, wanted, standing)
    # ENOMEM, EMFILE, EAGAIN, EBUSY, EINTR and whatever else say something about now, not about the kernel's abilities.
    return Verdict("unknown", "%s: refused with %s (%s)" % (what, name_of(number), os.strerror(number)), "try again")


def denied(said: str, what: str, standing: Standing) -> Verdict:
    """Return what EPERM or EACCES means: the first cause that the other evidence supports, and never a guess."""
    head = "%s: refused with %s" % (what, said)
    if not standing.root and not standing.may_trace:
        # The normal answer to anybody but root: it says nothing about the kernel.
        return Verdict("unknown", head + " to a user without privilege; only root can tell", BECOME)
    if standing.user_namespace == "nested":
        # Capabilities of a nested user namespace do not count for bpf(2) and perf_event_open(2).
        return Verdict(
            "unmet",
            head + ": this root is root of a nested user namespace only",
            "survey the host itself, outside of the user namespace",
        )
    if not standing.may_trace:
        return Verdict(
            "unmet",
            "%s: this root lacks %s%s" % (head, _lacking(standing), _inside(standing)),
            "grant CAP_BPF and CAP_PERFMON (before Linux 5.8: CAP_SYS_ADMIN), or survey the host itself",
        )
    if standing.seccomp == "filter":
        return Verdict(
            "unmet",
            "%s: a seccomp filter is active%s and such filters refuse bpf(2)" % (head, _inside(standing)),
            "survey the host itself, or run with a seccomp profile that allows bpf(2) and perf_event_open(2)",
        )
    if standing.lockdown == "confidentiality":
        return locked(said, what, standing)
    limit = _binding_memlock(standing)
    if limit is not None:
        return Verdict(
            "unmet",
            "%s: locked memory is limited to %d bytes, which BPF counts against before Linux 5.11" % (head, limit),
            "raise the limit on locked memory (ulimit -l unlimited)",
        )
    return Verdict("unmet", "%s although root with the capabilities it takes; %s" % (head, _leftover(standing)), None)


def locked(said: str, what: str, standing: Standing) -> Verdict:
    """Return the verdict of a kernel that is locked down for confidentiality."""
    return Verdict(
        "unmet",
        "%s: refused with %s by kernel lockdown (%s), which forbids BPF to read kernel memory"
        % (what, said, standing.lockdown),
        "boot without lockdown=confidentiality; integrity, which secure boot asks for, does not forbid this",
    )


def _leftover(standing: Standing) -> str:
    """Return what can still be the cause when the usual ones are ruled out, without choosing one."""
    known = []
    if standing.lockdown == "integrity":
        known.append("lockdown is at integrity, which in Linux does not refuse this")
    elif standing.lockdown is None:
        known.append("lockdown cannot be seen")
    else:
        known.append("lockdown is none")
    if standing.seccomp is None:
        known.append("seccomp cannot be seen")
    if standing.container:
        known.append("this runs in a container (%s)" % standing.container)
    modules = "cannot be seen" if standing.lsms is None else ", ".join(standing.lsms) or "none"
    known.append("security modules: %s" % modules)
    return "; ".join(known) + ". What refuses is a security module or this kernel's own policy; which one does not show"


def _lacking(standing: Standing) -> str:
    """Return the capabilities for tracing that are known to be missing."""
    return ", ".join(name for name in standing.missing if name != "CAP_SYS_RESOURCE") or "capabilities"


def _inside(standing: Standing) -> str:
    return " in a container (%s)" % standing.container if standing.container else ""


def _binding_memlock(standing: Standing) -> int | None:
    """Return the limit on locked memory where it is small and counts for BPF, whoever asks; else None."""
    limit = standing.memlock
    small = limit is not None and 0 <= limit < SMALL_MEMLOCK
    return limit if small and memlock.counts(standing.version) else None


def _missing(said: str, what: str, wanted: Wanted, standing: Standing) -> Verdict:
    """Return the verdict of a kernel that cannot do it, naming the build option where the config shows it."""
    off = [option for option in wanted.options if standing.options.get(option) == "n"]
    if off:
        evidence = "%s: %s; it is built without %s" % (what, said, ", ".join(off))
        return Verdict("unmet", evidence, "use a kernel that is built with %s" % ", ".join(off))
    needs = "Linux %s or later" % wanted.since
    if wanted.options:
        needs += " with %s" % ", ".join(wanted.options)
    return Verdict("unmet", "%s: %s" % (what, said), "use a kernel that has it: %s, or a vendor's backport" % needs)
