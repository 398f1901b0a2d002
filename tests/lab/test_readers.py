# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What independent tools print, as Debian 12's did in a guest, and what is read from it. No guest is needed."""

from __future__ import annotations

import typing as t

import pytest
import readers


def said(*printed: str, status: int = 0, complaints: str = "") -> dict[str, t.Any]:
    return {"printed": list(printed), "status": status, "complaints": complaints}


BPFTRACE = """{"type": "attached_probes", "data": {"probes": 2}}
{"type": "printf", "data": "attached\\n"}


{"type": "map", "data": {"@biotop": {"lab-writer,154,WS": 11968512, "jbd2/vda-8,95,WSM": 49152, "lab-writer,154,WS": 110235648}}}
{"type": "map", "data": {"@throttling": 51}}
{"type": "hist", "data": {"@times": {"lab": [{"min": 0, "max": 0, "count": 1}, {"min": 1, "max": 1, "count": 2}, \
{"min": 2, "max": 3, "count": 0}, {"min": 4, "max": 7, "count": 5}]}}}
"""


def test_bpftrace() -> None:
    found = said(BPFTRACE)
    assert readers.bpftrace(found, "biotop") == {"lab-writer,154,WS": 122204160, "jbd2/vda-8,95,WSM": 49152}
    assert readers.bpftrace(found, "throttling") == {"": 51}
    assert readers.buckets(readers.bpftrace(found, "times")["lab"]) == [(0, 2, 3), (4, 8, 5)]
    assert readers.bpftrace(found, "nothing_seen") == {}


@pytest.mark.parametrize(
    "broken",
    [
        said(BPFTRACE, complaints="WARNING: Map full; can't update element"),
        said(BPFTRACE + '{"type": "lost_events", "data": {"events": 7}}\n'),
        said("", status=1, complaints="No probes to attach"),
    ],
)
def test_bpftrace_that_lost_something_is_no_witness(broken: dict[str, t.Any]) -> None:
    with pytest.raises(ValueError, match="bpftrace|ended"):
        readers.bpftrace(broken, "biotop")


HISTOGRAMS = """Tracing block device I/O... Hit Ctrl-C to end.


disk = vda\t
     usecs               : count    distribution
         0 -> 1          : 0        |                                        |
         2 -> 3          : 13       |*                                       |
         4 -> 7          : 991      |****************************************|

disk = vdb\t
     usecs               : count    distribution
      1024 -> 2047       : 2        |****************************************|
"""


def test_histograms_of_libbpf_tools() -> None:
    assert readers.log2(said(HISTOGRAMS)) == {"vda": [(2, 4, 13), (4, 8, 991)], "vdb": [(1024, 2048, 2)]}


def test_lines_of_libbpf_tools() -> None:
    text = "TIME     PID     COMM             LATms      HOST\n15:23:03 198     lab-lookup       2.892      127.0.0.1\n"
    assert list(readers.lines(said(text), "[0-9:]{8} +([0-9]+) +([^ ]+) +([0-9.]+) +.*")) == [
        ("198", "lab-lookup", "2.892")
    ]
    with pytest.raises(ValueError, match="no line"):
        readers.lines(said("PID\n"), "([0-9]+)")


def test_single_values_as_a_histogram() -> None:
    assert readers.distribution([0.4, 1, 2, 3.9, 4, 1023.9, 1024]) == [
        (0, 2, 2), (2, 4, 2), (4, 8, 1), (512, 1024, 1), (1024, 2048, 1),
    ]  # fmt: skip


SAR = """Linux 6.1.0-50-cloud-amd64 (deb12) \t11/24/26 \t_x86_64_\t(2 CPU)

15:23:09       proc/s   cswch/s
15:23:21         0.58   1647.42

Average:       proc/s   cswch/s
Average:         0.58   1647.42

Average:         INTR       all
Average:          sum    848.58

Average:     %scpu-10  %scpu-60 %scpu-300     %scpu
Average:        11.17      4.80      1.24     19.34
"""


def test_sar() -> None:
    found = readers.sar(said(SAR))
    assert (found["proc/s"], found["cswch/s"], found["all"], found["%scpu"]) == (0.58, 1647.42, 848.58, 19.34)


def test_sums_of_sar() -> None:
    rows = "12:00:01     pgscank/s pgsteal/s\n12:00:02       10.00      1.50\n12:00:03        5.00      0.00\n"
    text = rows + "^C\nAverage:     pgscank/s pgsteal/s\nAverage:         7.50      0.75\n"
    assert readers.sar(said(text), average=False) == {"pgscank/s": 15, "pgsteal/s": 1.5}


def test_numastat_and_growth() -> None:
    text = "                           node0           node1\nnuma_hit                  %d             7\nnuma_miss        0   0\n"
    assert readers.grown({"printed": [text % 100, text % 350]}, readers.numastat) == {"node0 numa_hit": 250}
