# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The families of what bcc's tools print, as their sources print it."""

from __future__ import annotations

import time
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_formats import (
    Counts,
    Events,
    Format,
    Histogram,
    Linear,
    Stacks,
    Totals,
    read,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._tools import TOOLS, collector

LIMITS = Limits()
STARS = "|%-40s|"


def log2(header: str, *rows: tuple[int, int, int]) -> str:
    """Print a histogram as _print_log2_hist of bcc's table.py does."""
    text = "     %-19s : count     distribution\n" % header
    return text + "".join("%10d -> %-10d : %-8d %s\n" % (*row, STARS % "***") for row in rows)


def answer(form: Format, body: str) -> dict[str, t.Any]:
    """What is read, without a line that was not understood."""
    found = read(form, body, LIMITS)
    assert not found.lost
    return found.data


# --- histograms -------------------------------------------------------------------------------------------------------


def test_several_histograms_by_what_they_are_of() -> None:
    body = "\n\noperation = read\n%s\noperation = open\n%s" % (
        log2("usecs", (0, 1, 3), (2, 3, 0), (4, 7, 2)),
        log2("usecs", (0, 1, 1)),
    )
    data = answer(Histogram(section="operation", label="operation"), body)
    assert data["count"] == 6
    assert data["series"] == [
        {"labels": {"operation": "read"}, "count": 5, "total": None, "buckets": [(0, 2, 3), (4, 8, 2)]},
        {"labels": {"operation": "open"}, "count": 1, "total": None, "buckets": [(0, 2, 1)]},
    ]


def test_names_that_are_written_as_python_writes_bytes_are_the_same_names() -> None:
    body = "\n\noperation = b'read'\n%s" % log2("usecs", (0, 1, 3))
    (series,) = answer(Histogram(section="operation", label="operation"), body)["series"]
    assert series["labels"] == {"operation": "read"}


def test_a_histogram_with_a_sentence_beside_it() -> None:
    form = TOOLS["readahead"].form
    body = "\nRead-ahead unused pages: 6765\nHistogram of read-ahead used page age (ms):\n\n" + log2(
        "age (ms)", (0, 1, 2236), (2, 3, 260)
    )
    found = read(form, body, LIMITS)
    assert found.data["count"] == 2496
    assert found.notes == ("Read-ahead unused pages: 6765",)


def test_a_full_table_is_said_to_be_full() -> None:
    rows = [(0 if n == 0 else 1 << n, (2 << n) - 1, 1) for n in range(16)]
    body = "\n" + "".join("\noperation = %d\n%s" % (n, log2("usecs", *rows)) for n in range(4))
    found = read(Histogram(section="operation", label="operation"), body, LIMITS)
    assert found.truncated == "the tool's table, with room for 64 pairs of operation and bucket, is full"
    assert found.data["count"] == 64


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\n\noperation = read\n" + log2("msecs", (0, 1, 3)),
        "\n\n" + log2("usecs", (0, 1, 3)),
        "\n\noperation = read\n",
        "\n\noperation = read\n" + log2("usecs", (0, 2, 3)),
        "Traceback\n",
    ],
)
def test_what_is_no_such_histogram_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"understood|without|row of a log2|ends after"):
        read(Histogram(section="operation", label="operation"), body, LIMITS)


def linear(*rows: tuple[int, int]) -> str:
    """Print a histogram as _print_linear_hist of bcc's table.py does."""
    header = "\n     %-13s : count     distribution\n" % "runqlen"
    return header + "".join("        %-10d : %-8d %s\n" % (*row, STARS % "***") for row in rows)


def test_small_numbers_have_log2_buckets_and_an_exact_sum() -> None:
    (series,) = answer(Linear("runqlen"), linear((0, 900), (1, 50), (2, 0), (3, 7), (4, 1)))["series"]
    assert series["buckets"] == [(0, 2, 950), (2, 4, 7), (4, 8, 1)]
    assert (series["count"], series["total"]) == (958, 50 + 21 + 4)
    assert answer(Linear("runqlen"), "\n") == {"count": 0, "total": 0, "series": []}


@pytest.mark.parametrize("body", ["", "runqocc: 1.00%\n", linear((0, 1)).replace("runqlen", "cpu")])
def test_what_is_no_histogram_of_small_numbers_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"understood|without"):
        read(Linear("runqlen"), body, LIMITS)


# --- columns ----------------------------------------------------------------------------------------------------------

OPENS = Events("pid:d comm:=16 fd:d path:*")


def test_events_with_hostile_names() -> None:
    lines = [
        "%-7d %-16s %4d %s\n" % row
        for row in (
            (1, "a b 3 4", 5, "/tmp/a file"),
            (2, "new\nline", 6, "x\x1b[2J\udcff"),
            (3, "", 7, ""),
            (4, "fifteen chars..", 8, "=cmd|'/C calc'!A0"),
        )
    ]
    data = answer(OPENS, "".join(lines))
    assert [event["comm"] for event in data["events"]] == ["a b 3 4", "new\nline", "", "fifteen chars.."]
    assert [event["pid"] for event in data["events"]] == [1, 2, 3, 4]
    assert data["events"][1]["path"] == "x\ufffd[2J\ufffd"
    assert data["count"] == 4


def test_lines_that_cannot_be_read_are_lost_and_not_guessed() -> None:
    found = read(OPENS, "1       %-16s    5 /a\ngarbage\n2       %-16s    5 /b\n3   cut" % ("cat", "cat"), LIMITS)
    assert [event["path"] for event in found.data["events"]] == ["/a", "/b"]
    assert found.lost == 2
    assert found.notes == ("2 lines of the tool's output could not be read and are counted as lost",)


def test_a_name_that_is_padded_by_bytes_may_have_fewer_characters() -> None:
    data = answer(TOOLS["tcpaccept"].form, "%-7d %-10s %-2d %-16s %-5d %-16s %-5d\n" % (
        7, "\u00fc\u00fc a", 6, "::ffff:10.0.0.1", 4000, "::1", 22,
    ))  # fmt: skip
    assert data["events"] == [
        {"pid": 7, "comm": "\u00fc\u00fc a", "ip": 6, "daddr": "10.0.0.1", "dport": 4000, "saddr": "::1", "sport": 22}
    ]


def test_values_between_commas() -> None:
    data = answer(TOOLS["ext4slower"].form, "123,a,b,42,R,4096,0,10500,x,y z\n124,b'cat',43,S,0,0,20000,b'f'\n")
    assert data["events"] == [
        {"comm": "a,b", "pid": 42, "operation": "R", "bytes": 4096, "offset": 0, "us": 10500, "file": "x,y z"},
        {"comm": "cat", "pid": 43, "operation": "S", "bytes": 0, "offset": 0, "us": 20000, "file": "f"},
    ]


def test_a_number_may_touch_the_next_column() -> None:
    line = "%-11.6f %-14.14s %-7s %-9s %-1s %-10s %-7s%7.2f\n"
    body = line % (0, "dd", 1, "", "W", 5, 4096, 3.5) + line % (1, "dd", 1, "vda", "R", 5, 1048576, 1234.56)
    events = answer(TOOLS["biosnoop"].form, body)["events"]
    assert [(event["disk"], event["bytes"], event["ms"]) for event in events] == [
        ("", 4096, 3.5),
        ("vda", 1048576, 1234.56),
    ]


def test_tables_are_added_up() -> None:
    head = (
        "\n10:00:0%d loadavg: 0.1 0.2 0.3 1/100 4242\n\nTID     COMM             READS  WRITES R_Kb    W_Kb    T FILE\n"
    )
    row = "%-7d %-16s %-6d %-6d %-7d %-7d %1s %s\n"
    body = head % 1 + row % (1, "my prog", 3, 1, 12, 4, "R", "a b") + row % (2, "my prog", 1, 0, 4, 0, "R", "a b")
    body += head % 2 + row % (1, "my prog", 5, 0, 20, 0, "R", "a b") + "Detaching...\n"
    assert answer(TOOLS["filetop"].form, body)["items"] == [
        {
            "labels": {"file": "a b", "comm": "my prog"},
            "count": 10,
            "reads": 9,
            "writes": 1,
            "read_kib": 36,
            "write_kib": 4,
        }
    ]


def test_two_tables_are_told_apart_and_one_is_counted() -> None:
    row = "%40s %10d %6d %10d %10d\n"
    head = "\n%40s %10s %6s %10s %10s\n"
    body = head % ("Caller", "Avg Spin", "Count", "Max spin", "Total spin") + row % (
        "[Missed Kernel Stack]",
        5,
        2,
        7,
        10,
    )
    body += head % ("Caller", "Avg Hold", "Count", "Max hold", "Total hold") + row % ("b'do_it+0x7'", 50, 3, 70, 150)
    body += row % ("do_it+0x7", 50, 1, 90, 90)
    data = answer(TOOLS["klockstat"].form, body)
    assert data["count"] == 2
    assert data["items"] == [
        {"labels": {"caller": "do_it+0x7", "table": "hold"}, "count": 4, "total_ns": 240, "longest_ns": 90},
        {"labels": {"caller": "[Missed Kernel Stack]", "table": "wait"}, "count": 2, "total_ns": 10, "longest_ns": 7},
    ]


def test_a_part_in_percent_is_a_part_of_the_count() -> None:
    body = "10:00:01  vda        20    80       10         40\n10:00:02  vda       100     0        5         20\n"
    (row,) = answer(TOOLS["biopattern"].form, body)["items"]
    assert row == {"labels": {"disk": "vda"}, "count": 15, "kbytes": 60, "random": 7}


def test_versions_that_print_other_columns() -> None:
    form = TOOLS["syncsnoop"].form
    assert answer(form, "%-18.9f sync()\n" % 1.5)["items"] == [{"labels": {"call": "sync", "comm": None}, "count": 1}]
    newer = "%-18.9f %-16s %-16s\n" % (1.5, "my prog", "fdatasync")
    assert answer(form, newer * 2)["items"] == [{"labels": {"call": "fdatasync", "comm": "my prog"}, "count": 2}]


def test_an_errno_has_its_name() -> None:
    body = "%-7d %-16s %4d %3d %s\n%-7d %-16s %4d %3d %s\n" % (1, "ls", -1, 2, "/no", 1, "ls", 0, 0, "/")
    assert [row["labels"]["error"] for row in answer(TOOLS["statsnoop"].form, body)["items"]] == ["ENOENT", None]


def test_each_column_can_count_something_else() -> None:
    body = "       5        3        1   62.50%           20        256\n" * 2 + "Detaching...\n"
    data = answer(TOOLS["cachestat"].form, body)
    assert data["count"] == 16
    assert {row["labels"]["what"]: row["count"] for row in data["items"]} == {"hits": 10, "misses": 6, "dirties": 2}
    idle = "10:00:01:         0        0        0       -%\n"
    assert answer(TOOLS["dcstat"].form, idle) == {"count": 0, "items": [], "omitted": 0}


# --- stacks -----------------------------------------------------------------------------------------------------------


def test_stacks_are_folded_from_the_outside_in() -> None:
    block = (
        "    waker:           swapper/0 0\n    ret_from_fork\n    hrtimer_wakeup\n    --               --\n"
        "    do_nanosleep\n    ffffffff81234567 sys_nanosleep\n    b'nanosleep'\n    target:          my;prog 42\n        %d\n\n"
    )
    data = answer(Stacks(numbers=True), "\n" + block % 100 + block.replace("42", "43") % 5 + "Detaching...\n")
    stack = "my:prog;nanosleep;sys_nanosleep;do_nanosleep;--;hrtimer_wakeup;ret_from_fork;swapper/0"
    assert data == {"count": 105, "items": [{"labels": {"stack": stack}, "count": 105}], "omitted": 0}


def test_a_task_without_a_number_keeps_its_name() -> None:
    body = "    target:          worker 7\n    ffffffff81234567 wake_up\n    waker:           irq 9\n        12\n\n"
    (row,) = answer(Stacks(), body)["items"]
    assert row["labels"] == {"stack": "irq 9;wake_up;worker 7"}


def test_a_stack_that_is_cut_is_lost() -> None:
    found = read(Stacks(), "garbage\n    target:          a\n    waker:           b\n", LIMITS)
    assert (found.data["count"], found.lost) == (0, 2)


# --- bounds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in TOOLS if not isinstance(TOOLS[name].form, (Histogram, Linear))])
def test_megabytes_of_anything_are_read_in_a_moment(name: str) -> None:
    for filling in ("a" * 2**20, " " * 2**20, "1 " * 2**19, "    x\n" * 2**17, "b'" * 2**19):
        begun = time.process_time()
        found = read(TOOLS[name].form, filling, LIMITS)
        assert found.data["count"] >= 0
        assert time.process_time() - begun < 5


def test_a_tool_that_did_not_begin_is_not_idle() -> None:
    for name in TOOLS:
        spec = collector(name).bcc
        assert spec is not None
        with pytest.raises(ValueError, match="did not print"):
            spec.parse("", 0.0, LIMITS)


def test_of_rows_without_end_the_largest_are_kept() -> None:
    body = "".join("%-32s %6d %10d\n" % ("cache%d" % number, number, 8) for number in range(1, 1001))
    data = answer(Counts(("cache:. allocations:d -",), by=("cache",), counted=("allocations",)), body)
    assert (data["count"], len(data["items"]), data["omitted"]) == (500500, 200, 800)
    assert data["items"][0]["count"] == 1000
    assert answer(Totals("n:d", "what", ("n",)), "5\n")["count"] == 5
