# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What is known about a process and its kernel besides a refusal, so that the refusal can be given its cause."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.privilege import may_trace


class Standing(t.NamedTuple):
    """The facts that decide what an errno means. None is not known."""

    root: bool
    may_trace: bool  # CAP_SYS_ADMIN, or CAP_BPF and CAP_PERFMON
    missing: tuple[str, ...]  # capabilities that this process is known to lack
    user_namespace: str | None
    seccomp: str | None
    container: str | None
    lockdown: str | None
    lsms: tuple[str, ...] | None
    memlock: int | None  # bytes in force, -1 for unlimited
    version: tuple[int, ...] | None
    options: t.Mapping[str, str]  # of the kernel's config


def standing(kernel: Facts, privilege: Facts) -> Standing:
    """Return the standing from `capability.kernel` and `capability.privilege`."""
    held = privilege["capabilities"]
    return Standing(
        root=privilege["euid"] == 0,
        may_trace=may_trace(privilege),
        missing=tuple(name for name in sorted(held) if held[name] is False),
        user_namespace=privilege["user_namespace"],
        seccomp=privilege["seccomp"],
        container=privilege["container"],
        lockdown=kernel["lockdown"],
        lsms=None if kernel["lsms"] is None else tuple(kernel["lsms"]),
        memlock=privilege["memlock"]["soft"],
        version=None if kernel["version"] is None else tuple(kernel["version"]),
        options=kernel["config"]["options"],
    )
