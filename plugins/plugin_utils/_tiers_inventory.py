# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""survey.tiers.yml: an inventory of the hosts by tier, to be named beside the inventory that knows how to reach them."""

from __future__ import annotations

import contextlib
import json
import tempfile
import typing as t

from ansible.parsing.utils.addresses import parse_address
from ansible_collections.ebpf.fleet.plugins.plugin_utils._run import TIER_GROUP
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Survey

GROUPS = tuple(TIER_GROUP + tier for tier in ("1", "2", "3", "unknown"))
_IN_MEMORY = 1 << 20  # characters of a group, before it goes to the disk


def group_of(tier: int | None) -> str:
    """Return the group of the hosts of a tier.

    >>> group_of(3), group_of(None)
    ('ebpf_tier_3', 'ebpf_tier_unknown')
    """
    return TIER_GROUP + ("unknown" if tier is None else str(tier))


def can_be_named(host: str) -> bool:
    """Whether an inventory takes a name for that host, and not for several hosts, or one with a port.

    >>> [can_be_named(host) for host in ("web-01", "two words", "::1", "web[1:3]", "web-01:22")]
    [True, True, True, False, False]
    """
    if "[" in host:  # which is a range
        return False
    try:
        found: tuple[str | None, int | None] = parse_address(host, allow_ranges=True)
    except Exception:  # noqa: BLE001 -- AnsibleError and AnsibleParserError: then it is taken as it stands
        return True
    return found == (host, None)


def write(survey: Survey, stream: t.IO[str]) -> None:
    """Write the inventory. What YAML says of a text in JSON's quotes is what JSON says."""
    stream.write("---\n# Hosts by the tier that the run %s has proven.\n" % survey.head["run"])
    stream.write("# ansible-playbook -i INVENTORY -i survey.tiers.yml --limit ebpf_tier_3 ...\n")
    with contextlib.ExitStack() as stack:
        groups = {
            name: stack.enter_context(
                tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="ascii", newline="\n")  # hosts come one by one
            )
            for name in GROUPS
        }
        for row in survey.rows():
            if can_be_named(row["host"]):
                groups[group_of(row["tier"])].write("    %s: {}\n" % json.dumps(row["host"]))
            else:
                stream.write("# %s cannot be named in an inventory.\n" % json.dumps(row["host"]))
        for name, hosts in groups.items():
            empty = not hosts.tell()
            stream.write("%s:\n  hosts:%s\n" % (name, " {}" if empty else ""))
            hosts.seek(0)
            for line in hosts:
                stream.write(line)
