# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""May root run this executable? Only if nobody but root could have put it there or changed it."""

from __future__ import annotations

import os
import stat
import typing as t

ROOTS = ("/usr/sbin", "/usr/bin", "/usr/share/bcc", "/usr/lib", "/usr/lib64", "/usr/libexec", "/sbin", "/bin")
MAX_LINKS = 20  # hops; the kernel itself stops at 40

Lstat = t.Callable[[str], os.stat_result]
Readlink = t.Callable[[str], str]


def why_unsafe(found: os.stat_result, path: str) -> str | None:
    """Return why one file or folder could have been changed by somebody else than root, or None.

    An access control list that lets others write shows in the group bits, which are its mask.
    """
    if found.st_uid != 0:
        return "%s belongs to user %d, not to root" % (path, found.st_uid)
    if not stat.S_ISLNK(found.st_mode) and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "%s can be written by others than root (mode %04o)" % (path, stat.S_IMODE(found.st_mode))
    return None


def why_untrusted(
    path: str, roots: t.Sequence[str] = ROOTS, lstat: Lstat = os.lstat, readlink: Readlink = os.readlink
) -> str | None:
    """Return why root should not run the executable at `path`, in one clause, or None when it may be trusted.

    Trusted is a regular executable file that belongs to root and that only root can write, in folders for which the
    same is true up to the top, reached through links that themselves lie in the folders `roots` and end there.
    """
    try:
        return _walk(path, roots, lstat, readlink)
    except (OSError, ValueError) as error:
        return "%s cannot be examined: %s" % (path, getattr(error, "strerror", None) or error)


def _walk(path: str, roots: t.Sequence[str], lstat: Lstat, readlink: Readlink) -> str | None:
    """Follow `path` name by name from the top, as the kernel does, and judge everything on the way."""
    if not path.startswith("/"):
        return "%s is not an absolute path" % path
    todo, here, links = _names(path), "", 0
    while todo:
        name = todo.pop(0)
        if name == "..":
            here = here.rpartition("/")[0]
            continue
        reached = "%s/%s" % (here, name)
        found = lstat(reached)
        unsafe = why_unsafe(found, reached)
        if unsafe:
            return unsafe
        if stat.S_ISLNK(found.st_mode):
            links += 1
            target = readlink(reached)
            if links > MAX_LINKS:
                return "%s goes through more than %d links" % (path, MAX_LINKS)
            if not todo and not _within(reached, roots):  # the file itself; folders may be links, as /sbin often is
                return "%s leads through %s, outside of the allowed folders" % (path, reached)
            todo = _names(target) + todo
            here = "" if target.startswith("/") else here
        elif todo and not stat.S_ISDIR(found.st_mode):
            return "%s is not a folder" % reached
        else:
            here = reached
    if not _within(here, roots):
        return "%s is really %s, outside of the allowed folders" % (path, here)
    top = lstat("/")
    final = lstat(here)
    if not stat.S_ISREG(final.st_mode):
        return "%s is not a regular file" % here
    if not final.st_mode & 0o111:
        return "%s is not executable" % here
    return why_unsafe(top, "/")


def _names(path: str) -> list[str]:
    """Return the names of a path; `..` stays, since its meaning depends on the links before it."""
    return [name for name in path.split("/") if name not in ("", ".")]


def _within(path: str, roots: t.Sequence[str]) -> bool:
    """Return whether `path` lies below one of the folders."""
    return any(path.startswith(root.rstrip("/") + "/") for root in roots)
