# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Get an object into the kernel, whichever way this kernel takes; everything after is one path.

The light loader comes first: it needs nothing on the host and reads no BTF. Where the kernel is too old for it, the host's
libbpf is the second way. Which way it was, and why not the first, is part of what is returned.
"""

from __future__ import annotations

import errno
import os
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import libbpf, light, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.blob import Blob
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.loaded import Loaded

LIGHT_SINCE = "5.17 (RHEL 9: 5.14)"

Load = t.Callable[[Blob, t.Optional[t.Mapping[str, int]], t.Optional[t.Mapping[str, bytes]]], Loaded]


class Refused(Exception):
    """No loader could load an object here."""

    def __init__(self, loader: str, cause: syscall.BpfError | libbpf.Absent | ValueError, because: str | None) -> None:
        """`loader` was tried last and failed for `cause`; `because` says why it was not the light one."""
        super().__init__(str(cause))
        self.loader = loader
        self.cause = cause
        self.because = because


def too_old(error: syscall.BpfError) -> bool:
    """Say whether the light loader may have been refused for the kernel's age.

    E2BIG: the kernel does not know a field of the call: fd_array of a program (5.14) or the CO-RE relocations that the loader
    hands over (5.17). EINVAL: it does not know programs of type syscall (5.14). Where the verifier has spoken, the kernel
    was not too old to read what it refused.
    """
    return error.errno in (errno.E2BIG, errno.EINVAL) and not error.log.strip()


def load(
    blob: Blob,
    sizes: t.Mapping[str, int] | None = None,
    constants: t.Mapping[str, bytes] | None = None,
    first: Load = light.load,
    second: Load = libbpf.load,
) -> Loaded:
    """Load an object; nothing is attached yet. `sizes`: max_entries by map, `constants`: const volatile variables by name.

    Raise Refused; _capability/refusal.py knows what it means on this host.
    """
    try:
        return first(blob, sizes, constants)
    except syscall.BpfError as error:
        if not too_old(error):
            raise Refused("light", error, None) from None
        form = "the light loader needs Linux %s, and this kernel (%s) refuses it with %s"
        because = form % (LIGHT_SINCE, os.uname().release, errno.errorcode[error.errno or errno.EINVAL])
    except ValueError as error:
        raise Refused("light", error, None) from None
    try:
        loaded = second(blob, sizes, constants)
    except (syscall.BpfError, libbpf.Absent, ValueError) as error:
        raise Refused("libbpf", error, because) from None
    loaded.because = because
    return loaded
