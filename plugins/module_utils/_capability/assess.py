# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The whole assessment of a host: what it can do with eBPF, proven by doing."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._capability import (
    kernel,
    memlock,
    privilege,
    probes,
    proof,
    requirements,
    security,
    tier,
    userland,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts, Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing, standing
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.unseen import unseen

Part = t.Callable[[Host, Facts, bool], Facts]


def _facts(host: Host, _known: Facts, _thorough: bool) -> Facts:
    return {
        "kernel": dict(kernel.kernel(host), **security.security(host)),
        "privilege": privilege.privilege(host),
        "mounts": userland.mounts(host),
        "userland": userland.userland(host),
    }


def _stand(host: Host, known: Facts) -> Standing:
    """Return the standing of this process, with its limit on locked memory raised where that limit counts."""
    found = standing(known["kernel"], known["privilege"])
    return found._replace(memlock=memlock.lift()) if host.is_this and memlock.counts(found.version) else found


def _probes(host: Host, known: Facts, thorough: bool) -> Facts:
    return {"probes": probes.run(host, _stand(host, known), thorough)}


def _proof(host: Host, known: Facts, _thorough: bool) -> Facts:
    return {"proof": proof.prove(host, _stand(host, known))}


def _requirements(_host: Host, known: Facts, _thorough: bool) -> Facts:
    return {"requirements": requirements.requirements(known)}


def _tiers(_host: Host, known: Facts, _thorough: bool) -> Facts:
    needed = known["requirements"]
    published = tier.published_tier(
        bool(known["userland"]["bcc_tools"]),
        bool(known["kernel"]["btf"]["present"]),
        known["kernel"]["version"],
        known["privilege"]["euid"],
    )
    proven = tier.proven_tier(needed, known["kernel"]["lockdown"])
    return {
        "tier": proven,
        "published_tier": published,
        "differs": tier.differs(published, proven, needed),
        "blockers": tier.blockers(needed, proven),
    }


def _unseen(host: Host, known: Facts, _thorough: bool) -> Facts:
    return {"unseen": unseen(host, known)}


# In this order: each part sees what the ones before it found out.
PARTS: tuple[Part, ...] = (_facts, _probes, _proof, _requirements, _tiers, _unseen)


def assess(host: Host | None = None, thorough: bool = False, parts: t.Sequence[Part] = PARTS) -> Facts:
    """Return the shape `capability` of docs/architecture.md. Nothing is changed, and nothing stays in the kernel.

    `thorough` also attaches and fires what the kernel takes some 100 ms to detach (kprobe, uprobe, fentry). What cannot be
    found out is None or `unknown` in the result and never an exception.
    """
    found: Facts = {}
    for part in parts:
        found.update(part(Host() if host is None else host, found, thorough))
    return found
