# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parsers on what the real tools really printed (tests/unit/fixtures/bcc), against counts taken another way."""

from __future__ import annotations

import collections
import pathlib
import re

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import by_name
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "bcc"
NO_LIMIT = Limits(max_items=10**6, max_events=10**6)


def read(name: str) -> str:
    """A tool's output, decoded as the engine does."""
    return (FIXTURES / name).read_bytes().decode("utf-8", "surrogateescape")


def parse(name: str, elapsed: float = 0.0) -> Answer:
    spec = by_name(name.partition("-")[0]).bcc
    assert spec is not None
    return spec.parse(read(name), elapsed, NO_LIMIT)


def histograms(name: str) -> list[list[tuple[int, int]]]:
    """(lower bound, count) of the rows that are not empty, of each histogram in turn."""
    found: list[list[tuple[int, int]]] = []
    for line in read(name).split("\n"):
        if "distribution" in line:
            found.append([])
        words = line.replace("|", " ").split()
        if words[1:2] == ["->"] and words[4] != "0":
            found[-1].append((int(words[0]), int(words[4])))
    return found


def test_runqlat() -> None:
    answer = parse("runqlat-load-0.26.txt")
    (expected,) = histograms("runqlat-load-0.26.txt")
    (series,) = answer.data["series"]
    assert [(lo, count) for lo, _hi, count in series["buckets"]] == expected
    assert all(hi == 2 * max(lo, 1) for lo, hi, _count in series["buckets"])
    assert answer.data["count"] == sum(count for _lo, count in expected) > 10000
    assert answer.data["total"] is None


def test_runqlat_saw_nothing() -> None:
    assert parse("runqlat-idle-0.26.txt").data == {"count": 0, "total": 0, "series": []}


def test_tcpretrans_saw_nothing() -> None:
    answer = parse("tcpretrans-idle-0.26.txt")
    assert answer.data == {"count": 0, "items": [], "omitted": 0}
    assert answer.lost == 0


@pytest.mark.parametrize(
    "name",
    [
        "runqlat-noheaders",
        "runqlat-unprivileged",
        "biolatency-noheaders",
        "biolatency-unprivileged",
        "biolatency-notrace",
        "biolatency-nodebugfs",
        "tcpretrans-noheaders",
        "tcpretrans-unprivileged-interrupted",
        "execsnoop-noheaders",
        "execsnoop-unprivileged",
    ],
)
def test_a_tool_that_could_not_start_is_not_idle(name: str) -> None:
    with pytest.raises(ValueError, match=r"did not print|header"):
        parse(name + "-0.26.txt")


@pytest.mark.parametrize("name", ["runqlat-nodebugfs", "runqlat-nodebugfs-notracefs"])
def test_runqlat_needs_neither_debugfs_nor_tracefs(name: str) -> None:
    (expected,) = histograms(name + "-0.26.txt")
    assert parse(name + "-0.26.txt").data["count"] == sum(count for _lo, count in expected) > 100


def test_biolatency_by_device() -> None:
    name = "biolatency-disks-load-0.26.txt"
    answer = parse(name)
    devices = re.findall(r"^disk = (\S+)$", read(name), re.MULTILINE)
    assert len(devices) > 1
    by_device = {one["labels"]["device"]: one["buckets"] for one in answer.data["series"]}
    assert {device: [(lo, n) for lo, _hi, n in buckets] for device, buckets in by_device.items()} == dict(
        zip(devices, histograms(name))
    )
    assert answer.truncated is None


@pytest.mark.parametrize("name", ["biolatency-load-0.26.txt"])
def test_biolatency_without_devices_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        parse(name)


@pytest.mark.parametrize("name", ["biolatency-disks-idle-0.26.txt", "biolatency-idle-0.26.txt"])
def test_biolatency_idle(name: str) -> None:
    assert parse(name).data == {"count": 0, "total": 0, "series": []}


def test_loss_probes_are_no_retransmits() -> None:
    name = "tcpretrans-lossprobe-load-0.26.txt"
    assert read(name).count(" L> ") > 100
    assert parse(name).data["count"] == read(name).count(" R> ") > 500
    assert parse(name).lost == 0


@pytest.mark.parametrize("name", ["runqlat-ms-load-0.26.txt"])
def test_milliseconds_are_never_taken_for_microseconds(name: str) -> None:
    with pytest.raises(ValueError, match="msecs"):
        parse(name)


def test_tcpretrans() -> None:
    name = "tcpretrans-load-0.26.txt"
    answer = parse(name)
    flows: collections.Counter[tuple[str, ...]] = collections.Counter()
    for line in read(name).split("\n")[2:-1]:
        words = line.split()
        assert words[4] == "R>"
        flows[words[3].replace("::ffff:", ""), words[5].replace("::ffff:", "")] += 1
    items = {
        ("%(saddr)s:%(sport)d" % item["labels"], "%(daddr)s:%(dport)d" % item["labels"]): item["count"]
        for item in answer.data["items"]
    }
    assert items == flows
    assert answer.data["count"] == sum(flows.values()) > 500
    assert answer.lost == 0
    families = {item["labels"]["family"] for item in answer.data["items"]}
    assert families == {"ipv4", "ipv6"}
    assert all(
        (":" in item["labels"]["saddr"]) == (item["labels"]["family"] == "ipv6") for item in answer.data["items"]
    )
    assert all(item["labels"]["process"] is None and item["labels"]["pid"] is None for item in answer.data["items"])


def test_tcpretrans_in_its_other_mode_is_refused() -> None:
    answer = parse("tcpretrans-count-load-0.26.txt")
    assert answer.data["count"] == 0
    assert answer.lost


# The columns of each variant: where the name begins, and the file it is in.
EXECSNOOP = [
    ("execsnoop-load-0.26.txt", 0),
    ("execsnoop-failed-load-0.26.txt", 0),
    ("execsnoop-idle-0.26.txt", 0),
    ("execsnoop-failed-idle-0.26.txt", 0),
    ("execsnoop-failed-quoted-load-0.26.txt", 0),
    ("execsnoop-failed-time-load-0.26.txt", 14),
]


def lines_of_started(name: str, at: int, cut: bool = True) -> list[bytes]:
    """The lines of programs that were started, cut in front of the name; one name has a line's end in it."""
    raw = (FIXTURES / name).read_bytes().replace(b"new\nline ", b"new line ")
    lines = [line for line in raw.split(b"\n")[1:-1] if line[at + 33 : at + 36].strip() == b"0"]
    return [line[at:] if cut else line for line in lines]


@pytest.mark.parametrize(("name", "at"), EXECSNOOP)
def test_execsnoop(name: str, at: int) -> None:
    answer = parse(name)
    started = lines_of_started(name, at)
    assert answer.data["count"] == len(started) > 5
    assert answer.lost == 0
    assert [event["pid"] for event in answer.data["events"]] == [int(line[17:24]) for line in started]
    assert [event["ppid"] for event in answer.data["events"]] == [int(line[25:32]) for line in started]
    assert [event["comm"].replace("\n", " ") for event in answer.data["events"]] == [
        line[:16].rstrip().decode("utf-8", "replace").replace("\x1b", "\ufffd") for line in started
    ]
    assert {event["uid"] for event in answer.data["events"]} == {0 if at else None}


@pytest.mark.parametrize(("name", "at"), EXECSNOOP)
def test_execsnoop_arguments(name: str, at: int) -> None:
    for event, line in zip(parse(name).data["events"], lines_of_started(name, at)):
        shown = line[37:].decode("utf-8", "replace").replace("\x1b", "\ufffd")
        if shown.startswith('"'):
            first, _space, rest = shown[1:-1].replace('\\"', "\0").replace('" "', "\1").partition("\1")
            assert event["filename"] == first.replace("\0", '"')
            assert (event["args"] or "") == rest.replace("\1", " ").replace("\0", '"')
        else:
            assert (event["filename"], event["args"]) == (None, shown)


def test_execsnoop_times() -> None:
    seconds = [float(line[:8]) for line in lines_of_started(*EXECSNOOP[-1], cut=False)]
    answer = parse(EXECSNOOP[-1][0], elapsed=2.0)
    assert [event["t_ms"] for event in answer.data["events"]] == [max(round(s * 1000 - 2000), 0) for s in seconds]


def test_hardirqs_by_handler() -> None:
    name = "hardirqs-dist-load-0.26.txt"
    found = {one["labels"]["handler"]: [(lo, n) for lo, _hi, n in one["buckets"]] for one in parse(name).data["series"]}
    handlers = re.findall(r"^hardirq = (\S+)$", read(name), re.MULTILINE)
    assert set(handlers) >= {"virtio1-req.0", "virtio1-req.1"}
    assert found == dict(zip(handlers, histograms(name)))


def test_softirqs_by_vector() -> None:
    name = "softirqs-dist-load-0.26.txt"
    answer = parse(name)
    vectors = re.findall(r"^softirq = (\S+)$", read(name), re.MULTILINE)
    assert len(vectors) > 3
    by_vector = {one["labels"]["vector"]: one["buckets"] for one in answer.data["series"]}
    assert {vector: [(lo, n) for lo, _hi, n in buckets] for vector, buckets in by_vector.items()} == dict(
        zip(vectors, histograms(name))
    )
    assert sum(count for _lo, _hi, count in by_vector["net_rx"]) == 800, "four times two hundred packets were sent"
    assert answer.truncated is None


def test_hardirqs_idle() -> None:
    assert parse("hardirqs-dist-idle-0.26.txt").data == {"count": 0, "total": 0, "series": []}


def test_syscount() -> None:
    name = "syscount-latency-load-0.26.txt"
    answer = parse(name)
    said = read(name).replace("[unknown: 436]", "close_range   ")  # newer than the tool
    table = [line.split() for line in said.split("\n")[3:] if re.match(r"\w+ +[0-9]+ +[0-9.]+$", line)]
    assert [(row["labels"]["syscall"], str(row["count"])) for row in answer.data["items"]] == [
        (words[0], words[1]) for words in sorted(table, key=lambda words: -int(words[1]))
    ]
    assert answer.data["count"] == sum(int(words[1]) for words in table) > 1000
    assert answer.lost == 0


def test_runqslower() -> None:
    name = "runqslower-load-0.26.txt"
    answer = parse(name)
    lines = read(name).split("\n")[2:-1]
    waits: collections.Counter[str] = collections.Counter(line[9:25].rstrip() for line in lines)
    assert {row["labels"]["comm"]: row["count"] for row in answer.data["items"]} == waits
    assert sum(row["total_us"] for row in answer.data["items"]) == sum(int(line.split()[-1]) for line in lines)
    assert max(row["longest_us"] for row in answer.data["items"]) == max(int(line.split()[-1]) for line in lines)
    assert answer.data["count"] == len(lines) > 200
    assert answer.lost == 0


def test_exitsnoop() -> None:
    name = "exitsnoop-load-0.26.txt"
    answer = parse(name)
    said = read(name)
    found = {tuple(row["labels"].values()): row["count"] for row in answer.data["items"]}
    rounds = said.count("code 3\n")
    assert rounds > 1
    assert found["two words", 3, None] == rounds
    assert found["python3", None, "SIGKILL"] == 1, "so the load was ended"
    assert found["new\nline", None, "SIGKILL"] == said.count("signal 9 (KILL)") - 1 >= rounds - 1
    assert found["segv", None, "SIGSEGV"] == said.count("signal 11 (SEGV)") >= rounds - 1
    assert found["kills\nhere", 0, None] >= rounds - 1
    # Two of the children have a line feed in their names, and so two lines.
    broken = found["new\nline", None, "SIGKILL"] + found["kills\nhere", 0, None]
    assert answer.data["count"] == len([line for line in said.split("\n")[1:] if line]) - broken
    assert answer.lost == 0


def test_opensnoop() -> None:
    name = "opensnoop-load-0.26.txt"
    answer = parse(name)
    mine = {
        tuple(row["labels"].values()): row["count"] for row in answer.data["items"] if row["process"] == "opens here"
    }
    assert mine == {
        ("/nonexistent/a b", "ENOENT"): 20,
        ("/nonexistent/\ufffd\ufffd", "ENOENT"): 20,
        ("/etc/passwd", None): 20,
        ("/etc", "EISDIR"): 20,
    }
    assert answer.data["count"] == sum(row["count"] for row in answer.data["items"]) == read(name).count("\n") - 1
    assert answer.lost == 0


def test_killsnoop() -> None:
    name = "killsnoop-load-0.26.txt"
    answer = parse(name)
    said = read(name)
    rounds = said.count("segv ")
    counts = {tuple(row["labels"].values()): row["count"] for row in answer.data["items"]}
    assert counts == {
        ("SIGUSR1", "kills\nhere", None): 7 * rounds,
        ("SIGKILL", "new\nline", None): rounds,
        ("SIGSEGV", "segv", None): rounds,
        ("SIGKILL", "python3", None): 1,  # so the load was ended
        ("SIGINT", "python3", None): 2,  # and this tool, and another one
    }
    assert "%d calls failed" % rounds in answer.notes
    assert answer.data["count"] == sum(counts.values()) > 100
    assert answer.lost == 0


def test_cpudist() -> None:
    answer = parse("cpudist-load-0.26.txt")
    (expected,) = histograms("cpudist-load-0.26.txt")
    (series,) = answer.data["series"]
    assert [(lo, count) for lo, _hi, count in series["buckets"]] == expected
    assert answer.data["count"] == sum(count for _lo, count in expected) > 1000
