# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that linger are closed once, later; others at once."""

from __future__ import annotations

import os

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import links


def is_open(fd: int) -> bool:
    return os.path.exists("/proc/self/fd/%d" % fd)


def test_close_closes_at_once() -> None:
    fd = os.open("/dev/null", os.O_RDONLY)
    links.close(fd)
    assert not is_open(fd)


def test_what_lingers_is_closed_by_settle() -> None:
    links.linger()
    links.linger()
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(3)]
    for fd in fds:
        links.close(fd)
    assert all(map(is_open, fds))
    links.settle()
    assert not any(map(is_open, fds))
    links.settle()


def test_after_settle_close_closes_at_once_again() -> None:
    links.linger()
    links.settle()
    fd = os.open("/dev/null", os.O_RDONLY)
    links.close(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
