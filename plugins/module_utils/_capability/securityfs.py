# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Ask this kernel about lockdown and its security modules where nobody has mounted securityfs, as in many small guests.

A mount that is attached to nothing (fsopen(2), fsmount(2), Linux 5.2) is no part of any mount table and is gone with its
descriptor, so that looking changes nothing. The list of modules has a system call of its own since 6.8.
"""

from __future__ import annotations

import ctypes
import os

# Numbers of system calls since 424 are the same on every architecture that this collection knows.
_LSM_LIST_MODULES, _FSOPEN, _FSCONFIG, _FSMOUNT = 461, 430, 431, 432
_CLOEXEC = 1  # FSOPEN_CLOEXEC and FSMOUNT_CLOEXEC
_CMD_CREATE = 6  # FSCONFIG_CMD_CREATE
_READ_ONLY_NO_SUID_DEV_EXEC = 0xF  # MOUNT_ATTR_RDONLY | NOSUID | NODEV | NOEXEC

# include/uapi/linux/lsm.h
_FIRST_LSM = 100
_LSMS = (
    *("capability", "selinux", "smack", "tomoyo", "apparmor", "yama", "loadpin", "safesetid"),
    *("lockdown", "bpf", "landlock", "ima", "evm", "ipe"),
)
_LSM_NAMES = dict(enumerate(_LSMS, _FIRST_LSM))


def _call(number: int, *arguments: object) -> int:
    """Make a system call; raise OSError when it is refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def read(name: str) -> str:
    """Return the text of a file at the top of securityfs. Raise OSError: EPERM without CAP_SYS_ADMIN, ENODEV, ENOENT."""
    context = _call(_FSOPEN, b"securityfs", ctypes.c_uint(_CLOEXEC))
    try:
        _call(_FSCONFIG, ctypes.c_int(context), ctypes.c_uint(_CMD_CREATE), None, None, ctypes.c_int(0))
        mount = _call(
            _FSMOUNT, ctypes.c_int(context), ctypes.c_uint(_CLOEXEC), ctypes.c_uint(_READ_ONLY_NO_SUID_DEV_EXEC)
        )
    finally:
        os.close(context)
    try:
        found = os.open(name, os.O_RDONLY, dir_fd=mount)
        try:
            return os.read(found, 4096).decode("utf-8", "replace")
        finally:
            os.close(found)
    finally:
        os.close(mount)


def modules() -> list[str]:
    """Return the active security modules, in order, from the kernel itself. Raise OSError: ENOSYS before Linux 6.8."""
    ids = (ctypes.c_uint64 * 64)()
    size = ctypes.c_uint32(ctypes.sizeof(ids))
    count = _call(_LSM_LIST_MODULES, ids, ctypes.byref(size), ctypes.c_uint(0))
    return [_LSM_NAMES.get(number, "lsm %d" % number) for number in ids[:count]]
