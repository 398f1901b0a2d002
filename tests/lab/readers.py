# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what independent tools print to numbers: bpftrace, sysstat, iproute2, procps, numactl. Pure functions."""

from __future__ import annotations

import json
import re
import signal
import typing as t

from agreement import Buckets

Said = t.Mapping[str, t.Any]  # an output, as target/beside.py describes it
Numbers = t.Dict[str, float]


def printed(said: Said) -> str:
    """Return what a tool printed that ended well."""
    if said["status"] not in (0, -signal.SIGINT):
        raise ValueError("it ended with %s: %s" % (said["status"], said["complaints"]))
    (text,) = said["printed"]
    return str(text)


def grown(said: Said, read: t.Callable[[str], Numbers]) -> Numbers:
    """Return by what the numbers of a tool that was run twice have grown, without those that have not."""
    before, after = map(read, said["printed"])
    return {name: now - before.get(name, 0) for name, now in after.items() if now != before.get(name, 0)}


# --- bpftrace ---------------------------------------------------------------------------------------------------------


def bpftrace(said: Said, name: str) -> dict[str, t.Any]:
    """Return a map by its keys, as bpftrace writes them ("a,b"); a number without key is that of "".

    ValueError where bpftrace lost events or found no room for them, or has no such map.
    """
    complaints = re.sub(
        "ERROR: failed to look up stack id .*", "", said["complaints"]
    )  # two stacks that wanted one place
    if re.search("[Ll]ost|[Ff]ull|ERROR", complaints):
        raise ValueError("bpftrace: %s" % said["complaints"])
    rows = [json.loads(line, object_pairs_hook=_added) for line in printed(said).splitlines() if line.startswith("{")]
    if any(row["type"] == "lost_events" for row in rows):
        raise ValueError("bpftrace lost events")
    for row in rows:
        if row["type"] in ("map", "hist") and "@" + name in row["data"]:
            values = row["data"]["@" + name]
            return values if isinstance(values, dict) else {"": values}
    return {}  # a map in which nothing is, is not printed


def _added(pairs: t.Iterable[tuple[str, t.Any]]) -> dict[str, t.Any]:
    """Return an object in which a key can be several times: texts that the kernel pads with what was there are one to a reader."""
    found: dict[str, t.Any] = {}
    for name, value in pairs:
        found[name] = found[name] + value if name in found else value
    return found


def buckets(rows: t.Iterable[t.Mapping[str, int]]) -> Buckets:
    """Return a histogram of bpftrace in our buckets: those of 0 and 1 are one, and those in which nothing is are left out."""
    found: dict[int, int] = {}
    for row in rows:
        low = row["min"] if row.get("min", 0) > 1 else 0
        found[low] = found.get(low, 0) + row["count"]
    return [(low, low * 2 or 2, n) for low, n in sorted(found.items()) if n]


# --- libbpf-tools -----------------------------------------------------------------------------------------------------


def log2(said: Said) -> dict[str, Buckets]:
    """Return the histograms that a tool printed at its end, by what stands beside the equals sign above them."""
    found: dict[str, Buckets] = {}
    name = ""
    for line in printed(said).splitlines():
        row = re.match(" *([0-9]+) -> ([0-9]+) +: ([0-9]+) ", line)
        if row:
            low, high, n = map(int, row.groups())
            found.setdefault(name, [])
            if n:
                found[name].append((low, high + 1, n))
        elif " = " in line:
            name = line.partition(" = ")[2].strip()
    return found


def lines(said: Said, pattern: str) -> t.Iterator[tuple[str, ...]]:
    """Yield the groups of a pattern that a tool's lines are to match, for those that do; ValueError where none does."""
    found = [re.fullmatch(pattern, line.rstrip()) for line in printed(said).splitlines()]
    if not any(found):
        raise ValueError("no line of %r matches %s" % (printed(said)[:500], pattern))
    return (match.groups() for match in found if match)


def distribution(values: t.Iterable[float]) -> Buckets:
    """Return single values as a histogram."""
    counted: dict[int, int] = {}
    for value in values:
        low = 1 << int(value).bit_length() - 1 if value >= 2 else 0
        counted[low] = counted.get(low, 0) + 1
    return [(low, low * 2 or 2, n) for low, n in sorted(counted.items())]


# --- sysstat ----------------------------------------------------------------------------------------------------------


def sysstat(said: Said, table: str) -> dict[str, t.Any]:
    """Return the only row of a table of mpstat or iostat (-o JSON), of one host and one interval; the first of several."""
    (host,) = json.loads(printed(said))["sysstat"]["hosts"]
    (statistics,) = host["statistics"]
    rows: list[dict[str, t.Any]] = statistics[table]
    return rows[0]


def sar(said: Said, average: bool = True) -> Numbers:
    """Return the averages of all tables that sar printed, or the sums of their rows, by the names of their columns."""
    found: Numbers = {}
    names: list[str] = []
    for line in printed(said).splitlines():
        words = line.split()
        if len(words) < 2 or not re.fullmatch("Average:|[0-9:]{8}", words[0]):
            continue
        if not re.fullmatch("[0-9.]+", words[-1]):
            names = words[1:]
        elif (words[0] == "Average:") == average:
            for name, word in zip(names, words[1:]):
                if re.fullmatch("[0-9.]+", word):
                    found[name] = found.get(name, 0) + float(word)
    return found


# --- iproute2, procps, numactl ----------------------------------------------------------------------------------------


def nstat(text: str) -> Numbers:
    """Return the counters of nstat --json."""
    return {name: float(number) for name, number in json.loads(text)["kernel"].items()}


def links(text: str) -> Numbers:
    """Return packets, bytes, errors and dropped of each device, received and sent together, as `lo packets`."""
    found: Numbers = {}
    for link in json.loads(text):
        for way in ("rx", "tx"):
            for name in ("packets", "bytes", "errors", "dropped"):
                key = "%s %s" % (link["ifname"], name)
                found[key] = found.get(key, 0) + link["stats64"][way][name]
    return found


def numastat(text: str) -> Numbers:
    """Return the counters of each node, as `node0 numa_hit`."""
    head, *lines = [line.split() for line in text.splitlines() if line.strip()]
    return {"%s %s" % (node, name): float(n) for name, *numbers in lines for node, n in zip(head, numbers)}
