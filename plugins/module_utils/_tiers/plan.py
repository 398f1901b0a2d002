# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Decide which tiers to try for a collector on this host, and say why the others are not tried.

Tier 2 has two sources of tools. Both are tried, those first that need no compiler.
"""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Collector, Command, Filter
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason

# Requirements of tier 2 that are judged for each collector's own tool, and its source.
_OF_TOOLS = ("bcc_tools", "bcc_trusted", "kernel_headers")

# In the order to try.
TIERS = {"native": 3, "libbpf-tools": 2, "bcc": 2, "procfs": 1}


class Plan(t.NamedTuple):
    """`sources` in the order to try, `passed` those that this host rules out, each with the reason."""

    collector: Collector
    sources: tuple[str, ...]
    passed: tuple[tuple[str, Reason], ...]

    def as_dict(self) -> dict[str, t.Any]:
        """What check mode returns."""
        return {
            "collector": self.collector.name,
            "tiers": list(dict.fromkeys(TIERS[source] for source in self.sources)),
            "sources": list(self.sources),
            "passed": [
                {"tier": TIERS[source], "source": source, "reason": reason.as_dict()} for source, reason in self.passed
            ],
        }


def _against(source: str, collector: Collector, capability: t.Mapping[str, t.Any]) -> Reason | None:
    """Return what rules a source out for a collector here, None when it is worth trying."""
    if source == "native":
        return _against_native(collector, capability)
    if source == "libbpf-tools":
        return _against_tool(source, collector.libbpf_tools, "libbpf_tools", collector, capability)
    if source == "bcc":
        return _against_tool(source, collector.bcc, "bcc_tools", collector, capability)
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


_INSTALL = {
    "libbpf-tools": "install libbpf-tools (Debian, Ubuntu, RHEL, Fedora)",
    "bcc": "install the distribution's bcc tools and kernel headers (Debian, Ubuntu: bpfcc-tools; RHEL, SUSE: bcc-tools)",
}


def _against_tool(
    source: str, spec: Command | None, where: str, collector: Collector, capability: t.Mapping[str, t.Any]
) -> Reason | None:
    if spec is None:
        return Reason("unsupported", "%s has no tool of %s" % (collector.name, source))
    tool = ((capability.get("userland") or {}).get(where) or {}).get(spec.tool)
    if not tool:
        return Reason("no_tool", "the tool %s of %s is not installed" % (spec.tool, source), _INSTALL[source])
    if not tool.get("trusted"):
        return Reason(
            "untrusted",
            "%s is not run as root: %s" % (tool.get("path"), tool.get("reason")),
            "install the tool from the distribution's package",
        )
    if (capability.get("kernel") or {}).get("lockdown") == "confidentiality":
        message = "lockdown in mode confidentiality forbids the tools' programs to read the kernel's memory"
        return Reason("lockdown", message, "boot without lockdown=confidentiality")
    return _unmet(source, capability)


def _unmet(source: str, capability: t.Mapping[str, t.Any]) -> Reason | None:
    """Return what a source's tools need and this host has not: libbpf-tools need BTF, bcc's tools the kernel's headers."""
    kernel = capability.get("kernel") or {}
    if source == "libbpf-tools" and (kernel.get("btf") or {}).get("present") is False:
        message = "the kernel has no BTF, without which libbpf-tools cannot work"
        return Reason("btf", message, "use a kernel that is built with CONFIG_DEBUG_INFO_BTF=y")
    if source == "bcc" and kernel.get("headers", "") is None:
        message = "no headers of the running kernel %s" % kernel.get("release")
        return Reason("kernel_headers", message, "install the running kernel's headers")
    for requirement in capability.get("requirements") or []:
        if requirement["tier"] == 2 and requirement["state"] == "unmet" and requirement["name"] not in _OF_TOOLS:
            return Reason(requirement["name"], requirement["evidence"], requirement["remedy"])
    return None


def _against_narrowing(source: str, collector: Collector, narrow: Filter) -> Reason | None:
    """Return why a source cannot narrow a question so, None where it can, or need not."""
    named = narrow.named()
    able = collector.native.narrows if collector.native else ()
    cannot = [name for name in named if name not in able]
    if cannot:
        return Reason("unsupported", "%s cannot be narrowed to a %s" % (collector.name, " or a ".join(cannot)))
    if named and source != "native":
        return Reason("unsupported", "only native programs can be narrowed to a %s" % " and a ".join(named))
    return None


def _sources(collector: Collector, wanted: str) -> list[str]:
    """Return the sources of the tiers that are wanted; of tier 2 those that have a tool for the question, bcc if none has."""
    found = [source for source, tier in TIERS.items() if wanted in ("auto", str(tier))]
    if collector.libbpf_tools is None and "libbpf-tools" in found:
        found.remove("libbpf-tools")
    elif collector.bcc is None and "bcc" in found:
        found.remove("bcc")
    return found


def plan(collector: Collector, wanted: str, capability: t.Mapping[str, t.Any], narrow: Filter = Filter()) -> Plan:  # noqa: B008
    """Plan a collector: `wanted` is 'auto' for the best tier that works, or '1', '2', '3' for that one and no other."""
    sources, passed = [], []
    for source in _sources(collector, wanted):
        reason = _against_narrowing(source, collector, narrow) or _against(source, collector, capability)
        if reason is None:
            sources.append(source)
        else:
            passed.append((source, reason))
    return Plan(collector, tuple(sources), tuple(passed))
