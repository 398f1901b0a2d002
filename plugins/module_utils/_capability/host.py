# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Where facts are read from: this machine, or a folder that is laid out like another one."""

from __future__ import annotations

import errno
import os
import stat
import sys
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENXIO, errno.ENODEV)


class Host:
    """A view of one system's files and identity. Every path is absolute, as the system itself would say it."""

    def __init__(
        self,
        root: str = "",
        release: str | None = None,
        machine: str | None = None,
        euid: int | None = None,
        byte_order: str = sys.byteorder,
    ) -> None:
        """`root` is a prefix for every path; whatever is not given is this machine's own."""
        uname = os.uname()
        self.root = root
        self.release = uname.release if release is None else release
        self.machine = uname.machine if machine is None else machine
        self.euid = os.geteuid() if euid is None else euid
        self.byte_order = byte_order

    @property
    def is_this(self) -> bool:
        """Return whether this is the machine itself, so that its kernel can be asked too."""
        return not self.root

    def read(self, path: str, limit: int = 1 << 20) -> bytes:
        """Return up to `limit` bytes of a file; raises OSError."""
        with open(self.root + path, "rb") as stream:
            return stream.read(limit)

    def text(self, path: str, limit: int = 1 << 20) -> str | None:
        """Return a file's text, or None when it cannot be read."""
        try:
            return clean(self.read(path, limit), limit)
        except OSError:
            return None

    def line(self, path: str) -> str | None:
        """Return a file's first line without white space around it, or None when it cannot be read."""
        text = self.text(path, 65536)
        return None if text is None else (text.splitlines() or [""])[0].strip()

    def number(self, path: str) -> int | None:
        """Return the whole number that a file holds, or None when it cannot be read or holds none."""
        line = self.line(path)
        try:
            return None if line is None else int(line)
        except ValueError:
            return None

    def size(self, path: str) -> int | None:
        """Return the size of a regular file in bytes, 0 where there is none, None where that cannot be seen."""
        try:
            found = os.stat(self.root + path)
        except OSError as error:
            return 0 if error.errno in _ABSENT else None
        return found.st_size if stat.S_ISREG(found.st_mode) else 0

    def is_folder(self, path: str) -> bool:
        """Return whether there is a folder, or a link to one, that can be seen."""
        return os.path.isdir(self.root + path)

    def is_file(self, path: str) -> bool:
        """Return whether there is a regular file, or a link to one, that can be seen."""
        return os.path.isfile(self.root + path)

    def names(self, path: str) -> list[str]:
        """Return the sorted names in a folder; none where it cannot be read."""
        try:
            return sorted(os.listdir(self.root + path))
        except OSError:
            return []

    def link(self, path: str) -> str | None:
        """Return what a symbolic link says, or None when it cannot be read or is none."""
        try:
            return os.readlink(self.root + path)
        except OSError:
            return None

    def real(self, path: str) -> str:
        """Return the path with all links resolved, as the system itself would say it."""
        found = os.path.realpath(self.root + path)
        prefix = os.path.realpath(self.root) if self.root else ""
        return found[len(prefix) :] if prefix and found.startswith(prefix + "/") else found


Facts = t.Dict[str, t.Any]  # a part of the shape `capability` of docs/architecture.md
