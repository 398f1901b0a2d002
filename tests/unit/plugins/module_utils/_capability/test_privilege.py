# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import privilege
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host

System = t.Callable[..., Host]
INITIAL = {
    "/proc/self/ns/" + name: "-> %s:[%d]" % (name, inode) for name, inode in privilege.INITIAL_NAMESPACES.items()
}


@pytest.mark.parametrize(
    ("effective", "last", "bpf", "perfmon", "admin", "resource"),
    [
        ("000001ffffffffff", 40, True, True, True, True),
        ("000001fffeffffff", 40, True, True, True, False),
        ("00000000a80425fb", 40, False, False, False, False),  # a container's default
        ("000000c000000000", 40, True, True, False, False),
        ("0000003fffffffff", 37, None, None, True, True),  # before Linux 5.8
        ("0000000000000000", 37, None, None, False, False),
        ("0000000000000000", None, None, None, None, None),
        (None, 40, None, None, None, None),
        ("hex", 40, None, None, None, None),
    ],
)
def test_capabilities(
    effective: str | None,
    last: int | None,
    bpf: bool | None,
    perfmon: bool | None,
    admin: bool | None,
    resource: bool | None,
) -> None:
    assert privilege.capabilities(effective, last) == {
        "CAP_BPF": bpf,
        "CAP_PERFMON": perfmon,
        "CAP_SYS_ADMIN": admin,
        "CAP_SYS_RESOURCE": resource,
    }


@pytest.mark.parametrize(
    ("held", "may"),
    [
        ((True, True, False), True),
        ((True, False, False), False),
        ((None, None, True), True),
        ((None, None, None), False),
    ],
)
def test_who_may_trace(held: tuple[bool | None, bool | None, bool | None], may: bool) -> None:
    names = ("CAP_BPF", "CAP_PERFMON", "CAP_SYS_ADMIN")
    assert privilege.may_trace({"capabilities": dict(zip(names, held))}) is may


@pytest.mark.parametrize(
    ("limits", "soft", "hard"),
    [
        ("Max locked memory         65536                8388608              bytes     \n", 65536, 8388608),
        ("Limit\nMax locked memory         unlimited            unlimited            bytes     \n", -1, -1),
        ("Max locked memory         many                 -5                   bytes     \n", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_memlock(limits: str | None, soft: int | None, hard: int | None) -> None:
    assert privilege.parse_memlock(limits) == {"soft": soft, "hard": hard}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"/proc/self/ns/user": "-> user:[4026531837]"}, "initial"),
        ({"/proc/self/ns/user": "-> user:[4026532201]"}, "nested"),
        ({"/proc/self/uid_map": "         0          0 4294967295\n"}, "initial"),
        ({"/proc/self/uid_map": "         0     100000      65536\n"}, "nested"),
        ({}, None),
    ],
)
def test_user_namespace(system: System, files: dict[str, str], found: str | None) -> None:
    assert privilege.user_namespace(system(files)) == found


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({}, None),
        ({"/.dockerenv": ""}, "docker"),
        ({"/run/.containerenv": ""}, "podman"),
        ({"/run/systemd/container": "systemd-nspawn\n"}, "systemd-nspawn"),
        ({"/proc/1/environ": b"PATH=/bin\0container=lxc\0TERM=x\0"}, "lxc"),
        ({"/proc/1/environ": b"mycontainer=x\0"}, None),
        ({"/proc/1/cgroup": "12:pids:/kubepods/burstable/pod1\n"}, "kubernetes"),
        ({"/proc/1/cgroup": "0::/system.slice/docker-0123.scope\n"}, "docker"),
        ({"/proc/1/cgroup": "0::/user.slice/libpod-0123.scope\n"}, "podman"),
        ({"/proc/1/cgroup": "0::/init.scope\n"}, None),
        # a virtual machine made of a container's image is no container
        (dict(INITIAL, **{"/.dockerenv": "", "/proc/self/cgroup": "0::/\n"}), None),
        # a container that shares every namespace of its host is one
        (dict(INITIAL, **{"/.dockerenv": "", "/proc/self/cgroup": "1:cpu:/docker/0123\n"}), "docker"),
        # one namespace of its own is enough
        (dict(INITIAL, **{"/.dockerenv": "", "/proc/self/ns/pid": "-> pid:[4026532999]"}), "docker"),
    ],
)
def test_container(system: System, files: dict[str, t.Any], kind: str | None) -> None:
    assert privilege.container(system(files)) == kind


def test_privilege(system: System) -> None:
    status = "Name:\tx\nNoNewPrivs:\t1\nSeccomp:\t2\nCapEff:\t0000000000000000\nodd line\n"
    found = privilege.privilege(
        system({"/proc/self/status": status, "/proc/sys/kernel/cap_last_cap": "40\n"}, euid=1000)
    )
    assert (found["euid"], found["seccomp"], found["no_new_privs"]) == (1000, "filter", True)
    assert set(found["capabilities"].values()) == {False}


def test_without_proc_nothing_is_known(system: System) -> None:
    found = privilege.privilege(system({}))
    assert (found["seccomp"], found["no_new_privs"], found["user_namespace"], found["container"]) == (None,) * 4
    assert set(found["capabilities"].values()) == {None}
