# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel refuses by policy: lockdown, security modules, BPF for the unprivileged, and whether it compiles BPF."""

from __future__ import annotations

import re

from ansible_collections.ebpf.fleet.plugins.module_utils._capability import securityfs
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts, Host
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

SECURITYFS = "/sys/kernel/security"
UNPRIVILEGED = "/proc/sys/kernel/unprivileged_bpf_disabled"
JIT = "/proc/sys/net/core/bpf_jit_enable"

_CHOSEN = re.compile(r"\[(none|integrity|confidentiality)\]")
_NAME = re.compile(r"[a-z0-9_ -]{1,32}")


def parse_lockdown(text: str) -> str | None:
    """Return the level in brackets of /sys/kernel/security/lockdown, None for what is no such text."""
    found = _CHOSEN.search(text)
    return found[1] if found else None


def parse_lsms(text: str) -> list[str]:
    """Return the names in /sys/kernel/security/lsm, in the order in which the kernel asks them."""
    return [name for name in text.strip().split(",") if _NAME.fullmatch(name)]


def _securityfs(host: Host, name: str) -> str | None:
    """Return a file of securityfs: as mounted, else as the kernel shows it to root without a mount."""
    text = host.text("%s/%s" % (SECURITYFS, name), 4096)
    if text is None and host.is_this and host.euid == 0:
        try:
            text = clean(securityfs.read(name))
        except OSError:  # no CAP_SYS_ADMIN, before Linux 5.2, or no such file: then it is not known
            return None
    return text


def lsms(host: Host) -> list[str] | None:
    """Return the active security modules, or None when they cannot be seen."""
    text = _securityfs(host, "lsm")
    if text is not None:
        return parse_lsms(text)
    if host.is_this:
        try:
            return securityfs.modules()
        except OSError:  # before Linux 6.8, or refused: not known
            return None
    return None


def lockdown(host: Host, modules: list[str] | None) -> str | None:
    """Return the lockdown level; `none` also where the module is not among the active ones; None for not known."""
    text = _securityfs(host, "lockdown")
    if text is not None:
        return parse_lockdown(text)
    return "none" if modules and "lockdown" not in modules else None


def _switch(host: Host, path: str) -> int | None:
    """Return a setting of 0, 1 or 2; None when it cannot be read or is something else."""
    value = host.number(path)
    return value if value in (0, 1, 2) else None


def security(host: Host) -> Facts:
    """Return the part of `capability.kernel` that is policy."""
    modules = lsms(host)
    return {
        "lockdown": lockdown(host, modules),
        "lsms": modules,
        "unprivileged_bpf_disabled": _switch(host, UNPRIVILEGED),
        "jit": _switch(host, JIT),
    }
