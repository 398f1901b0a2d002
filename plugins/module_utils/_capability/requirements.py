# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What each tier needs, judged from the facts: a state, the evidence, and what a person can do about it."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.privilege import may_trace
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.refusal import Verdict

_PACKAGES = {
    # family: (bcc's tools, headers of the running kernel, how)
    "debian": ("bpfcc-tools", "linux-headers-%s", "apt install"),
    "rhel": ("bcc-tools", "kernel-devel-%s", "dnf install"),
    "suse": ("bcc-tools", "kernel-default-devel", "zypper install"),
}
_FAMILIES = {
    "debian": ("debian", "ubuntu", "raspbian", "linuxmint", "kali", "devuan"),
    "rhel": ("rhel", "centos", "fedora", "rocky", "almalinux", "ol", "amzn", "openEuler"),
    "suse": ("sles", "opensuse-leap", "opensuse-tumbleweed", "sle-micro", "sled"),
}
BECOME = "run with become: true"


def requirements(capability: Facts) -> list[Facts]:
    """Return `capability.requirements` from the other parts of the capability, causes before their consequences."""
    return [dict(name=name, tier=tier, **judge(capability)._asdict()) for name, tier, judge in REQUIREMENTS]


def _probe(capability: Facts, name: str) -> Facts:
    found = [probe for probe in capability["probes"] if probe["name"] == name]
    return (
        found[0]
        if found
        else {"state": "unknown", "evidence": "%s was not probed" % name, "remedy": None, "errno": None}
    )


def _install(capability: Facts, what: int) -> str | None:
    """Return how this distribution installs bcc's tools (0) or the kernel's headers (1), None for one that we do not know."""
    distribution = capability["userland"]["distribution"]["id"]
    for family, ids in _FAMILIES.items():
        if distribution in ids:
            package = _PACKAGES[family][what]
            return "%s %s" % (
                _PACKAGES[family][2],
                package % capability["kernel"]["release"] if "%s" in package else package,
            )
    return None


def _libbpf_tools(capability: Facts) -> list[str]:
    """Return the trusted tools of libbpf-tools where they can work: they need BTF, and neither a compiler nor headers.

    They are bcc's tools too, compiled. Where they work, nothing else has to.
    """
    tools = capability["userland"]["libbpf_tools"]
    return [name for name in tools if tools[name]["trusted"]] if capability["kernel"]["btf"]["present"] else []


def _bcc_tools(capability: Facts) -> Verdict:
    tools, compiled = capability["userland"]["bcc_tools"], capability["userland"]["libbpf_tools"]
    usable = _libbpf_tools(capability)
    if usable:
        path = compiled[min(usable)]["path"]
        return Verdict("met", "%d tools of libbpf-tools, such as %s, and %d of bcc" % (len(usable), path, len(tools)))
    if tools:
        return Verdict("met", "%d bcc tools, such as %s" % (len(tools), tools[min(tools)]["path"]))
    return Verdict(
        "unmet",
        "no bcc tool is installed" + (", and libbpf-tools cannot be used" if compiled else ""),
        _install(capability, 0) or "install the distribution's package of bcc's tools, or libbpf-tools",
    )


def _bcc_trusted(capability: Facts) -> Verdict:
    usable = _libbpf_tools(capability)
    if usable:
        return Verdict("met", "%d tools of libbpf-tools can only be written by root" % len(usable))
    tools = capability["userland"]["bcc_tools"] or capability["userland"]["libbpf_tools"]
    trusted = [name for name in tools if tools[name]["trusted"]]
    if trusted:
        return Verdict("met", "%d of %d bcc tools can only be written by root" % (len(trusted), len(tools)))
    if not tools:
        return Verdict("unmet", "there is no bcc tool to trust", _bcc_tools(capability).remedy)
    return Verdict("unmet", tools[min(tools)]["reason"], "install the tools from the distribution's package again")


def _headers(capability: Facts) -> Verdict:
    """bcc compiles on the host against the kernel's headers; BTF does not replace them (iovisor/bcc issue 3686)."""
    path = capability["kernel"]["headers"]
    if path:
        return Verdict("met", "the running kernel's headers are in %s" % path)
    if _libbpf_tools(capability):
        return Verdict("met", "the kernel has BTF, and libbpf-tools need no headers; bcc's tools would")
    extra = " (BTF is there, but bcc's tools compile against headers)" if capability["kernel"]["btf"]["present"] else ""
    return Verdict(
        "unmet",
        "no headers of the running kernel %s%s" % (capability["kernel"]["release"], extra),
        _install(capability, 1) or "install the running kernel's headers, or use a kernel with CONFIG_IKHEADERS",
    )


def _root(capability: Facts) -> Verdict:
    euid = capability["privilege"]["euid"]
    if euid == 0:
        return Verdict("met", "running as root")
    return Verdict("unmet", "running as user %d; bcc's tools need root" % euid, BECOME)


def _privilege(capability: Facts) -> Verdict:
    facts = capability["privilege"]
    if facts["user_namespace"] == "nested":
        return Verdict(
            "unmet",
            "running in a nested user namespace, whose privileges do not count for bpf(2)",
            "survey the host itself, outside of the user namespace",
        )
    if may_trace(facts):
        return Verdict("met", "CAP_SYS_ADMIN, or CAP_BPF and CAP_PERFMON, is effective")
    held = facts["capabilities"]
    if held["CAP_SYS_ADMIN"] is None:
        return Verdict("unknown", "the process's capabilities cannot be read", BECOME)
    if facts["euid"] != 0:
        return Verdict("unmet", "running as user %d without CAP_BPF and CAP_PERFMON" % facts["euid"], BECOME)
    return Verdict(
        "unmet",
        "root without CAP_SYS_ADMIN, and without CAP_BPF and CAP_PERFMON%s"
        % (", in a container (%s)" % facts["container"] if facts["container"] else ""),
        "grant CAP_BPF and CAP_PERFMON, or survey the host itself",
    )


def _btf(capability: Facts) -> Verdict:
    facts, option = capability["kernel"]["btf"], capability["kernel"]["config"]["options"].get("CONFIG_DEBUG_INFO_BTF")
    if facts["present"]:
        return Verdict("met", "the kernel carries its BTF, %d bytes" % facts["bytes"])
    if facts["present"] is None:
        return Verdict("unknown", "/sys/kernel/btf/vmlinux cannot be examined", BECOME)
    if option == "y":
        return Verdict(
            "unmet",
            "the kernel is built with BTF, but /sys/kernel/btf/vmlinux is absent or hidden here",
            "let /sys of the host be seen here (mount sysfs, do not mask /sys/kernel/btf)",
        )
    return Verdict(
        "unmet",
        "the kernel has no BTF: /sys/kernel/btf/vmlinux is absent",
        "use a kernel that is built with CONFIG_DEBUG_INFO_BTF=y, as those of current distributions are",
    )


def _lockdown(capability: Facts) -> Verdict:
    level, probe = capability["kernel"]["lockdown"], _probe(capability, "read_kernel")
    if probe["state"] == "met":
        return Verdict("met", "BPF may read kernel memory (lockdown: %s)" % (level or "not visible"))
    if level == "confidentiality":
        return Verdict(
            "unmet",
            "the kernel is locked down (confidentiality), which forbids BPF to read kernel memory",
            "boot without lockdown=confidentiality; integrity, which secure boot asks for, does not forbid this",
        )
    if probe["state"] == "unknown":
        return Verdict("unknown", probe["evidence"], probe["remedy"])
    return Verdict("unmet", probe["evidence"], probe["remedy"])


def _loader(capability: Facts) -> Verdict:
    """Without the light loader, which runs in the kernel, the host's libbpf does the same work."""
    if capability["kernel"]["byte_order"] != "little":
        return Verdict("unmet", "the embedded programs are little-endian, this host is big-endian", None)
    facts, found = capability["proof"], capability["userland"]["libbpf"]
    if all(_probe(capability, name)["state"] == "met" for name in ("program:syscall", "core_relocation")):
        return Verdict(
            "met", "the kernel takes the light loader: it runs syscall programs and relocates CO-RE accesses itself"
        )
    if facts["loader"] == "libbpf":
        version = found["version"] if found else None
        return Verdict("met", "libbpf %s of the host loads our programs: %s" % (version or "", facts["loader_reason"]))
    return Verdict(facts["state"], facts["evidence"], facts["reason"]["remedy"] if facts["reason"] else None)


def _proof(capability: Facts) -> Verdict:
    facts = capability["proof"]
    return Verdict(facts["state"], facts["evidence"], facts["reason"]["remedy"] if facts["reason"] else None)


REQUIREMENTS: tuple[tuple[str, int, t.Callable[[Facts], Verdict]], ...] = (
    ("bcc_tools", 2, _bcc_tools),
    ("bcc_trusted", 2, _bcc_trusted),
    ("kernel_headers", 2, _headers),
    ("root", 2, _root),
    ("privilege", 3, _privilege),
    ("btf", 3, _btf),
    ("kernel_memory", 3, _lockdown),
    ("loader", 3, _loader),
    ("proof", 3, _proof),
)
