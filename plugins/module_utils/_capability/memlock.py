# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The limit on locked memory, against which BPF's maps and programs count before Linux 5.11."""

from __future__ import annotations

import resource
import typing as t

COUNTS_UNTIL = (5, 11)  # from then on the memory cgroup pays


def counts(version: t.Sequence[int] | None) -> bool:
    """Return whether the limit binds BPF on a kernel of this version; for an unknown version it may."""
    return version is None or tuple(version) < COUNTS_UNTIL


def lift() -> int:
    """Raise this process's own limit as far as it may, and return what is in force then: bytes, -1 for unlimited.

    Beyond the hard limit that takes CAP_SYS_RESOURCE. The capability alone does not exempt BPF from the limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    for wanted in ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), (hard, hard)):
        try:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, wanted)
        except (ValueError, OSError):  # not allowed: the next lower one is
            continue
        return wanted[0]
    return soft
