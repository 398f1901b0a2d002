# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The tier of a host: by the published rule, as proven, and why the two differ."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts

PUBLISHED_SINCE = (5, 8)


def published_tier(bcc_installed: bool, btf: bool, version: t.Sequence[int] | None, euid: int) -> int:
    """Return the published rule's tier, word for word: bcc tools installed: 2; BTF and kernel >= 5.8 and root: 3; else 1."""
    tier = 1
    if bcc_installed:
        tier = 2
    if btf and version is not None and tuple(version[:2]) >= PUBLISHED_SINCE and euid == 0:
        tier = 3
    return tier


def proven_tier(requirements: t.Iterable[Facts], lockdown: str | None = None) -> int:
    """Return the highest tier all of whose requirements are met. The proof decides tier 3: it is the doing itself.

    But the proof follows the kernel's own pointers, as the verifier does. Lockdown in mode confidentiality lets that pass, and
    refuses what reads other memory of the kernel: every bcc tool, and those programs of ours that read an address or a path.
    A host where only some programs load has neither tier; each collector is tried there all the same.
    """
    if lockdown == "confidentiality":
        return 1
    states: dict[int, list[str]] = {2: [], 3: []}
    for requirement in requirements:
        if requirement["tier"] == 2 or requirement["name"] == "proof":
            states.setdefault(requirement["tier"], []).append(requirement["state"])
    for tier in (3, 2):
        if states[tier] and all(state == "met" for state in states[tier]):
            return tier
    return 1


def blockers(requirements: t.Iterable[Facts], tier: int) -> list[Facts]:
    """Return what stands between a host of this tier and tier 3, in the order of the requirements."""
    if tier == 3:
        return []
    return [
        {"requirement": one["name"], "state": one["state"], "message": one["evidence"], "remedy": one["remedy"]}
        for one in requirements
        if one["tier"] == 3 and one["state"] != "met"
    ]


def differs(published: int, proven: int, requirements: t.Sequence[Facts]) -> str | None:
    """Return why the published and the proven tier differ, or None where they agree."""
    if published == proven:
        return None
    head = "published as tier %d, proven as tier %d: " % (published, proven)
    if proven == 3:
        return (
            head + "the published rule looks at the kernel's version, and this kernel can do what it does not promise"
        )
    wanted = max(published, proven)
    missing = [one for one in requirements if one["tier"] == wanted and one["state"] != "met"]
    # The first requirement that fails is the cause; the proof comes last and repeats it.
    return head + (
        missing[0]["evidence"] if missing else "tier %d works here without the published rule's conditions" % proven
    )
