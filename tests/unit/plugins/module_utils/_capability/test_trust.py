# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import os
import stat
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.trust import why_untrusted

FOLDER, FILE, LINK = stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK


class Tree:
    """A file system in a table: path to (mode, owner) or (mode, owner, target)."""

    def __init__(self, changes: t.Mapping[str, tuple[t.Any, ...] | None]) -> None:
        """Start from a Debian system with a bcc tool."""
        self.entries: dict[str, tuple[t.Any, ...] | None] = {
            "/": (FOLDER | 0o755, 0),
            "/usr": (FOLDER | 0o755, 0),
            "/usr/sbin": (FOLDER | 0o755, 0),
            "/usr/bin": (FOLDER | 0o755, 0),
            "/usr/local": (FOLDER | 0o755, 0),
            "/usr/local/bin": (FOLDER | 0o755, 0),
            "/usr/local/bin/tool": (FILE | 0o755, 0),
            "/sbin": (LINK | 0o777, 0, "usr/sbin"),
            "/usr/sbin/tool": (FILE | 0o755, 0),
        }
        self.entries.update(changes)

    def lstat(self, path: str) -> os.stat_result:
        """As os.lstat."""
        entry = self.entries.get(path)
        if entry is None:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return os.stat_result((entry[0], 1, 1, 1, entry[1], 0, 0, 0, 0, 0))

    def readlink(self, path: str) -> str:
        """As os.readlink."""
        entry = self.entries[path]
        assert entry is not None
        return str(entry[2])


@pytest.mark.parametrize(
    ("path", "changes", "reason"),
    [
        ("/usr/sbin/tool", {}, None),
        ("/sbin/tool", {}, None),  # /sbin is a link to usr/sbin
        ("/usr/sbin/../sbin/./tool", {}, None),
        (
            "/usr/sbin/tool",
            {"/usr/sbin/tool": (LINK | 0o777, 0, "../bin/real"), "/usr/bin/real": (FILE | 0o555, 0)},
            None,
        ),
        (
            "/usr/sbin/tool",
            {"/usr/sbin/tool": (LINK | 0o777, 0, "/usr/bin/real"), "/usr/bin/real": (FILE | 0o555, 0)},
            None,
        ),
        # who owns it, who can write it
        ("/usr/sbin/tool", {"/usr/sbin/tool": (FILE | 0o755, 1000)}, "/usr/sbin/tool belongs to user 1000"),
        (
            "/usr/sbin/tool",
            {"/usr/sbin/tool": (FILE | 0o775, 0)},
            "/usr/sbin/tool can be written by others than root (mode 0775)",
        ),
        ("/usr/sbin/tool", {"/usr/sbin/tool": (FILE | 0o757, 0)}, "mode 0757"),
        ("/usr/sbin/tool", {"/usr/sbin": (FOLDER | 0o777, 0)}, "/usr/sbin can be written"),
        ("/usr/sbin/tool", {"/usr/sbin": (FOLDER | 0o1777, 0)}, "/usr/sbin can be written"),  # sticky does not help
        ("/usr/sbin/tool", {"/usr": (FOLDER | 0o755, 7)}, "/usr belongs to user 7"),
        ("/usr/sbin/tool", {"/": (FOLDER | 0o775, 0)}, "/ can be written"),
        # links
        (
            "/usr/sbin/tool",
            {"/usr/sbin/tool": (LINK | 0o777, 0, "/usr/local/bin/tool")},
            "is really /usr/local/bin/tool, outside",
        ),
        (
            "/usr/sbin/tool",
            {"/usr/sbin/tool": (LINK | 0o777, 5, "/usr/bin/real"), "/usr/bin/real": (FILE | 0o755, 0)},
            "/usr/sbin/tool belongs to user 5",
        ),
        # there and back through a folder that is not allowed
        (
            "/usr/sbin/tool",
            {
                "/usr/sbin/tool": (LINK | 0o777, 0, "/usr/local/bin/hop"),
                "/usr/local/bin/hop": (LINK | 0o777, 0, "/usr/bin/real"),
                "/usr/bin/real": (FILE | 0o755, 0),
            },
            "leads through /usr/local/bin/hop",
        ),
        ("/usr/sbin/tool", {"/usr/sbin/tool": (LINK | 0o777, 0, "tool")}, "more than 20 links"),
        ("/usr/sbin/tool", {"/usr/sbin/tool": (LINK | 0o777, 0, "gone")}, "cannot be examined: No such file"),
        ("/usr/sbin/../../usr/local/bin/tool", {}, "outside of the allowed folders"),
        # what it is
        ("/usr/local/bin/tool", {}, "outside of the allowed folders"),
        ("/usr/sbin/tool", {"/usr/sbin/tool": (FOLDER | 0o755, 0)}, "is not a regular file"),
        ("/usr/sbin/tool", {"/usr/sbin/tool": (stat.S_IFIFO | 0o755, 0)}, "is not a regular file"),
        ("/usr/sbin/tool", {"/usr/sbin/tool": (FILE | 0o644, 0)}, "is not executable"),
        ("/usr/sbin/tool/x", {}, "/usr/sbin/tool is not a folder"),
        ("/usr/sbin/tool", {"/usr/sbin/tool": None}, "cannot be examined"),
        ("/usr/sbin", {}, "outside of the allowed folders"),
        ("tool", {}, "not an absolute path"),
        ("", {}, "not an absolute path"),
    ],
)
def test_who_may_be_run_as_root(path: str, changes: dict[str, tuple[t.Any, ...] | None], reason: str | None) -> None:
    tree = Tree(changes)
    found = why_untrusted(path, lstat=tree.lstat, readlink=tree.readlink)
    assert (found is None) if reason is None else (found is not None and reason in found), found


def test_other_folders_can_be_allowed() -> None:
    tree = Tree({})
    assert why_untrusted("/usr/local/bin/tool", ("/usr/local/bin",), tree.lstat, tree.readlink) is None
    assert why_untrusted("/usr/local/bin/tool", ("/usr/local/bi",), tree.lstat, tree.readlink) is not None


def test_a_real_program_of_the_system() -> None:
    assert why_untrusted("/usr/bin/env") is None
    assert "cannot be examined" in (why_untrusted("/usr/bin/no\0such") or "")
