# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The network's counters under the names that `nstat` of iproute2 gives them: TcpExtListenDrops, Udp6NoPorts."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, mib, natural, shared

SNMP, NETSTAT, SNMP6, SOFTNET = "/proc/net/snmp", "/proc/net/netstat", "/proc/net/snmp6", "/proc/net/softnet_stat"
_CPU = 12  # column of softnet_stat


def read(sample: Sample, wanted: t.Mapping[str, t.Sequence[str]], wanted6: t.Sequence[str]) -> dict[str, int]:
    """Return the wanted counters that this kernel has: those of each section, and of IPv6.

    ValueError when a file is of another form.
    """
    found: dict[str, int] = {}
    for section, names in wanted.items():
        path = NETSTAT if section == "TcpExt" else SNMP
        if path in sample:
            counters = mib(sample[path], section)
            found.update((section + name, counters[name]) for name in names if name in counters)
    if SNMP6 in sample:
        counters = snmp6(sample[SNMP6])
        found.update((name, counters[name]) for name in wanted6 if name in counters)
    return found


def snmp6(text: str) -> dict[str, int]:
    """Return the counters of /proc/net/snmp6, a name and a value on each line; ValueError when a line is none."""
    pairs = [line.split() for line in text.splitlines()]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("a line of %s is not a name and a value" % SNMP6)
    return {name: natural(value) for name, value in pairs}


def steady(before: Sample, after: Sample) -> tuple[Sample, Sample, tuple[str, ...]]:
    """Return both samples with those lines of softnet_stat only whose CPU is online in both, and a note of the others.

    The 13th column is the CPU's number, from 5.7 on (7d58e6555870). Before, lines say nothing when there are more or fewer.
    """
    if SOFTNET not in before or SOFTNET not in after:
        return before, after, ()
    first, last = (_by_cpu(sample[SOFTNET]) for sample in (before, after))
    cpus, notes = shared(first, last)
    if not notes:
        return before, after, ()
    texts = ("\n".join(rows[cpu] for cpu in sorted(cpus)) for rows in (first, last))
    former, latter = ({**sample, SOFTNET: text} for sample, text in zip((before, after), texts))
    return former, latter, notes


def _by_cpu(text: str) -> dict[str, str]:
    rows = text.splitlines()
    if any(len(row.split()) <= _CPU for row in rows):
        return {"all %d CPUs" % len(rows): text}
    return {"CPU%d" % int(row.split()[_CPU], 16): row for row in rows}


def softnet(sample: Sample, column: int) -> int | None:
    """Return a column of /proc/net/softnet_stat over all CPUs, None where it cannot be read.

    One line for each CPU, of hexadecimal columns: 1 are packets dropped, 2 how often there was more to do than time for it
    (net/core/net-procfs.c).
    """
    if SOFTNET not in sample:
        return None
    return added(sample[SOFTNET].splitlines(), column)


def added(lines: t.Iterable[str], column: int) -> int:
    """Return the sum of a column of hexadecimal numbers; ValueError where a line is shorter."""
    rows = [line.split() for line in lines]
    if any(len(words) <= column for words in rows):
        raise ValueError("a line has no column %d" % column)
    return sum(int(words[column], 16) for words in rows)
