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

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import errors, libbpf, light, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.blob import Blob
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.loaded import Loaded
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason

LIGHT_SINCE = "5.17 (RHEL 9: 5.14)"

Load = t.Callable[[Blob, t.Optional[t.Mapping[str, int]], t.Optional[t.Mapping[str, bytes]]], Loaded]


class Refused(Exception):
    """No loader could load an object here."""

    def __init__(self, reason: Reason, error: syscall.BpfError | None = None) -> None:
        """`error` is the kernel's own refusal, where it is what decided; its `log` ends with the verifier's last words."""
        super().__init__(reason.message)
        self.reason = reason
        self.error = error


def too_old(error: syscall.BpfError, locked: str | None, root: bool) -> bool:
    """Say whether the light loader was refused for the kernel's age, and not for another reason.

    E2BIG: the kernel does not know a field of the call: fd_array of a program (5.14) or the CO-RE relocations that the loader
    hands over (5.17). EINVAL: it does not know programs of type syscall (5.14). A verifier's log, or a lockdown that hides
    the helpers which read kernel memory, says otherwise.
    """
    return root and locked != "confidentiality" and error.errno in (errno.E2BIG, errno.EINVAL) and not error.log.strip()


def load(
    blob: Blob,
    sizes: t.Mapping[str, int] | None = None,
    constants: t.Mapping[str, bytes] | None = None,
    first: Load = light.load,
    second: Load = libbpf.load,
) -> Loaded:
    """Load an object; nothing is attached yet. `sizes`: max_entries by map, `constants`: const volatile variables by name.

    Raise Refused with the reason, in a person's words, when this host cannot.
    """
    locked, root = errors.lockdown(), os.geteuid() == 0
    try:
        return first(blob, sizes, constants)
    except ValueError as error:
        raise Refused(Reason("loader", str(error), "install the collection again")) from None
    except syscall.BpfError as error:
        if not too_old(error, locked, root):
            raise Refused(errors.explain(error.errno or 0, error.what, root, locked), error) from None
        because = "this kernel (%s) is too old for the light loader, which needs %s" % (os.uname().release, LIGHT_SINCE)
    try:
        loaded = second(blob, sizes, constants)
    except libbpf.Absent as absent:
        cure = "install libbpf (Debian, Ubuntu: libbpf1 or libbpf0, RHEL, SUSE: libbpf), or update the kernel to %s or later"
        raise Refused(Reason("no_libbpf", "%s, and %s" % (because, absent), cure % LIGHT_SINCE)) from None
    except ValueError as error:
        raise Refused(Reason("loader", str(error), "install the collection again")) from None
    except syscall.BpfError as error:
        reason = errors.explain(error.errno or 0, error.what, root, locked)
        raise Refused(reason._replace(message="%s; %s" % (because, reason.message)), error) from None
    loaded.because = because
    return loaded
