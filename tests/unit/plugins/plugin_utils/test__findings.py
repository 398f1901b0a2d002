# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every shipped rule fires on a host that has what it is about, and is quiet on healthy ones; nothing else is healthy."""

from __future__ import annotations

import copy
import io
import pathlib
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import (
    _findings,
    _ndjson,
    _previous,
    _record,
    _rules,
    _run,
    _store,
    _survey,
    _values,
)
from ansible_collections.ebpf.fleet.plugins.plugin_utils._norms import Norms

from .conftest import record

Record = dict[str, t.Any]
Craft = t.Callable[[Record], None]
HEALTHY = 9  # hosts beside the one that is not
ALL = ["runqlat", "biolatency", "tcpretrans", "execsnoop", "vfsstat"]
# What else the rules look at: by the kind of its result, and whether it has it from /proc alone.
MORE = {
    "cpustat": ("counts", True),
    "diskstats": ("counts", True),
    "drsnoop": ("histogram", False),
    "listendrop": ("counts", True),
    "netdev": ("counts", True),
    "netstat": ("counts", True),
    "numa": ("counts", True),
    "oomkill": ("events", False),
    "pressure": ("counts", True),
    "reclaim": ("counts", True),
    "switches": ("counts", True),
    "thp": ("counts", True),
    "throttling": ("counts", True),
}


def healthy(name: str = "tier3", host: str = "h") -> Record:
    """Return the record of a host of which nothing bad can be said, vfsstat and more included."""
    one = record(name, host, ("f",))
    shift = 1795489199 - one["window"]["start"]  # the fixtures' clock is not that of `received`
    for window in (one["window"], *(result["window"] for result in one["results"] if result["window"])):
        window["start"] += shift
    result = copy.deepcopy(result_of(one, "tcpretrans"))
    result.update(collector="vfsstat", category="filesystem", unit="calls", status="ok")
    result["data"] = {"count": 300, "items": items({"operation": "read"}, 300), "omitted": 0}
    one["results"].append(result)
    for collector, (kind, procfs) in MORE.items():
        empty = {"series": [], "total": 0} if kind == "histogram" else {"items": [], "omitted": 0}
        result = copy.deepcopy(result_of(one, "vfsstat"))
        result.update(collector=collector, kind=kind, unit="us" if kind == "histogram" else "events", status="idle")
        result["data"] = {"count": 0, **empty, **({"events": []} if kind == "events" else {})}
        if procfs:
            result.update(tier=1, source="procfs:/proc/x", lost=None, cost=None)
        one["results"].append(result)
    row = {"labels": {"mode": "idle"}, "count": 1900, "share": 0.95}
    result_of(one, "cpustat").update(status="ok", data={"count": 2000, "items": [row], "omitted": 0})
    return one


def result_of(one: Record, collector: str) -> Record:
    """Return a collector's result."""
    return next(result for result in one["results"] if result["collector"] == collector)


def items(labels: Record, count: int, **more: t.Any) -> list[Record]:
    """Return one item."""
    return [{"labels": labels, "count": count, **more}]


def waits(collector: str, lo: int, count: int, **labels: str) -> Craft:
    """Return what makes all values of a histogram lie in one bucket."""

    def craft(one: Record) -> None:
        result = result_of(one, collector)
        series = {"labels": labels, "count": count, "total": float(lo * count), "buckets": [[lo, 2 * lo, count]]}
        result["data"] = {"count": count, "total": float(lo * count), "series": [series]}
        result["status"] = "ok"

    return craft


def counted(collector: str, count: int, labels: Record, **more: t.Any) -> Craft:
    """Return what makes a collector count one item."""

    def craft(one: Record) -> None:
        result = result_of(one, collector)
        result["status"] = "ok"
        result["data"].update(count=count, items=items(labels, count, **more))

    return craft


def part(collector: str, share: float, labels: Record, of: int | None = None) -> Craft:
    """Return what makes a collector count one item that is a share of something."""
    return counted(collector, 1, labels, share=share, **({} if of is None else {"of": of}))


def cost(**figures: float) -> Craft:
    """Return what changes the cost of the visit."""
    return lambda one: one["cost"].update(figures)


def kernel(**facts: t.Any) -> Craft:
    """Return what changes the kernel's facts."""
    return lambda one: one["capability"]["kernel"].update(facts)


def failed(one: Record) -> None:
    """Let a collector fail."""
    reason = {"code": "load", "message": "the verifier said no", "remedy": None}
    result_of(one, "runqlat").update(status="failed", data=None, reason=reason, tier=None, source=None)


def lower(one: Record) -> None:
    """Take the host's tier 3 from it, whatever its kernel promises."""
    one["capability"].update(tier=1, differs="published as tier 3, proven as tier 1: the kernel is locked down")


def clock(seconds: float) -> Craft:
    """Return what sets the host's clock forward."""

    def craft(one: Record) -> None:
        one["window"]["start"] += seconds

    return craft


def unreachable(one: Record) -> None:
    """Let the host give no answer."""
    envelope = _record.Envelope("r1", one["host"], one["fleets"], one["received"])
    one.clear()
    one.update(_record.silent(envelope, "unreachable", "Connection refused."))


FLOW = {"saddr": "10.0.0.1", "sport": 5, "daddr": "10.0.0.9", "dport": 80, "netns": 1, "process": None}
TOOLS = {"runqlat": {"path": "/usr/sbin/runqlat-bpfcc", "trusted": False, "reason": "others may write it"}}

# rule: (the host's tier, what is wrong with it, and on how many hosts)
CASES: dict[str, tuple[str, Craft, int]] = {
    "run_queue_p99": ("tier3", waits("runqlat", 16384, 200), 1),
    "run_queue_p50": ("tier3", waits("runqlat", 1024, 200), 1),
    "run_queue_mean": ("tier1", lambda one: result_of(one, "runqlat")["data"].update(count=200, total=2e6), 1),
    "run_queue_length": ("tier3", waits("runqlat", 8192, 500), 1),
    "context_switches": ("tier3", waits("runqlat", 2, 100000), 1),
    "run_queue_fleet": ("tier3", waits("runqlat", 32768, 200), 1),
    "run_queue_previous": ("tier3", waits("runqlat", 32768, 200), 1),
    "cpu_used_up": ("tier3", part("cpustat", 0.1, {"mode": "idle"}), 1),
    "cpu_steal": ("tier3", part("cpustat", 0.02, {"mode": "steal"}), 1),
    "cpu_iowait": ("tier3", part("cpustat", 0.1, {"mode": "iowait"}), 1),
    "cpu_system": ("tier3", part("cpustat", 0.3, {"mode": "system"}), 1),
    "cpu_softirq": ("tier3", part("cpustat", 0.1, {"mode": "softirq"}), 1),
    "cpu_pressure": ("tier3", part("pressure", 0.25, {"stall": "cpu some"}), 1),
    "interrupts": ("tier3", counted("switches", 300000, {"counter": "intr"}), 1),
    "cpu_throttled": ("tier3", part("throttling", 0.05, {"cgroup": "/a.slice"}, of=100), 1),
    "memory_pressure": ("tier3", part("pressure", 0.05, {"stall": "memory some"}), 1),
    "memory_stalled": ("tier3", part("pressure", 0.01, {"stall": "memory full"}), 1),
    "out_of_memory": ("tier3", counted("oomkill", 1, {"comm": "mysqld"}), 1),
    "direct_reclaim": ("tier3", counted("reclaim", 2000, {"counter": "pgscan_direct"}), 1),
    "reclaim_stalls": ("tier3", waits("drsnoop", 4096, 100, process="x", cause="system"), 1),
    "reclaim_in_vain": ("tier3", part("reclaim", 0.3, {"counter": "pgsteal_direct"}, of=20000), 1),
    "files_read_again": ("tier3", counted("reclaim", 2000, {"counter": "workingset_refault_file"}), 1),
    "swapping_in": ("tier3", counted("reclaim", 20, {"counter": "pswpin"}), 1),
    "swapping_out": ("tier3", counted("reclaim", 200, {"counter": "pswpout"}), 1),
    "major_faults": ("tier3", counted("reclaim", 200, {"counter": "pgmajfault"}), 1),
    "huge_pages_missing": ("tier3", part("thp", 0.3, {"counter": "thp_fault_fallback"}, of=100), 1),
    "compaction_fails": ("tier3", part("thp", 0.8, {"counter": "compact_fail"}, of=50), 1),
    "numa_misses": ("tier3", part("numa", 0.05, {"node": "node1"}, of=10000), 1),
    "disk_busy": ("tier3", part("diskstats", 0.8, {"device": "vda"}), 1),
    "io_pressure": ("tier3", part("pressure", 0.2, {"stall": "io some"}), 1),
    "io_stalled": ("tier3", part("pressure", 0.1, {"stall": "io full"}), 1),
    "packets_without_room": ("tier3", counted("netstat", 1, {"counter": "SoftnetDropped"}), 1),
    "packets_without_time": ("tier3", counted("netstat", 20, {"counter": "SoftnetTimeSqueezed"}), 1),
    "device_losses": ("tier3", part("netdev", 0.001, {"device": "eth0"}, of=1000), 1),
    "accept_queue_full": ("tier3", counted("listendrop", 1, {"cause": "accept queue full"}), 1),
    "syn_cookies": ("tier3", counted("netstat", 1, {"counter": "TcpExtSyncookiesSent"}), 1),
    "connect_failures": ("tier3", counted("netstat", 10, {"counter": "TcpAttemptFails"}), 1),
    "connections_reset": ("tier3", counted("netstat", 20, {"counter": "TcpEstabResets"}), 1),
    "tcp_memory": ("tier3", counted("netstat", 1, {"counter": "TcpExtTCPMemoryPressures"}), 1),
    "udp_buffer_full": ("tier3", counted("netstat", 1, {"counter": "UdpRcvbufErrors"}), 1),
    "udp6_buffer_full": ("tier3", counted("netstat", 1, {"counter": "Udp6RcvbufErrors"}), 1),
    "conntrack_full": ("tier3", counted("netstat", 1, {"counter": "ConntrackDrop"}), 1),
    "disk_p99": ("tier3", waits("biolatency", 65536, 60, device="vda"), 1),
    "disk_p50": ("tier3", waits("biolatency", 16384, 60, device="vda"), 1),
    "disk_mean": ("tier1", lambda one: result_of(one, "biolatency")["data"]["series"][0].update(total=9e6), 1),
    "disk_queue": ("tier3", waits("biolatency", 65536, 600, device="vda"), 1),
    "disk_requests": ("tier3", waits("biolatency", 64, 20000, device="vda"), 1),
    "disk_fleet": ("tier3", waits("biolatency", 8192, 60, device="vda"), 1),
    "disk_previous": ("tier3", waits("biolatency", 8192, 60, device="vda"), 1),
    "retransmit_rate": ("tier3", counted("tcpretrans", 50, FLOW, state="ESTABLISHED", segments=50), 1),
    "connections_unanswered": ("tier3", counted("tcpretrans", 1, FLOW, state="SYN_SENT", segments=1), 1),
    "connections_unfinished": ("tier3", counted("tcpretrans", 1, FLOW, state="NEW_SYN_RECV", segments=1), 1),
    "retransmits_to_one_peer": ("tier3", counted("tcpretrans", 50, FLOW, state="ESTABLISHED", segments=50), 1),
    "retransmit_timeouts": ("tier1", counted("tcpretrans", 10, {"counter": "TCPTimeouts"}), 1),
    "retransmit_failures": ("tier1", counted("tcpretrans", 5, {"counter": "TCPRetransFail"}), 1),
    "retransmit_fleet": ("tier3", counted("tcpretrans", 6, FLOW), 1),
    "retransmit_previous": ("tier3", counted("tcpretrans", 6, FLOW), 1),
    "exec_rate": ("tier3", counted("execsnoop", 60, {"comm": "sh"}), 1),
    "exec_storm": ("tier3", counted("execsnoop", 20, {"comm": "sh"}), 1),
    "fork_rate": ("tier1", lambda one: result_of(one, "execsnoop")["data"].update(count=300), 1),
    "exec_fleet": ("tier3", counted("execsnoop", 200, {"comm": "sh"}), 1),
    "exec_previous": ("tier3", counted("execsnoop", 200, {"comm": "sh"}), 1),
    "fsync_rate": ("tier3", counted("vfsstat", 200, {"operation": "fsync"}), 1),
    "create_rate": ("tier3", counted("vfsstat", 500, {"operation": "create"}), 1),
    "file_calls": ("tier1", counted("vfsstat", 600000, {"operation": "read"}), 1),
    "file_calls_fleet": ("tier3", counted("vfsstat", 10000, {"operation": "read"}), 1),
    "collector_failed": ("tier3", failed, 1),
    "collector_cut": (
        "tier3",
        lambda one: result_of(one, "runqlat").update(
            status="truncated", reason={"code": "truncated", "message": "the tool's table is full", "remedy": None}
        ),
        1,
    ),
    "events_lost": ("tier3", lambda one: result_of(one, "runqlat").update(lost=500), 1),
    "programs_busy": ("tier3", lambda one: result_of(one, "runqlat")["cost"].update(run_ns=20000000), 1),
    "visit_cpu": ("tier3", cost(cpu_ms=100, children_cpu_ms=5000), 1),
    "visit_memory": ("tier3", cost(max_rss_kib=200000), 1),
    "visit_slow": ("tier3", cost(wall_ms=20000), 1),
    "clock_ahead": ("tier3", clock(60), 1),
    "clock_behind": ("tier3", clock(-60), 1),
    "host_silent": ("tier3", unreachable, 1),
    "host_lost": ("tier3", unreachable, 1),
    "tier_lost": ("tier3", lower, 1),
    "tier_below_published": ("tier3", lower, 1),
    "kernel_changed": ("tier3", kernel(release="6.19.1"), 1),
    "unprivileged_bpf": ("tier3", kernel(unprivileged_bpf_disabled=0), 1),
    "bpf_jit_off": ("tier3", kernel(jit=0), 1),
    "tools_untrusted": ("tier3", lambda one: one["capability"]["userland"].update(bcc_tools=TOOLS), 1),
    "outlier_slower": ("tier3", waits("runqlat", 8192, 200), 1),
    "outlier_faster": ("tier3", waits("biolatency", 2, 200, device="vda"), 1),
    "fleet_silent": ("tier3", unreachable, 3),
    "fleet_divided": ("tier3", waits("runqlat", 8192, 200), 3),
    "fleet_kernels": ("tier3", lambda one: kernel(release="6.19." + one["host"])(one), 5),
}


class Fleet:
    """A run of a fleet of healthy hosts and some that are not."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        (path / "hosts").mkdir(parents=True)
        self.hosts: list[_run.RollHost] = []

    def add(self, one: Record) -> None:
        """Add a host; its record is one that this collection takes."""
        _record.check_stored(one)
        _store.write(str(self.path), one)
        self.hosts.append(_run.RollHost(one["host"], ["f"], True))

    def survey(self, previous: _previous.Previous | None, collectors: list[str] | None = None) -> _survey.Survey:
        """Return the report as data."""
        run = _run.Run("r1", "2026-11-24T03:00:00Z", {}, {"collectors": collectors or [*ALL, *MORE]}, self.hosts)
        return _survey.gather(str(self.path), run, lambda host: None, str(self.path), None, previous)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, _previous.Previous]:
    """Return a previous run in which all hosts were healthy, by their tier."""
    found = {}
    for name in ("tier3", "tier1"):
        fleet = Fleet(tmp_path_factory.mktemp("before") / "r0")
        for host in [*("h%d" % number for number in range(HEALTHY)), *("odd%d" % number for number in range(5))]:
            fleet.add(healthy(name, host))
        survey = fleet.survey(None)
        path = fleet.path / "survey.ndjson"
        stream = io.StringIO()
        _ndjson.write(survey, stream)
        survey.close()
        path.write_text(stream.getvalue())
        found[name] = _previous.read(str(path), set(_values.known()))
    return found


def test_every_rule_has_its_case() -> None:
    assert {rule.id for rule in _rules.default().of([])} == set(CASES)


@pytest.mark.parametrize("rule", CASES)
def test_rule_fires_where_it_should_and_nowhere_else(
    rule: str, before: dict[str, _previous.Previous], tmp_path: pathlib.Path
) -> None:
    tier, craft, number = CASES[rule]
    fleet = Fleet(tmp_path / "r1")
    for host in range(HEALTHY):
        fleet.add(healthy("tier3", "h%d" % host))
    for host in range(number):
        odd = healthy(tier, "odd%d" % host)
        craft(odd)
        fleet.add(odd)
    survey = fleet.survey(before[tier])
    rows = {row["host"]: row for row in survey.rows()}
    survey.close()
    named = {host: {one["rule"] for one in row["findings"]} for host, row in rows.items()}
    changed = {"tier_lost", "kernel_changed"} if tier == "tier1" else set()  # the healthy ones are at tier 3 now
    assert all(found <= changed for host, found in named.items() if host.startswith("h"))
    if rule.startswith("fleet_"):
        for scope in (survey.head["inventory"], survey.head["fleets"][0]):
            assert rule in [one["rule"] for one in scope["fleet_findings"]]
        return
    assert survey.head["inventory"]["fleet_findings"] == []
    assert rule in named["odd0"]
    found = next(one for one in rows["odd0"]["findings"] if one["rule"] == rule)
    assert found["evidence"][-1] in ".\u2026"
    assert rule in survey.head["rules"]
    assert rule in [one["rule"] for one in survey.head["fleets"][0]["findings"]]
    assert rows["odd0"]["health"]["ailing"] > 0


def test_healthy_hosts_are_healthy_and_all_was_checked(
    before: dict[str, _previous.Previous], tmp_path: pathlib.Path
) -> None:
    fleet = Fleet(tmp_path / "r1")
    for host in range(HEALTHY):
        fleet.add(healthy("tier3", "h%d" % host))
    survey = fleet.survey(before["tier3"])
    rows = list(survey.rows())
    survey.close()
    assert [row["findings"] for row in rows] == [[]] * HEALTHY
    assert [(row["health"]["healthy"], row["health"]["unknown"]) for row in rows] == [(100, 0)] * HEALTHY
    assert survey.head["fleets"][0]["health"]["healthy"] == 100
    assert rows[0]["health"]["checks"]["quiet"] > 40


def alone(one: Record, tmp_path: pathlib.Path, collectors: list[str] | None = None) -> dict[str, t.Any]:
    """Return the row of a host that is the whole fleet."""
    fleet = Fleet(tmp_path / "r1")
    fleet.add(one)
    survey = fleet.survey(None, collectors)
    (row,) = survey.rows()
    survey.close()
    return row


def test_what_a_tier_does_not_know_is_unknown_and_not_healthy(tmp_path: pathlib.Path) -> None:
    one = healthy("tier1")
    result_of(one, "runqlat")["data"]["total"] = 1000.0
    health = alone(one, tmp_path)["health"]
    assert health["ailing"] == 0
    assert health["unknown"] > 10  # no quantiles, no losses
    assert health["healthy"] == pytest.approx(100 - health["unknown"])


def test_a_host_without_an_answer_has_no_health(tmp_path: pathlib.Path) -> None:
    one = healthy()
    unreachable(one)
    row = alone(one, tmp_path)
    assert row["health"]["healthy"] == 0
    assert row["health"]["unknown"] > 90
    assert [one["rule"] for one in row["findings"]] == ["host_silent"]
    assert row["findings"][0]["evidence"] == "unreachable: Connection refused."


def test_a_failed_collector_is_unknown(tmp_path: pathlib.Path) -> None:
    one = healthy()
    failed(one)
    row = alone(one, tmp_path)
    assert [found["evidence"] for found in row["findings"]] == ["runqlat: the verifier said no."]
    assert row["health"]["checks"]["unknown"] == 6  # all rules on runqlat, but the one that needs a previous run


def test_collectors_that_were_not_asked_for_do_not_count(tmp_path: pathlib.Path) -> None:
    one = healthy()
    one["results"] = [result_of(one, "runqlat")]
    row = alone(one, tmp_path, ["runqlat"])
    assert (row["health"]["healthy"], row["health"]["unknown"]) == (100, 0)


def test_an_idle_host_is_no_unknown_one(tmp_path: pathlib.Path) -> None:
    one = healthy()
    for result in one["results"]:
        rows = {"series": []} if result["kind"] == "histogram" else {"items": [], "omitted": 0}
        events = {"events": []} if result["kind"] == "events" else {}
        result.update(status="idle", reason=None, data={"count": 0, **rows, **events})
        if result["kind"] == "histogram":
            result["data"]["total"] = 0
    row = alone(one, tmp_path)
    assert (row["findings"], row["health"]["unknown"]) == ([], 0)


def test_nothing_is_said_by_too_few_events(tmp_path: pathlib.Path) -> None:
    one = healthy()
    waits("runqlat", 1 << 20, 99)(one)
    assert "run_queue_p99" not in [found["rule"] for found in alone(one, tmp_path)["findings"]]


def test_a_quantile_s_threshold_is_reached_by_the_lower_bound_only(tmp_path: pathlib.Path) -> None:
    one = healthy()
    waits("runqlat", 8192, 150)(one)  # 8.2 to 16.4 ms: perhaps, but not surely, above 10 ms
    assert "run_queue_p99" not in [found["rule"] for found in alone(one, tmp_path)["findings"]]


RULE = _rules.Rule(
    "r", "t", "runqlat.p99", "", "value", (("critical", 100), ("notice", 10)), True, 0, 0, (3,), "m", "n"
)


@pytest.mark.parametrize(
    ("change", "figure", "other", "wanted"),
    [
        ({}, [9, 9], 0, None),
        ({}, [10, 20], 0, "notice"),
        ({}, [8, 16], 0, None),
        ({}, [100, 100], 0, "critical"),
        ({"above": False, "steps": (("critical", 1), ("notice", 5))}, [4, 4], 0, "notice"),
        ({"above": False, "steps": (("critical", 1), ("notice", 5))}, [4, 6], 0, None),
        ({"compare": "fleet", "floor": 50}, [40, 40], 1, None),
        ({"compare": "fleet", "floor": 50}, [60, 60], 1, "notice"),
        ({"compare": "fleet", "floor": 50}, [60, 60], 0, "critical"),  # of nothing, any factor
        ({"compare": "previous", "floor": 50}, [60, 60], 7, None),
        ({"compare": "rise"}, [110, 110], 100, "notice"),
        ({"compare": "fall"}, [90, 90], 100, "notice"),
        ({"compare": "fall"}, [110, 110], 100, None),
    ],
)
def test_steps(change: dict[str, t.Any], figure: list[t.Any], other: float, wanted: str | None) -> None:
    reached = _findings.step(RULE._replace(**change), [*figure, 1, 3], other)
    assert (reached and reached[0]) == wanted


def test_without_a_past_what_compares_with_it_does_not_apply() -> None:
    around = _findings.Around(frozenset(["runqlat"]), Norms([]), None, None)
    for compare in ("previous", "rise", "fall"):
        verdict = _findings.judge(RULE._replace(compare=compare), {"values": {}, "results": []}, around)
        assert verdict == (_findings.APART, [])


def test_findings_of_one_rule_are_the_worst_ten(tmp_path: pathlib.Path) -> None:
    one = healthy()
    rows = [
        {"labels": {"device": "d%d" % n}, "count": 60, "total": 1.0, "buckets": [[65536 << n, 65536 << (n + 1), 60]]}
        for n in range(12)
    ]
    result_of(one, "biolatency")["data"] = {"count": 720, "total": 1.0, "series": rows}
    found = [each for each in alone(one, tmp_path)["findings"] if each["rule"] == "disk_p99"]
    assert len(found) == 10
    assert found[0]["subject"] == "d11"
    assert found[0]["severity"] == "critical"
