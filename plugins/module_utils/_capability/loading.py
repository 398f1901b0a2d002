# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What it means that no loader could load one of our programs here, or that it could not be attached."""

from __future__ import annotations

import errno
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import libbpf, loader, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.refusal import Wanted, interpret, name_of
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

# What the kernel needs, by the way that a program attaches.
_WANTED = {
    "tp_btf": Wanted("5.8 with BTF", ("CONFIG_DEBUG_INFO_BTF", "CONFIG_BPF_EVENTS"), reads_kernel=True),
    "fentry": Wanted("5.5 (aarch64: 6.4)", ("CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS", "CONFIG_BPF_EVENTS")),
    "kprobe": Wanted("4.17", ("CONFIG_KPROBES", "CONFIG_KPROBE_EVENTS"), reads_kernel=True),
    "uprobe": Wanted("4.17", ("CONFIG_UPROBES", "CONFIG_UPROBE_EVENTS")),
}
_INSTALL_LIBBPF = (
    "install libbpf (Debian, Ubuntu: libbpf1 or libbpf0; RHEL, SUSE: libbpf), or use a kernel of %s or later"
    % loader.LIGHT_SINCE
)
_WORDS_KEPT = 300


class Failure(t.NamedTuple):
    """`state` is unmet or, where it could not be tried, unknown."""

    state: str
    reason: Reason


def refused(what: str, refusal: loader.Refused, standing: Standing, kind: str = "tp_btf") -> Failure:
    """Return what it means that `what` (a noun phrase), whose programs attach by `kind`, could not be loaded."""
    because = refusal.because + "; " if refusal.because else ""
    cause = refusal.cause
    if isinstance(cause, libbpf.Absent):
        return Failure("unmet", Reason("no_libbpf", "%s: %s%s" % (what, because, cause), _INSTALL_LIBBPF))
    if isinstance(cause, syscall.BpfError):
        return denied("%s, by the loader %s" % (what, refusal.loader), cause, standing, kind, because)
    # A blob that is not what was built, or a machine that it was not built for.
    return Failure("unmet", Reason("loader", "%s: %s" % (what, clean(str(cause), 300)), "install the collection again"))


def denied(what: str, error: syscall.BpfError, standing: Standing, kind: str = "tp_btf", because: str = "") -> Failure:
    """Return what it means that the kernel refused `what` with an errno, with the verifier's last words."""
    number = error.errno or 0
    words = clean(error.log.strip()[-_WORDS_KEPT:], _WORDS_KEPT)
    if words and number == errno.EACCES:
        # The verifier says EACCES too, of an access that it does not allow; whoever is denied the call gets no log.
        message = "%s%s: refused by the verifier (EACCES): %s" % (because, what, words)
        return Failure("unmet", Reason("verifier", message, "report this kernel's release"))
    verdict = interpret(number, what, _WANTED.get(kind, _WANTED["tp_btf"]), standing)
    message = because + verdict.evidence + (". The last words about it: " + words if words else "")
    return Failure(verdict.state, Reason(_code(number, standing), message, verdict.remedy))


def _code(number: int, standing: Standing) -> str:
    """Return the short word for a refusal."""
    if number in (errno.EPERM, errno.EACCES) and not standing.may_trace:
        return "privilege"
    if standing.lockdown == "confidentiality" and number in (errno.EPERM, errno.EINVAL):
        return "lockdown"
    return name_of(number)
