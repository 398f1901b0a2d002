# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an errno means, by who asks and how the kernel is locked."""

from __future__ import annotations

import errno
import pathlib

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import errors


@pytest.mark.parametrize(
    ("number", "root", "locked", "code", "says", "remedy"),
    [
        (errno.EPERM, False, "none", "privilege", "this needs root", "become"),
        (errno.EACCES, False, "confidentiality", "privilege", "this needs root", "become"),
        (errno.EPERM, True, "integrity", "lockdown", "locked down (integrity)", "lockdown=integrity"),
        (errno.EPERM, True, "none", "EPERM", "although root", "CAP_BPF"),
        (errno.EINVAL, True, "confidentiality", "lockdown", "locked down", "lockdown="),
        (errno.ENOENT, True, "confidentiality", "lockdown", "locked down", "lockdown="),
        (errno.EINVAL, True, "none", "EINVAL", "does not know this", "update"),
        (errno.E2BIG, True, "none", "E2BIG", "too old", "5.17"),
        (errno.ENOSYS, True, "none", "ENOSYS", "no bpf(2)", "CONFIG_BPF_SYSCALL"),
        (errno.ENOENT, True, "none", "ENOENT", "no such tracepoint", "update"),
        (errno.ENOMEM, True, "none", "ENOMEM", "memory", "memory"),
    ],
)
def test_explain(number: int, root: bool, locked: str, code: str, says: str, remedy: str) -> None:
    reason = errors.explain(number, "load a program", root, locked)
    assert reason.code == code
    assert reason.message.startswith("load a program: ")
    assert errno.errorcode[number] in reason.message
    assert says in reason.message
    assert remedy in (reason.remedy or "")


def test_an_unknown_number_is_said_as_it_is() -> None:
    reason = errors.explain(9999, "attach", True, "none")
    assert (reason.code, reason.remedy) == ("9999", None)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("[none] integrity confidentiality\n", "none"),
        ("none [integrity] confidentiality", "integrity"),
        ("none integrity [confidentiality]", "confidentiality"),
        ("", None),
        ("garbage", None),
    ],
)
def test_lockdown(tmp_path: pathlib.Path, text: str, mode: str | None) -> None:
    (tmp_path / "lockdown").write_text(text)
    assert errors.lockdown(str(tmp_path / "lockdown")) == mode


def test_lockdown_that_cannot_be_seen(tmp_path: pathlib.Path) -> None:
    assert errors.lockdown(str(tmp_path / "none")) is None
