# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What an errno of bpf(2) or perf_event_open(2) means for the person who wants eBPF to work here."""

from __future__ import annotations

import errno
import os
import re

from ansible_collections.ebpf.fleet.plugins.module_utils import _text
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason

LOCKDOWN = "/sys/kernel/security/lockdown"


def lockdown(path: str = LOCKDOWN) -> str | None:
    """Return the kernel's lockdown mode (none, integrity, confidentiality), None where it cannot be seen."""
    found = re.search(r"\[(\w+)\]", _text.first_line(path) or "")
    return found.group(1) if found else None


def explain(number: int, what: str, root: bool | None = None, locked: str | None = None) -> Reason:
    """Return why `what` was refused with errno `number`, and what would help.

    `root` and `locked` are what the caller knows of itself; where not given they are looked up.
    """
    name = errno.errorcode.get(number, str(number))
    said = "%s: %s (%s)" % (what, os.strerror(number), name)
    root = os.geteuid() == 0 if root is None else root
    locked = lockdown() if locked is None else locked
    if number in (errno.EPERM, errno.EACCES):
        if not root:
            # The usual answer to a process without CAP_BPF and CAP_PERFMON.
            return Reason("privilege", said + ": this needs root", "run with become: true")
        if locked in ("integrity", "confidentiality"):
            return _locked(said, locked)
        # Root, not locked down: a capability was taken away, or seccomp, a container or a security module says no.
        return Reason(
            name,
            said
            + " although root: a capability is missing, or a container's seccomp profile or a security module refuses it",
            "visit the host itself instead of a container on it, or grant CAP_BPF and CAP_PERFMON",
        )
    if locked == "confidentiality" and number in (errno.EINVAL, errno.ENOENT):
        # Under confidentiality the helpers that read kernel memory do not exist for the verifier: EINVAL.
        return _locked(said, locked)
    if number == errno.ENOSYS:
        return Reason(name, said + ": this kernel has no bpf(2)", "use a kernel with CONFIG_BPF_SYSCALL=y")
    if number == errno.E2BIG:
        # A field was set that this kernel's union bpf_attr does not have yet.
        return Reason(
            name, said + ": the kernel is too old for this", "update to a kernel of 5.17 or later (RHEL 9: 5.14)"
        )
    if number == errno.EINVAL:
        return Reason(name, said + ": the kernel does not know this, or was built without it", "update the kernel")
    if number in (errno.ENOENT, errno.ESRCH):
        return Reason(name, said + ": this kernel has no such tracepoint, function or type", "update the kernel")
    if number == errno.ENOMEM:
        return Reason(name, said, "free some memory on the host")
    return Reason(name, said)


def _locked(said: str, mode: str) -> Reason:
    return Reason(
        "lockdown",
        "%s: the kernel is locked down (%s)" % (said, mode),
        "boot without lockdown=%s; secure boot may be what turns it on" % mode,
    )
