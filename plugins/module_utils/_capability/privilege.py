# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What this process may do: user, capabilities, user namespace, seccomp, container, and the limit on locked memory."""

from __future__ import annotations

import re

from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts, Host

# Bits of CapEff (include/uapi/linux/capability.h). The last two are of Linux 5.8; before it CAP_SYS_ADMIN means both.
CAPABILITIES = {"CAP_BPF": 39, "CAP_PERFMON": 38, "CAP_SYS_ADMIN": 21, "CAP_SYS_RESOURCE": 24}
SECCOMP = {"0": "disabled", "1": "strict", "2": "filter"}  # /proc/PID/status, proc(5)

# PROC_IPC_INIT_INO and its like (include/linux/proc_ns.h), fixed since Linux 3.8, cgroup's since 4.6
INITIAL_NAMESPACES = {
    "ipc": 0xEFFFFFFF,
    "uts": 0xEFFFFFFE,
    "user": 0xEFFFFFFD,
    "pid": 0xEFFFFFFC,
    "cgroup": 0xEFFFFFFB,
}

_CGROUP_CONTAINER = re.compile(r"[/:-](docker|kubepods|lxc|libpod|crio|containerd)[/.-]")
_ENVIRON_CONTAINER = re.compile(r"(?:^|\0)container=([^\0]+)")
_MEMLOCK = re.compile(r"^Max locked memory\s+(\S+)\s+(\S+)", re.MULTILINE)


def parse_status(text: str) -> dict[str, str]:
    """Return the fields of /proc/PID/status."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def capabilities(effective: str | None, last: int | None) -> dict[str, bool | None]:
    """Return which capabilities are effective; None where the kernel does not know the capability, or nothing is known.

    `effective` is CapEff in hexadecimal, `last` the highest capability of this kernel.
    """
    try:
        bits = None if effective is None else int(effective, 16)
    except ValueError:
        bits = None
    if bits is None:
        return dict.fromkeys(CAPABILITIES)
    return {
        name: True if bits >> bit & 1 else None if last is None or bit > last else False
        for name, bit in CAPABILITIES.items()
    }


def parse_memlock(limits: str | None) -> dict[str, int | None]:
    """Return {"soft", "hard"} in bytes of /proc/PID/limits' locked memory, -1 for unlimited, None for not known."""
    found = _MEMLOCK.search(limits or "")
    if found is None:
        return {"soft": None, "hard": None}
    values = [-1 if word == "unlimited" else int(word) if word.isdecimal() else None for word in found.groups()]
    return {"soft": values[0], "hard": values[1]}


def user_namespace(host: Host) -> str | None:
    """Return `initial`, `nested`, or None when it cannot be told. bpf(2) wants capabilities in the initial one."""
    told = namespace(host, "user")
    mapping = host.text("/proc/self/uid_map")
    if told is None and mapping is not None:
        return "initial" if mapping.split() == ["0", "0", "4294967295"] else "nested"
    return told


def container(host: Host) -> str | None:
    """Return the kind of container that this process runs in, as far as it shows, or None.

    The files that name a container are also found in virtual machines that were made from a container's image: a process
    all of whose namespaces are the initial ones, in a cgroup of no container, is in none, whatever they say.
    """
    cgroup = _CGROUP_CONTAINER.search(host.text("/proc/self/cgroup") or "")
    if cgroup is None and all(namespace(host, name) == "initial" for name in INITIAL_NAMESPACES):
        return None
    named = host.line("/run/systemd/container")
    if not named:
        found = _ENVIRON_CONTAINER.search((host.text("/proc/1/environ") or "").replace("\ufffd", "\0"))
        named = found[1] if found else None
    if named:
        return named[:64]
    if host.is_file("/.dockerenv"):
        return "docker"
    if host.is_file("/run/.containerenv"):
        return "podman"
    cgroup = cgroup or _CGROUP_CONTAINER.search(host.text("/proc/1/cgroup") or "")
    return {"libpod": "podman", "kubepods": "kubernetes"}.get(cgroup[1], cgroup[1]) if cgroup else None


def namespace(host: Host, name: str) -> str | None:
    """Return whether this process is in the `initial` or a `nested` namespace of a kind, or None when it cannot be told."""
    link = host.link("/proc/self/ns/" + name)
    return None if link is None else "initial" if link == "%s:[%d]" % (name, INITIAL_NAMESPACES[name]) else "nested"


def privilege(host: Host) -> Facts:
    """Return `capability.privilege`."""
    status = parse_status(host.text("/proc/self/status") or "")
    no_new_privs = status.get("NoNewPrivs")
    return {
        "euid": host.euid,
        "capabilities": capabilities(status.get("CapEff"), host.number("/proc/sys/kernel/cap_last_cap")),
        "user_namespace": user_namespace(host),
        "seccomp": SECCOMP.get(status.get("Seccomp", "")),
        "no_new_privs": None if no_new_privs is None else no_new_privs == "1",
        "container": container(host),
        "memlock": parse_memlock(host.text("/proc/self/limits")),
    }


def may_trace(facts: Facts) -> bool:
    """Return whether this process holds what loading tracing programs takes: CAP_SYS_ADMIN, or CAP_BPF and CAP_PERFMON."""
    held = facts["capabilities"]
    return bool(held["CAP_SYS_ADMIN"] or (held["CAP_BPF"] and held["CAP_PERFMON"]))
