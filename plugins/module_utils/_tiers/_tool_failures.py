# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What bcc's tools and libbpf-tools say when they cannot work, and what a person can do about it."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean


class _Cause(t.NamedTuple):
    pattern: str  # what is looked for in what the tool wrote
    code: str
    meaning: str
    remedy: str | None


_HEADERS = (
    "install the headers of the running kernel: linux-headers-$(uname -r) (Debian, Ubuntu), "
    "kernel-devel-$(uname -r) (RHEL, Fedora), kernel-default-devel (SUSE)"
)
_LIBRARY = "install bcc's libraries: python3-bpfcc (Debian, Ubuntu), python3-bcc (RHEL, Fedora, SUSE)"
_FORBIDDEN = (
    "the kernel does not let this process do what the tool needs: a capability is missing, or seccomp forbids it",
    "run as root, outside of a container",
)

# What a tool says when it is no tool for this host.
_ELSEWHERE = (
    "no [a-z0-9_]+_file_operations in /proc/kallsyms|Failed to attach to a hardware event|"
    "not supported due to kernel internal|Failed to do precondition check"
)

# The first match wins, so that causes stand before what follows from them. The texts are those of bcc's
# src/cc/frontends/clang/loader.cc, src/cc/libbpf.c and src/python/bcc/__init__.py.
_CAUSES = (
    _Cause(
        "unrecognized arguments|^usage: |unrecognized option|invalid option",
        "usage",
        "the tool does not know our arguments",
        "update bcc",
    ),
    _Cause("No module named '?bcc|libbcc[.]so", "no_library", "the tool does not find bcc's libraries", _LIBRARY),
    _Cause(_ELSEWHERE, "unsupported", "the tool has nothing to attach to here", None),
    _Cause("super-user privileges", "privilege", "the tool needs root", "run with become: true"),
    _Cause(
        "Unable to find kernel headers|chdir[(]/lib/modules/",
        "no_headers",
        "the headers of the running kernel are missing",
        _HEADERS,
    ),
    _Cause("fatal error: '[^']+' file not found", "no_headers", "the kernel's headers are not complete", _HEADERS),
    _Cause(
        "Cannot allocate memory|MemoryError",
        "ENOMEM",
        "there is not enough memory, or not enough that may be locked",
        "raise the limit of locked memory (ulimit -l), or free memory",
    ),
    _Cause(
        "failed to find valid kernel BTF|Error loading vmlinux BTF|failed to fetch necessary BTF",
        "btf",
        "the tool does not find the kernel's BTF",
        "use a kernel that is built with CONFIG_DEBUG_INFO_BTF=y",
    ),
    # Without a map there is no program, which bcc calls a failure to compile.
    _Cause("could not open bpf map: .*Operation not permitted", "EPERM", *_FORBIDDEN),
    _Cause(
        "errors? generated[.]|Failed to compile BPF",
        "compile",
        "the tool's program does not compile with this kernel's headers",
        "update bcc to a version that knows this kernel",
    ),
    _Cause(
        "/sys/kernel/(debug|tracing)/.*No such file|No such file.*/sys/kernel/(debug|tracing)/|failed to determine tracepoint",
        "no_tracefs",
        "the tool misses files of debugfs or tracefs, which are not mounted",
        "mount -t debugfs none /sys/kernel/debug",
    ),
    _Cause(
        "not traceable|Failed to attach BPF|cannot attach k|probe entry may not exist|bpf_attach_raw_tracepoint|"
        "failed to create kprobe|failed to auto-attach: -2",
        "no_probe",
        "the kernel does not have what the tool attaches to, or lets nobody attach to it",
        "update bcc to a version that knows this kernel; a kernel without kprobes (CONFIG_KPROBES) needs tier 3",
    ),
    _Cause(
        "perf_event_open|Could not open perf buffer",
        "no_perf",
        "the tool could not open its perf events",
        "see the sysctl kernel.perf_event_paranoid, and the seccomp profile of the container",
    ),
    _Cause("Operation not permitted", "EPERM", *_FORBIDDEN),
    _Cause(
        "Failed to load (BPF )?program|failed to (open and/or )?load BPF (object|programs?)",
        "load",
        "the kernel refused the tool's program",
        "update bcc to a version that knows this kernel",
    ),
)


def explain(output: str, errors: str, ending: str, lockdown: str | None = None) -> Reason:
    """Return the reason for a tool's failure from what it wrote; `ending` says how it ended ("exit status 1").

    `lockdown` is the host's (`capability.kernel.lockdown`): confidentiality is what refuses the tools' programs to root.
    """
    text = "%s\n%s" % (output, errors)
    words = last_lines(errors) or last_lines(output)
    said = ": %s" % words if words else ", without a word"
    if lockdown == "confidentiality" and "Operation not permitted" in text:
        meaning = "lockdown in mode confidentiality forbids programs to read the kernel's memory"
        return Reason("lockdown", meaning + said, "boot without lockdown=confidentiality")
    for cause in _CAUSES:
        if re.search(cause.pattern, text, re.MULTILINE):
            return Reason(cause.code, cause.meaning + said, cause.remedy)
    return Reason("exited", "the tool ended with %s%s" % (ending, said))


def last_lines(text: str, count: int = 3, limit: int = 400) -> str:
    """Return the last lines that say something, joined, cleaned and capped; of a traceback only what was raised."""
    lines = [line.strip() for line in text.split("\n") if line[:1].strip() and not line.startswith("Traceback (most")]
    return clean(" | ".join(lines[-count:])[-limit:], limit)


def unknown_arguments(errors: str, args: t.Sequence[str]) -> tuple[str, ...]:
    """Return those of our arguments that the tool's own parser (argparse) says it does not know."""
    match = re.search("error: unrecognized arguments: (.+)", errors)
    named = match.group(1).split() if match else []
    return tuple(arg for arg in args if arg in named)
