# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Decide which tiers to try for a collector on this host, and say why the others are not tried."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Collector, Filter
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason

# Requirements of tier 2 that are judged for each collector's own tool.
_OF_TOOLS = ("bcc_tools", "bcc_trusted")

NAMES = {3: "native", 2: "bcc", 1: "procfs"}


class Plan(t.NamedTuple):
    """`tiers` in the order to try, `passed` those that this host rules out, each with the reason."""

    collector: Collector
    tiers: tuple[int, ...]
    passed: tuple[tuple[int, Reason], ...]

    def as_dict(self) -> dict[str, t.Any]:
        """What check mode returns."""
        return {
            "collector": self.collector.name,
            "tiers": list(self.tiers),
            "passed": [
                {"tier": tier, "source": NAMES[tier], "reason": reason.as_dict()} for tier, reason in self.passed
            ],
        }


def _against(tier: int, collector: Collector, capability: t.Mapping[str, t.Any]) -> Reason | None:
    """Return what rules a tier out for a collector here, None when it is worth trying."""
    if tier == 3:
        return _against_native(collector, capability)
    if tier == 2:
        return _against_bcc(collector, capability)
    if collector.procfs is None:
        return Reason("unsupported", "%s cannot be answered from /proc" % collector.name)
    return None


def _against_native(collector: Collector, capability: t.Mapping[str, t.Any]) -> Reason | None:
    proof = capability.get("proof") or {}
    if collector.native is None:
        return Reason("unsupported", "%s has no native program" % collector.name)
    if proof.get("state") == "met":
        return None
    reason = proof.get("reason")
    if reason:
        return Reason(str(reason.get("code")), str(reason.get("message")), reason.get("remedy"))
    return Reason("loader", "tier 3 was not proven here: %s" % (proof.get("evidence") or "no evidence"))


def _against_bcc(collector: Collector, capability: t.Mapping[str, t.Any]) -> Reason | None:
    if collector.bcc is None:
        return Reason("unsupported", "%s has no bcc tool" % collector.name)
    tool = ((capability.get("userland") or {}).get("bcc_tools") or {}).get(collector.bcc.tool)
    if not tool:
        return Reason(
            "no_tool",
            "the bcc tool %s is not installed" % collector.bcc.tool,
            "install the distribution's bcc tools and kernel headers (Debian, Ubuntu: bpfcc-tools; RHEL, SUSE: bcc-tools)",
        )
    if not tool.get("trusted"):
        return Reason(
            "untrusted",
            "%s is not run as root: %s" % (tool.get("path"), tool.get("reason")),
            "install the tool from the distribution's package",
        )
    if (capability.get("kernel") or {}).get("lockdown") == "confidentiality":
        message = "lockdown in mode confidentiality forbids bcc's programs to read the kernel's memory"
        return Reason("lockdown", message, "boot without lockdown=confidentiality")
    for requirement in capability.get("requirements") or []:
        if requirement["tier"] == 2 and requirement["state"] == "unmet" and requirement["name"] not in _OF_TOOLS:
            return Reason(requirement["name"], requirement["evidence"], requirement["remedy"])
    return None


def _against_narrowing(tier: int, collector: Collector, narrow: Filter) -> Reason | None:
    """Return why a tier cannot narrow a question so, None where it can, or need not."""
    named = narrow.named()
    able = collector.native.narrows if collector.native else ()
    cannot = [name for name in named if name not in able]
    if cannot:
        return Reason("unsupported", "%s cannot be narrowed to a %s" % (collector.name, " or a ".join(cannot)))
    if named and tier != 3:
        return Reason("unsupported", "only native programs can be narrowed to a %s" % " and a ".join(named))
    return None


def plan(collector: Collector, wanted: str, capability: t.Mapping[str, t.Any], narrow: Filter = Filter()) -> Plan:  # noqa: B008
    """Plan a collector: `wanted` is 'auto' for the best tier that works, or '1', '2', '3' for that one and no other."""
    tiers, passed = [], []
    for tier in (3, 2, 1) if wanted == "auto" else (int(wanted),):
        reason = _against_narrowing(tier, collector, narrow) or _against(tier, collector, capability)
        if reason is None:
            tiers.append(tier)
        else:
            passed.append((tier, reason))
    return Plan(collector, tuple(tiers), tuple(passed))
