# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.refusal import Wanted, interpret, name_of
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing

NOBODY = {"root": False, "may_trace": False, "missing": ("CAP_BPF", "CAP_SYS_ADMIN")}
BARE = {"may_trace": False, "missing": ("CAP_BPF", "CAP_SYS_ADMIN"), "container": "docker"}


@pytest.mark.parametrize(
    ("number", "changes", "state", "words"),
    [
        # EPERM and EACCES: who asked comes first, then what the other evidence supports
        (errno.EPERM, NOBODY, "unknown", ["without privilege", "become: true"]),
        (errno.EACCES, NOBODY, "unknown", ["EACCES", "become: true"]),
        (errno.EPERM, dict(NOBODY, lockdown="confidentiality"), "unknown", ["without privilege"]),
        (errno.EPERM, BARE, "unmet", ["lacks CAP_BPF, CAP_SYS_ADMIN in a container (docker)", "grant CAP_BPF"]),
        (errno.EPERM, dict(BARE, user_namespace="nested"), "unmet", ["nested user namespace", "host itself"]),
        (
            errno.EPERM,
            {"seccomp": "filter", "container": "podman"},
            "unmet",
            ["seccomp filter", "podman", "seccomp profile"],
        ),
        (errno.EPERM, {"lockdown": "confidentiality"}, "unmet", ["lockdown (confidentiality)", "boot without"]),
        (
            errno.EPERM,
            {"version": (5, 4, 0), "memlock": 65536, "missing": ()},
            "unmet",
            ["65536 bytes", "ulimit"],
        ),
        (
            errno.EPERM,
            {"version": (5, 11, 0), "memlock": 65536, "missing": ()},
            "unmet",
            ["does not show"],
        ),
        # nothing of that: no cause is made up, integrity is not blamed
        (
            errno.EPERM,
            {"lockdown": "integrity"},
            "unmet",
            ["integrity, which in Linux does not refuse this", "apparmor", "does not show"],
        ),
        (
            errno.EPERM,
            {"lockdown": None, "lsms": None, "seccomp": None},
            "unmet",
            ["lockdown cannot be seen", "modules: cannot be seen"],
        ),
        # what the kernel does not know
        (errno.EINVAL, {}, "unmet", ["does not know it", "Linux 5.99 or later with CONFIG_THING"]),
        (errno.EINVAL, {"options": {"CONFIG_THING": "n"}}, "unmet", ["built without CONFIG_THING"]),
        (errno.EINVAL, {"lockdown": "confidentiality"}, "unmet", ["does not know it"]),
        (errno.E2BIG, {}, "unmet", ["too old"]),
        (errno.ENOSYS, {}, "unmet", ["no such system call"]),
        (errno.ENOENT, {}, "unmet", ["no such thing to attach to"]),
        (errno.EOPNOTSUPP, {}, "unmet", ["EOPNOTSUPP", "built without"]),
        (524, {}, "unmet", ["ENOTSUPP", "built without"]),
        # what says something about now, not about the kernel
        (errno.ENOMEM, {}, "unknown", ["ENOMEM", "try again"]),
        (errno.EMFILE, {}, "unknown", ["EMFILE"]),
        (0, {}, "unknown", ["errno 0"]),
    ],
)
def test_every_errno_has_its_cause(
    ordinary: Standing, number: int, changes: dict[str, t.Any], state: str, words: list[str]
) -> None:
    verdict = interpret(number, "a thing", Wanted("5.99", ("CONFIG_THING",)), ordinary._replace(**changes))
    said = "%s | %s" % (verdict.evidence, verdict.remedy)
    assert verdict.state == state
    assert verdict.evidence.startswith("a thing: ")
    for word in words:
        assert word in said, said


def test_lockdown_explains_einval_of_what_reads_kernel_memory(ordinary: Standing) -> None:
    locked = ordinary._replace(lockdown="confidentiality")
    verdict = interpret(errno.EINVAL, "a tracer", Wanted("5.5", (), True), locked)
    assert "lockdown" in verdict.evidence
    assert "boot without" in str(verdict.remedy)


@pytest.mark.parametrize(
    ("number", "name"), [(1, "EPERM"), (524, "ENOTSUPP"), (errno.EOPNOTSUPP, "EOPNOTSUPP"), (99999, "errno 99999")]
)
def test_names(number: int, name: str) -> None:
    assert name_of(number) == name
