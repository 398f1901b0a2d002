# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Native programs and bcc's tools over the same time, on the same guest: what they say agrees (agreement.py)."""

from __future__ import annotations

import pathlib
import typing as t

import agreement
import pytest
from conftest import COMPARED, Surveyed, play

# What the disk completes between the window's bounds and the two looks at /proc/diskstats.
STRAY_REQUESTS = 25
# What only the native program can tell.
NATIVE_ONLY = {"tcpretrans": {"segments"}}

Said = t.Dict[str, t.Dict[str, t.Any]]
PAIRS = [(host, collector) for host, collectors in COMPARED.items() for collector in collectors]


def both(compared: Said, host: str, collector: str) -> list[dict[str, t.Any]]:
    """Return what tier 3 and tier 2 found out; both must have answered, and lost nothing."""
    answers = [compared[host][collector][tier] for tier in ("native", "bcc")]
    for answer in answers:
        assert "failed" not in answer, answer
        assert not answer["lost"], answer["lost"]
    return [answer["data"] for answer in answers]


def test_runqlat_agrees(compared: Said) -> None:
    ours, theirs = (agreement.buckets(data) for data in both(compared, "deb12", "runqlat"))
    assert agreement.count(ours) > 1000
    agreement.assert_histograms_agree(ours, theirs, "tracepoint")


def test_biolatency_agrees_and_is_what_the_disk_completed(compared: Said) -> None:
    ours, theirs = (agreement.buckets(data) for data in both(compared, "deb11-bcc", "biolatency"))
    assert agreement.count(ours) > 100
    agreement.assert_histograms_agree(ours, theirs, "kprobe")
    # The kernel accounts a request once that has a flush before or after its data; the disk is given each of them.
    said = compared["deb11-bcc"]
    completed, flushes = said["biolatency"]["completed"], said["load"]["flushes"]
    least, most = completed - STRAY_REQUESTS, completed + flushes + STRAY_REQUESTS
    assert least <= agreement.count(ours) <= most, (ours, completed, flushes)


def test_tcpretrans_is_equal_flow_by_flow_and_accounts_for_the_kernels_own_count(compared: Said) -> None:
    ours, theirs = both(compared, "deb12", "tcpretrans")
    assert agreement.flows(ours) == agreement.flows(theirs)
    assert {row["labels"]["family"] for row in ours["items"]} == {"ipv4", "ipv6"}
    # One event may send several segments, and RetransSegs counts segments.
    assert ours["segments"] == compared["deb12"]["load"]["retransmitted"]


def test_execsnoop_names_the_same_processes(compared: Said) -> None:
    load = set(compared["deb12"]["load"]["pids"])
    data = both(compared, "deb12", "execsnoop")
    ours, theirs = (agreement.processes(each) for each in data)
    assert load <= ours
    assert load <= theirs
    # The tool traces the system call: what the kernel starts by itself (call_usermodehelper, here modprobe) makes none.
    assert theirs <= ours
    events = data[0]["events"]
    assert all(event["args"].startswith("-q -- ") for event in events if event["pid"] in ours - theirs), events


@pytest.mark.parametrize(("host", "collector"), PAIRS)
def test_both_tiers_have_the_same_shape(compared: Said, host: str, collector: str) -> None:
    ours, theirs = both(compared, host, collector)
    assert ours.keys() - theirs.keys() == NATIVE_ONLY.get(collector, set())
    assert not theirs.keys() - ours.keys()
    for rows in ("series", "items", "events"):
        keys = [
            {(frozenset(row), frozenset(row.get("labels", ()))) for row in each.get(rows, ())}
            for each in (ours, theirs)
        ]
        assert keys[0] == keys[1], (rows, keys)


def test_tier_2_when_asked_for(source: str, survey: Surveyed, tmp_path: pathlib.Path) -> None:
    """libbpf-tools answer where they are, since they need no compiler, and bcc's tools elsewhere: in the shape of tier 3."""
    names = ["runqlat", "biolatency"]
    asked = {"tier": "2", "collectors": [*names, "biotop"], "startup_limit": 600, "timeout": 800}
    records = play(tmp_path, source, "--limit", "deb12,deb11-bcc", **asked).records
    sources = {"deb12": "libbpf-tools:/usr/sbin/%s", "deb11-bcc": "bcc:/usr/sbin/%s-bpfcc"}
    for host, tool in sources.items():
        for at, name in enumerate(names):
            result, native = records[host]["results"][at], survey.records[host]["results"][at]
            assert (result["tier"], result["source"]) == (2, tool % name), result
            assert result["status"] in ("ok", "idle"), result
            assert native["tier"] == 3
            assert result.keys() == native.keys()
            assert result["data"].keys() == native["data"].keys()
            keys = {frozenset(row) for each in (result, native) for row in each["data"]["series"]}
            assert len(keys) <= 1, keys
        assert records[host]["results"][0]["status"] == "ok", records[host]["results"][0]
    # This kernel's blk_account_io_start cannot be attached to, and the compiled tool of Debian 12 knows no other way.
    attempt = records["deb12"]["results"][2]["attempts"][0]
    assert (attempt["source"], attempt["reason"]["code"]) == ("libbpf-tools:/usr/sbin/biotop", "no_probe"), attempt
    assert "blk_account_io_start" in attempt["reason"]["message"], attempt
