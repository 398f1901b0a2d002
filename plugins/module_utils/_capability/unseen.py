# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What could not be seen, and why: a sentence each, so that a fact that is missing is not taken for a fact."""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts, Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.kernel import config_hidden
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.security import JIT


def unseen(host: Host, capability: Facts) -> list[str]:
    """Return the sentences of `capability.unseen`."""
    kernel, privilege = capability["kernel"], capability["privilege"]
    root = privilege["euid"] == 0
    said = []
    unknown = [probe["name"] for probe in capability["probes"] if probe["state"] == "unknown"]
    if unknown and not root:
        said.append(
            "What the kernel grants to root: %d of %d live probes were refused."
            % (len(unknown), len(capability["probes"]))
        )
    elif unknown:
        said.append("Live probes that could not be decided: %s." % ", ".join(unknown))
    if kernel["lockdown"] is None:
        said.append(
            "Lockdown: /sys/kernel/security/lockdown cannot be read%s."
            % ("" if capability["mounts"]["securityfs"] else ", securityfs is not mounted")
        )
    if kernel["lsms"] is None:
        said.append("The active security modules: /sys/kernel/security/lsm cannot be read.")
    if kernel["jit"] is None:
        said.append("Whether BPF is compiled: %s cannot be read%s." % (JIT, "" if root else " without root"))
    if kernel["btf"]["present"] is None:
        said.append("BTF: /sys/kernel/btf/vmlinux cannot be examined.")
    if kernel["config"]["source"] is None:
        hidden = config_hidden(host)
        said.append(
            "The kernel's config: %s."
            % ("%s cannot be read" % hidden if hidden else "there is none in the usual places")
        )
    missing = [name for name in ("user_namespace", "seccomp", "no_new_privs") if privilege[name] is None]
    if missing:
        said.append("This process's own standing: /proc does not show %s." % ", ".join(missing))
    if privilege["memlock"]["soft"] is None:
        said.append("The limit on locked memory: /proc/self/limits cannot be read.")
    return said
