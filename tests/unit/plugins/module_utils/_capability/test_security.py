# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import security, securityfs
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host

LOCKDOWN, LSM = "/sys/kernel/security/lockdown", "/sys/kernel/security/lsm"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("[none] integrity confidentiality\n", "none"),
        ("none [integrity] confidentiality\n", "integrity"),
        ("none integrity [confidentiality]\n", "confidentiality"),
        ("none integrity confidentiality\n", None),
        ("[other]", None),
        ("", None),
    ],
)
def test_lockdown(text: str, level: str | None) -> None:
    assert security.parse_lockdown(text) == level


def test_lsms() -> None:
    assert security.parse_lsms("lockdown,capability,<b>,,bpf\n") == ["lockdown", "capability", "bpf"]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (
            {
                LOCKDOWN: "none [integrity] confidentiality\n",
                LSM: "lockdown,bpf",
                security.UNPRIVILEGED: "2\n",
                security.JIT: "1\n",
            },
            {"lockdown": "integrity", "lsms": ["lockdown", "bpf"], "unprivileged_bpf_disabled": 2, "jit": 1},
        ),
        # the module that is not active locks nothing down
        (
            {LSM: "capability,yama"},
            {"lockdown": "none", "lsms": ["capability", "yama"], "unprivileged_bpf_disabled": None, "jit": None},
        ),
        # what cannot be seen is not known
        ({}, {"lockdown": None, "lsms": None, "unprivileged_bpf_disabled": None, "jit": None}),
        (
            {LSM: "lockdown", security.JIT: "9"},
            {"lockdown": None, "lsms": ["lockdown"], "unprivileged_bpf_disabled": None, "jit": None},
        ),
    ],
)
def test_security(system: t.Callable[..., Host], files: dict[str, str], found: dict[str, t.Any]) -> None:
    assert security.security(system(files)) == found


# A kernel that lacks the system call, or a user who may not make it; anything else is a fault of ours.
REFUSALS = (errno.ENOSYS, errno.EPERM)


def test_the_kernel_names_its_modules_itself() -> None:
    try:
        named = securityfs.modules()
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        pytest.skip("this kernel does not say (before Linux 6.8, or a sandbox): %s" % error)
    assert named
    assert all(security.parse_lsms(name) == [name] for name in named)


def test_securityfs_is_read_without_being_mounted() -> None:
    with open("/proc/self/mounts", encoding="utf-8") as stream:
        before = stream.read()
    try:
        text = securityfs.read("lsm")
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        pytest.skip("this takes CAP_SYS_ADMIN and Linux 5.2: %s" % error)
    assert "capability" in security.parse_lsms(text)
    with open("/proc/self/mounts", encoding="utf-8") as stream:
        assert stream.read() == before
