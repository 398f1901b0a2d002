# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Get an object into the kernel, whichever way this kernel takes; everything after is one path."""

from __future__ import annotations

import errno
import os
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import errors, light, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason


class Refused(Exception):
    """No loader could load an object here."""

    def __init__(self, reason: Reason, log: str) -> None:
        """`log` is the end of the verifier's log, or ''."""
        super().__init__(reason.message)
        self.reason = reason
        self.log = log


def needs_libbpf(number: int, locked: str | None, root: bool) -> bool:
    """Say whether the light loader failed because the kernel is too old for it, and not for another reason.

    Before 5.14 there is no BPF_PROG_TYPE_SYSCALL (E2BIG from its fd_array, or EINVAL); until 5.17 the kernel has no
    bpf_core_apply, and refuses our loader's relocations with EINVAL or E2BIG.
    """
    return root and locked != "confidentiality" and number in (errno.E2BIG, errno.EINVAL)


def load(
    blob: light.Blob, sizes: t.Mapping[str, int] | None = None, constants: t.Mapping[str, bytes] | None = None
) -> light.Loaded:
    """Load an object; raise Refused with the reason, in a person's words, when this host cannot."""
    try:
        return light.load(blob, sizes, constants)
    except ValueError as error:
        raise Refused(Reason("loader", str(error)), "") from None
    except syscall.BpfError as error:
        locked = errors.lockdown()
        if needs_libbpf(error.errno or 0, locked, os.geteuid() == 0) and not error.log:
            message = "%s: this kernel (%s) cannot run the light loader, which needs 5.17 (RHEL 9: 5.14), and would need libbpf"
            reason = Reason("loader", message % (error, os.uname().release), "update to a kernel of 5.17 or later")
            raise Refused(reason, "") from None
        raise Refused(errors.explain(error.errno or 0, error.what, locked=locked), error.log) from None
