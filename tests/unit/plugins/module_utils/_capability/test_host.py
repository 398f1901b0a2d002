# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host


def test_what_is_there_and_what_is_not(system: t.Callable[..., Host]) -> None:
    host = system(
        {
            "/proc/a": " 7 \nmore\n",
            "/proc/word": "seven",
            "/proc/raw": b"\xff\x00x",
            "/lib/x.so.1": "-> x.so.1.2.3",
            "/lib/x.so.1.2.3": "",
            "/lib/gone": "-> nowhere",
        }
    )
    assert (host.line("/proc/a"), host.number("/proc/a"), host.size("/proc/a")) == ("7", 7, 9)
    assert (host.line("/proc/no"), host.number("/proc/no"), host.size("/proc/no")) == (None, None, 0)
    assert host.number("/proc/word") is None
    assert host.text("/proc/raw") == "\ufffd\ufffdx"
    assert host.size("/proc") == 0  # a folder is no file
    assert host.real("/lib/x.so.1") == "/lib/x.so.1.2.3"
    assert (host.link("/lib/x.so.1"), host.link("/proc/a")) == ("x.so.1.2.3", None)
    assert (host.is_file("/lib/x.so.1"), host.is_file("/lib/gone"), host.is_folder("/lib")) == (True, False, True)
    assert (host.names("/lib"), host.names("/no")) == (["gone", "x.so.1", "x.so.1.2.3"], [])
    assert not host.is_this


def test_this_machine_is_itself() -> None:
    assert Host().is_this
    assert Host().line("/proc/sys/kernel/osrelease") == Host().release


def test_reading_says_why_it_fails(system: t.Callable[..., Host]) -> None:
    with pytest.raises(FileNotFoundError):
        system({}).read("/proc/no")
