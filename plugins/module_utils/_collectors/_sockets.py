# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Which process holds a socket: told by the inode that /proc/PID/fd shows."""

from __future__ import annotations

import os
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _text

# A host with a million descriptors must not hold up the survey.
SECONDS = 2.0


class Owner(t.NamedTuple):
    """The first process found that has a socket open."""

    pid: int
    process: str


def owners(inodes: t.Iterable[int], proc: str = "/proc", seconds: float = SECONDS) -> dict[int, Owner]:
    """Return {inode: Owner} of the sockets that some process has open right now; what nobody has is left out.

    The search ends when all are found or after `seconds`.
    """
    wanted = {"socket:[%d]" % inode: inode for inode in inodes if inode}
    found: dict[int, Owner] = {}
    deadline = time.monotonic() + seconds
    if not wanted:
        return found
    for pid in sorted((entry for entry in os.listdir(proc) if entry.isdigit()), key=int):
        if len(found) == len(wanted) or time.monotonic() > deadline:
            break
        folder = "%s/%s/fd" % (proc, pid)
        try:
            names = os.listdir(folder)
        except OSError:
            continue  # it ended, or it is not ours to look at
        for name in names:
            try:
                inode = wanted.get(os.readlink("%s/%s" % (folder, name)))
            except OSError:
                continue  # closed meanwhile
            if inode and inode not in found:
                found[inode] = Owner(int(pid), _text.clean(_text.first_line("%s/%s/comm" % (proc, pid)) or "", 64))
    return found
