# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""survey.prom: the run as metrics, in text that both OpenMetrics and Prometheus's own format define alike.

All are gauges (what the last run found) or histograms, since the two formats name counters differently. The end is
OpenMetrics' `# EOF`, a comment to Prometheus. node_exporter's textfile collector reads the file as it is.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._rules import SEVERITIES
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Survey
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import printable

_PREFIX = "ebpf_fleet_"
_WHOLE = "all"  # the inventory; no inventory group but Ansible's own has this name
_IN_MEMORY = 1 << 20  # characters of a family, before it goes to the disk
_QUANTILES = {"p50": "0.5", "p90": "0.9", "p99": "0.99"}

# name: (type, help)
_FAMILIES = {
    "run_info": ("gauge", "The run; its value is 1."),
    "run_started_timestamp_seconds": ("gauge", "When the run started."),
    "hosts": ("gauge", "Hosts of a fleet by proven tier."),
    "hosts_by_outcome": ("gauge", "Hosts of a fleet by outcome of the visit."),
    "hosts_blocked": ("gauge", "Hosts of a fleet that a requirement keeps from tier 3."),
    "finding_hosts": ("gauge", "Hosts of a fleet on which a rule fired, by its severity."),
    "health_ratio": ("gauge", "The health of a fleet's hosts, on average: three parts that make 1."),
    "outlier_hosts": ("gauge", "Outlier hosts of a fleet by collector."),
    "latency_seconds": ("histogram", "Latencies of a fleet's hosts in the run's window."),
    "host_info": ("gauge", "A host; its value is 1."),
    "host_outcome": ("gauge", "The outcome of the visit to a host; its value is 1."),
    "host_tier": ("gauge", "A host's proven tier; absent where it is not known."),
    "host_published_tier": ("gauge", "A host's tier by the published rule; absent where it is not known."),
    "host_health_ratio": ("gauge", "The health of a host: three parts that make 1."),
    "host_findings": ("gauge", "Findings on a host by severity."),
    "host_visit_cpu_seconds": ("gauge", "Processor time that the visit took on a host."),
    "host_visit_memory_bytes": ("gauge", "Most memory that the visit took on a host."),
    "collector_status": ("gauge", "How a collector came off on a host; its value is 1."),
    "collector_events": ("gauge", "What a collector counted on a host in the window."),
    "collector_lost_events": ("gauge", "Events that a collector lost on a host; absent where it cannot tell."),
    "collector_window_seconds": ("gauge", "The window that a collector covered on a host."),
    "collector_quantile_seconds": ("gauge", "Bounds of the bucket that holds a quantile of a host's latencies."),
}

Labels = t.Mapping[str, object]


class Families:
    """Samples by their family: a family's must stand together, and hosts come one by one."""

    def __init__(self) -> None:
        """Begin with no sample."""
        self._texts: dict[str, t.IO[str]] = {}

    def add(self, name: str, labels: Labels, value: float, suffix: str = "") -> None:
        """Add a sample."""
        if name not in self._texts:
            self._texts[name] = tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="\n")  # noqa: SIM115
        self._texts[name].write(sample(_PREFIX + name + suffix, labels, value))

    def write(self, stream: t.IO[str]) -> None:
        """Write all families that have samples, in their order."""
        for name, (kind, said) in _FAMILIES.items():
            text = self._texts.get(name)
            if text is None:
                continue
            stream.write("# HELP %s%s %s\n# TYPE %s%s %s\n" % (_PREFIX, name, said, _PREFIX, name, kind))
            text.seek(0)
            for line in text:
                stream.write(line)
        stream.write("# EOF\n")

    def close(self) -> None:
        """Let the samples go."""
        for text in self._texts.values():
            text.close()


def sample(name: str, labels: Labels, value: float) -> str:
    r"""Return a line of the format, labels escaped as it wants them.

    >>> sample("m", {"host": 'a"b\\c'}, 2)
    'm{host="a\\"b\\\\c"} 2\n'
    """
    pairs = ",".join('%s="%s"' % (key, _escaped(str(one))) for key, one in labels.items() if one is not None)
    return "%s{%s} %s\n" % (name, pairs, repr(value)) if pairs else "%s %s\n" % (name, repr(value))


def write(survey: Survey, stream: t.IO[str]) -> None:
    """Write the metrics of a run."""
    families = Families()
    try:
        head = survey.head
        families.add("run_info", {"run": head["run"], "version": head["versions"].get("collection")}, 1)
        started = dt.datetime.fromisoformat(head["started"]).timestamp()
        families.add("run_started_timestamp_seconds", {}, started)
        for scope in (head["inventory"], *head["fleets"]):
            _scope(families, scope.get("fleet", _WHOLE), scope)
        for row in survey.rows():
            _host(families, row)
        families.write(stream)
    finally:
        families.close()


def _scope(families: Families, fleet: str, scope: t.Mapping[str, t.Any]) -> None:
    for tier, hosts in scope["tiers"].items():
        families.add("hosts", {"fleet": fleet, "tier": tier}, hosts)
    for outcome, hosts in scope["outcomes"].items():
        families.add("hosts_by_outcome", {"fleet": fleet, "outcome": outcome}, hosts)
    for blocked in scope["blockers"]:
        for state in ("unmet", "unknown"):
            labels = {"fleet": fleet, "requirement": blocked["requirement"], "state": state}
            families.add("hosts_blocked", labels, blocked[state])
    for found in scope["findings"]:
        labels = {"fleet": fleet, "rule": found["rule"], "severity": found["severity"]}
        families.add("finding_hosts", labels, found["hosts"])
    for part in ("healthy", "ailing", "unknown"):
        if scope["health"][part] is not None:
            families.add("health_ratio", {"fleet": fleet, "part": part}, round(scope["health"][part] / 100, 5))
    for limit in scope["thresholds"]:
        hosts = sum(one["collector"] == limit["collector"] for one in scope["outliers"])
        families.add("outlier_hosts", {"fleet": fleet, "collector": limit["collector"]}, hosts)
    for merged in scope["collectors"]:
        if merged["unit"] == "us" and merged["histogram"]:
            _histogram(families, {"fleet": fleet, "collector": merged["collector"]}, merged["histogram"])


def _histogram(families: Families, labels: dict[str, object], found: t.Mapping[str, t.Any]) -> None:
    """Add a histogram: what is below `hi` is at most `hi`, as `le` says. It has no sum, since not all tiers know one."""
    seen = 0
    for _lo, hi, count in found["buckets"]:
        seen += count
        families.add("latency_seconds", {**labels, "le": repr(hi / 1e6)}, seen, "_bucket")
    families.add("latency_seconds", {**labels, "le": "+Inf"}, seen, "_bucket")
    families.add("latency_seconds", labels, seen, "_count")


def _host(families: Families, row: Row) -> None:
    host = {"host": row["host"]}
    system = {key: row[key] for key in ("kernel", "machine", "distribution", "python")}
    families.add("host_info", {**host, **system, "fleets": ",".join(row["fleets"])}, 1)
    families.add("host_outcome", {**host, "outcome": row["outcome"]}, 1)
    if row["tier"] is not None:
        families.add("host_tier", host, row["tier"])
        families.add("host_published_tier", host, row["published_tier"])
    if row["health"]:
        for part in ("healthy", "ailing", "unknown"):
            families.add("host_health_ratio", {**host, "part": part}, round(row["health"][part] / 100, 5))
        for severity in SEVERITIES:
            number = sum(one["severity"] == severity for one in row["findings"])
            families.add("host_findings", {**host, "severity": severity}, number)
    cost = row["cost"] or {}
    if cost.get("cpu_ms") is not None:
        families.add("host_visit_cpu_seconds", host, (cost["cpu_ms"] + (cost.get("children_cpu_ms") or 0)) / 1e3)
    if cost.get("max_rss_kib") is not None:
        families.add("host_visit_memory_bytes", host, cost["max_rss_kib"] * 1024)
    for result in row["results"]:
        _result(families, {**host, "collector": result["collector"]}, result)


def _result(families: Families, labels: dict[str, object], result: Row) -> None:
    families.add("collector_status", {**labels, "status": result["status"], "tier": result["tier"]}, 1)
    if result["count"] is not None:
        families.add("collector_events", {**labels, "unit": result["unit"]}, result["count"])
    if result["lost"] is not None:
        families.add("collector_lost_events", labels, result["lost"])
    if result["window"]:
        families.add("collector_window_seconds", labels, result["window"]["seconds"])
    for name, found in (result["quantiles"] or {}).items():
        if found and result["unit"] == "us":
            for bound, value in (("lower", found["lo"]), ("upper", found["hi"])):
                more = {"q": _QUANTILES[name], "bound": bound}
                families.add("collector_quantile_seconds", {**labels, **more}, value / 1e6)


def _escaped(text: str) -> str:
    return printable(text, 1000).replace("\\", "\\\\").replace('"', '\\"')
