# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of a host that rules and policies look at, by name and subject, from its record."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors, _histogram
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _units
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

# name: subject ("" for all): [lo, hi, events, tier]. A quantile lies in [lo, hi); of all else lo is hi.
Figure = list[t.Any]
Values = dict[str, dict[str, Figure]]
Record = t.Mapping[str, t.Any]

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
_RESULTS = 100  # of a host; hostile hosts can send more
_SUBJECTS = 12  # of a value, the largest
_COUNTERS = 60  # where they are the kernel's own counters, of which a small one can be the one that matters
_ENOUGH = ("ok", "idle", "truncated")

# What each value is: its unit for people, "" where it is the collector's own.
_OF_KIND = {
    "histogram": {"p50": "", "p90": "", "p99": "", "mean": "", "busy": "at once", "rate": "events/s"},
    "counts": {"rate": "%s/s"},
    "events": {"rate": "%s/s"},
    "stacks": {"rate": "%s/s"},
}
# What the `share` of a collector's rows is a share of.
_SHARES = {
    "cpustat": "of the CPUs' time",
    "diskstats": "of the window",
    "netdev": "of the packets",
    "numa": "of the allocations",
    "pressure": "of the window",
    "reclaim": "of the pages looked at",
    "thp": "of the attempts",
    "throttling": "of the quota's periods",
}
# What the `share` of a collector's rows is a share of.
_SHARES = {
    "cpustat": "of the CPUs' time",
    "diskstats": "of the window",
    "netdev": "of the packets",
    "numa": "of the allocations",
    "pressure": "of the window",
    "reclaim": "of the pages looked at",
    "thp": "of the attempts",
    "throttling": "of the quota's periods",
}
_FIXED = {
    "host.unanswered": "",
    "visit.cpu_ms": "ms",
    "visit.memory_kib": "KiB",
    "visit.beyond_window_s": "s",
    "visit.clock_ahead_s": "s",
    "visit.clock_behind_s": "s",
    "capability.tier": "",
    "capability.tier_gap": "",
    "capability.unprivileged_bpf": "",
    "capability.bpf_jit_off": "",
    "capability.untrusted_tools": "tools",
    "result.failed": "",
    "result.cut": "",
    "result.lost_share": "of the events",
    "result.cpu_share": "of a CPU",
    "result.kernel_kib": "KiB",
    "outlier.slower": "doublings",
    "outlier.faster": "doublings",
    "change.kernel": "",
    "fleet.unanswered_share": "of the hosts",
    "fleet.outlier_share": "of the hosts that can be compared",
    "fleet.kernels": "releases",
}


def known() -> dict[str, str]:
    """Return every value that there can be, with its unit."""
    found = dict(_FIXED)
    for collector in (*_collectors.every(), *_collectors.of_tools()):
        for name, unit in _OF_KIND[collector.kind].items():
            found["%s.%s" % (collector.name, name)] = unit.replace("%s", collector.unit) or collector.unit
        if collector.name in _SHARES:
            found[collector.name + ".share"] = _SHARES[collector.name]
        if collector.name == "tcpretrans":
            found["tcpretrans.peer_share"] = "of the retransmits"
    return found


def silent(outcome: str) -> Values:
    """Return what is known of a host that left no record."""
    return {} if outcome == "skipped" else {"host.unanswered": {"": _plain(1)}}


def of_record(record: Record) -> Values:
    """Return the values of a record; what is not known is not there."""
    if record["capability"] is None:
        return silent(record["outcome"])
    values: Values = {"host.unanswered": {"": _plain(int(record["outcome"] not in ("ok", "partial")))}}
    for name, value in (*_visit(record), *_capability(record["capability"])):
        if value is not None:
            values[name] = {"": _plain(value)}
    for result in record["results"][:_RESULTS]:
        subject = one_line(result["collector"], 60)
        for name, value in _result(result):
            if value is not None:
                values.setdefault("result." + name, {})[subject] = _plain(value, tier=result["tier"])
        if result["status"] in _ENOUGH and result["data"] and result["window"] and result["window"]["seconds"]:
            for name, figures in _answer(result).items():
                values["%s.%s" % (subject, name)] = figures
    return values


def _plain(value: float, events: int | None = None, tier: int | None = None) -> Figure:
    value = round(value, 6)
    return [value, value, events, tier]


def _visit(record: Record) -> t.Iterator[tuple[str, float | None]]:
    cost, window = record["cost"] or {}, record["window"]
    cpu = cost.get("cpu_ms")
    yield "visit.cpu_ms", None if cpu is None else cpu + (cost.get("children_cpu_ms") or 0)
    yield "visit.memory_kib", cost.get("max_rss_kib")
    if window and cost.get("wall_ms") is not None:
        yield "visit.beyond_window_s", max(cost["wall_ms"] / 1000 - window["seconds"], 0)
    if window and window["start"]:
        ended = window["start"] + window["seconds"]
        late = dt.datetime.fromisoformat(record["received"]).timestamp() - ended
        yield "visit.clock_ahead_s", max(-late, 0)
        yield "visit.clock_behind_s", max(late, 0)


def _capability(capability: Record) -> t.Iterator[tuple[str, float | None]]:
    kernel = capability["kernel"]
    open_to_all, jit = kernel.get("unprivileged_bpf_disabled"), kernel.get("jit")
    yield "capability.tier", capability["tier"]
    yield "capability.tier_gap", max(capability["published_tier"] - capability["tier"], 0)
    yield "capability.unprivileged_bpf", None if open_to_all is None else int(open_to_all == 0)
    yield "capability.bpf_jit_off", None if jit is None else int(jit == 0)
    userland = capability.get("userland") or {}
    tools = [found for found in (userland.get("bcc_tools"), userland.get("libbpf_tools")) if isinstance(found, dict)]
    if tools:
        yield (
            "capability.untrusted_tools",
            sum(isinstance(one, dict) and one.get("trusted") is False for found in tools for one in found.values()),
        )


def _result(result: Record) -> t.Iterator[tuple[str, float | None]]:
    reason, cost, count = result["reason"], result["cost"] or {}, (result["data"] or {}).get("count")
    yield "failed", int(result["status"] == "failed")
    yield "cut", int(result["status"] == "truncated" and not (reason and reason["code"] == "omitted"))
    if result["lost"] is not None and count is not None:
        yield "lost_share", result["lost"] / (count + result["lost"]) if result["lost"] else 0
    ran, window = _number(cost.get("run_ns")), result["window"]
    if ran is not None and window and window["seconds"]:
        yield "cpu_share", ran / (window["seconds"] * 1e9)
    maps, programs = _number(cost.get("map_bytes")), _number(cost.get("program_bytes"))
    if maps is not None and programs is not None:
        yield "kernel_kib", (maps + programs) / 1024


def _answer(result: Record) -> Values:
    return _histogram_values(result) if result["kind"] == "histogram" else _counted(result)


def _histogram_values(result: Record) -> Values:
    data, values = result["data"], Values()
    rows = [(_subject(one["labels"]), one) for one in data["series"] if one["labels"] and one["count"]]
    known_buckets = [one["buckets"] for one in data["series"] if one["buckets"] is not None]
    buckets = _histogram.merge(known_buckets) if known_buckets or not data["series"] else None
    whole = {"count": data["count"], "total": data["total"], "buckets": buckets}
    rows = sorted(rows, key=lambda one: -one[1]["count"])[:_SUBJECTS]
    for subject, row in [("", whole), *rows]:
        for name, figure in _distribution(row, result["window"]["seconds"], result["unit"], result["tier"]):
            values.setdefault(name, {})[subject] = figure
    return values


def _distribution(row: Record, seconds: float, unit: str, tier: int | None) -> t.Iterator[tuple[str, Figure]]:
    count, total = row["count"], row["total"]
    if count is None:
        return
    yield "rate", _plain(count / seconds, count, tier)
    if total is not None and unit == "us":
        yield "busy", _plain(total / 1e6 / seconds, count, tier)
    if total is not None and count:
        yield "mean", _plain(total / count, count, tier)
    for name, q in QUANTILES.items():
        found = _histogram.quantile(row["buckets"] or (), q)
        if found:
            yield name, [found.lo, found.hi, count, tier]


def _counted(result: Record) -> Values:
    """Rates: of all, of items that one label tells apart, of flows by their state; their shares; the largest peer's share."""
    data, seconds, tier = result["data"], result["window"]["seconds"], result["tier"]
    if data["count"] is None:
        return {}
    rates = {"": _plain(data["count"] / seconds, data["count"], tier)}
    subjects: dict[str, int] = {}
    peers: dict[str, int] = {}
    shares: dict[str, Figure] = {}
    for one in data["items"]:
        labels = one["labels"]
        subject = _subject(labels) if len(labels) == 1 else one.get("state")
        if isinstance(subject, str) and subject:
            # NEW_SYN_RECV is SYN_RECV before the kernel makes a socket of it, since Linux 4.4
            name = "SYN_RECV" if subject == "NEW_SYN_RECV" else one_line(subject, 60)
            subjects[name] = subjects.get(name, 0) + one["count"]
            if one.get("share") is not None:
                shares[name] = _plain(one["share"], one.get("of"), tier)
        if len(labels) > 1 and labels.get("daddr") is not None:
            peer = one_line(labels["daddr"], 60)
            peers[peer] = peers.get(peer, 0) + one["count"]
    most = _COUNTERS if data["items"] and "counter" in data["items"][0]["labels"] else _SUBJECTS
    for name, count in sorted(subjects.items(), key=lambda pair: -pair[1])[:most]:
        rates[name] = _plain(count / seconds, count, tier)
    values: Values = {"rate": rates}
    if shares and result["collector"] in _SHARES:
        values["share"] = dict(sorted(shares.items(), key=lambda pair: -pair[1][0])[:_SUBJECTS])
    if peers and data["count"]:
        values["peer_share"] = {"": _plain(min(max(peers.values()) / data["count"], 1), data["count"], tier)}
    return values


def _subject(labels: Record) -> str:
    return one_line(_units.labels(labels), 60)


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 else None
