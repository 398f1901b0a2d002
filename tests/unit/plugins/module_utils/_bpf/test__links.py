# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that linger are closed once, later; others at once. A probe on a return is that on an entry, and a bit."""

from __future__ import annotations

import ctypes
import os
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import links, perf_event


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


@pytest.mark.parametrize(("kind", "config"), [("uprobe", 0), ("uretprobe", 1)])
def test_a_probe_of_a_file(monkeypatch: pytest.MonkeyPatch, kind: str, config: int) -> None:
    asked: list[t.Any] = []

    def open_event(source: int, config: int, name: int, offset: int, pid: int, cpu: int) -> int:
        asked.append((source, config, ctypes.string_at(name), offset, pid, cpu))
        return 77

    monkeypatch.setattr(perf_event, "source_type", {"uprobe": 9}.__getitem__)
    monkeypatch.setattr(perf_event, "open_event", open_event)
    monkeypatch.setattr(perf_event, "attach", lambda event, program: asked.append((event, program)))
    assert links.ATTACH[kind](5, "/lib/with:colon/l\udcffbc.so:4096") == 77
    assert asked == [(9, config, b"/lib/with:colon/l\xffbc.so", 4096, -1, 0), (77, 5)]
