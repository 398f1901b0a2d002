# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Collectors that are a tool of bcc and nothing else: a table, read from the tools' own sources.

They are part of no profile. `ready` is what the tool prints when it has attached; `prints` says when it prints what it has
found: `at once` as things happen, `each second`, or at its `end`; `since` is the first version of bcc that has the tool, where that
is later than 0.18.
"""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _bcc_formats
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_formats import (
    Counts,
    Events,
    Format,
    Histogram,
    Linear,
    Stacks,
    Totals,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Command, Limits


class Tool(t.NamedTuple):
    """One of bcc's tools; its name is the collector's."""

    category: str
    question: str
    unit: str
    form: Format
    ready: str
    args: tuple[str, ...] = ()
    prints: str = "at once"
    notes: tuple[str, ...] = ()
    since: str = ""


KINDS: dict[type, str] = {
    Histogram: "histogram",
    Linear: "histogram",
    Events: "events",
    Counts: "counts",
    Totals: "counts",
    Stacks: "counts",
}

_STEPS = "the tool counts in steps of a second: up to a second from before the window is in it"
_WHOLE_ONES = "what is left of the last second is not in it"
_ROOM = "stacks for which the tool had no room are not in it"
_SLOW_MS = "10"

# The columns of -j, the same in all versions.
_SLOWER = Events("-:d comm:. pid:d operation bytes:d offset:d us:d file:*", comma=True)
_BY_OPERATION = Histogram(section="operation", label="operation")
_STORAGE = ("--stack-storage-size", "16384")

TOOLS: dict[str, Tool] = {
    "bindsnoop": Tool(
        "network",
        "Which processes bind sockets to which addresses and ports?",
        "binds",
        Events("pid:d comm:~12 protocol address:a port:d options interface:d"),
        ready="OPTS",
        args=("-w",),  # whole addresses
    ),
    "biopattern": Tool(
        "disk",
        "Are disks read and written in order, or here and there?",
        "requests",
        Counts(
            ("- disk random_percent:d - requests:d kbytes:d",),
            by=("disk",),
            counted=("requests",),
            sums=("kbytes",),
            share=("random_percent", "random"),
        ),
        ready="KBYTES",
        args=("1",),
        prints="each second",
        notes=("random: from whole percents of each second",),
        since="0.26",
    ),
    "biosnoop": Tool(
        "disk",
        "Which requests do block devices get, from whom, and how long does each take?",
        "requests",
        Events("- comm:=14 pid:d disk:? operation sector:d bytes:7 ms:f"),
        ready="LAT(ms)",
    ),
    "btrfsdist": Tool(
        "filesystem",
        "How long do operations on btrfs take?",
        "us",
        _BY_OPERATION,
        ready="Tracing btrfs operation latency",
        prints="end",
    ),
    "btrfsslower": Tool(
        "filesystem",
        "Which operations on btrfs take longer than 10 ms?",
        "operations",
        _SLOWER,
        ready="ENDTIME_us",
        args=("-j", _SLOW_MS),
    ),
    "cachestat": Tool(
        "memory",
        "How often does the page cache have what is asked of it?",
        "pages",
        Totals("hits:d misses:d dirties:d - - -", "what", ("hits", "misses")),
        ready="CACHED_MB",
        args=("1",),
        prints="each second",
        notes=(
            "the tool reckons hits and misses from how often functions of the kernel are called, which is not exact",
            "count is hits and misses, without what was made dirty",
        ),
    ),
    "capable": Tool(
        "process",
        "Which capabilities does the kernel look for, in which processes?",
        "checks",
        Counts(("- uid:d pid:d comm:=16 -:d capability audit:d",), by=("capability", "comm", "uid")),
        ready="AUDIT",
    ),
    "dcsnoop": Tool(
        "filesystem",
        "Which names does the directory cache not know?",
        "lookups",
        Counts(("-:f pid:d comm:=16 - file:*",), by=("file", "comm")),
        ready="FILE",
    ),
    "dcstat": Tool(
        "filesystem",
        "How often does the directory cache know a name?",
        "lookups",
        Totals("- references:d slow:d misses:d -", "what", ("references",)),
        ready="HIT%",
        args=("1",),
        prints="each second",
        notes=(
            _WHOLE_ONES,
            "references are all; slow are those that took the way with locks, of which misses found none",
        ),
    ),
    "ext4dist": Tool(
        "filesystem",
        "How long do operations on ext4 take?",
        "us",
        _BY_OPERATION,
        ready="Tracing ext4 operation latency",
        prints="end",
    ),
    "ext4slower": Tool(
        "filesystem",
        "Which operations on ext4 take longer than 10 ms?",
        "operations",
        _SLOWER,
        ready="ENDTIME_us",
        args=("-j", _SLOW_MS),
    ),
    "f2fsslower": Tool(
        "filesystem",
        "Which operations on f2fs take longer than 10 ms?",
        "operations",
        _SLOWER,
        ready="ENDTIME_us",
        args=("-s", _SLOW_MS),  # its own spelling of -j
        since="0.31",
    ),
    "filegone": Tool(
        "filesystem",
        "Which files are deleted or renamed, and by whom?",
        "files",
        Events("- pid:d comm:=16 action file:*"),
        ready="ACTION",
        since="0.26",
    ),
    "filelife": Tool(
        "filesystem",
        "Which files are deleted soon after they were made?",
        "files",
        Events("- pid:d comm:=16 age_s:f file:*"),
        ready="AGE(s)",
        notes=("files that were made after the tool began",),
    ),
    "fileslower": Tool(
        "filesystem",
        "Which reads and writes of files take longer than 10 ms?",
        "operations",
        Events("-:f comm:=14 tid:d operation bytes:d ms:f file:*"),
        ready="FILENAME",
        args=(_SLOW_MS,),
    ),
    "filetop": Tool(
        "filesystem",
        "Which files are read and written most, and by whom?",
        "calls",
        Counts(
            ("tid:d comm:=16 reads:d writes:d read_kib:d write_kib:d - file:*",),
            by=("file", "comm"),
            counted=("reads", "writes"),
            sums=("reads", "writes", "read_kib", "write_kib"),
            headers=(("TID COMM READS WRITES R_Kb W_Kb T FILE", ""),),
        ),
        ready="Hit Ctrl-C to end",
        args=("-C", "-r", "1000", "1"),
        prints="each second",
        notes=("regular files; KiB are whole ones of each second and thread",),
    ),
    "klockstat": Tool(
        "cpu",
        "Which of the kernel's mutexes are waited for, and held, and how long?",
        "acquisitions",
        Counts(
            ("caller:. average_ns:d acquisitions:d longest_ns:d total_ns:d",),
            by=("caller", "table"),
            counted=("acquisitions",),
            sums=("total_ns",),
            most=("longest_ns",),
            headers=(
                ("Caller Avg Spin Count Max spin Total spin", "wait"),
                ("Caller Avg Hold Count Max hold Total hold", "hold"),
            ),
            headline="wait",
        ),
        ready="Tracing lock events",
        prints="end",
    ),
    "kvmexit": Tool(
        "cpu",
        "Why do virtual machines leave their processor to this host?",
        "exits",
        Counts(
            ("pid:d tid:d reason exits:d",),
            by=("reason", "pid"),
            counted=("exits",),
            headers=(("PID TID KVM_EXIT_REASON COUNT", ""),),
        ),
        ready="Display kvm exit reasons",
        prints="end",
        notes=("Intel's processors only",),
        since="0.26",
    ),
    "llcstat": Tool(
        "cpu",
        "Which processes miss the processor's last cache?",
        "references",
        Counts(
            ("pid:d comm:=16 cpu:d references:d misses:d -",),
            by=("comm", "pid"),
            counted=("references",),
            sums=("misses",),
            headers=(("PID NAME CPU REFERENCE MISS HIT%", ""),),
        ),
        ready="or hit Ctrl-C to end",
        args=("86400",),  # seconds, of which the window is a part
        prints="end",
        notes=("one in a hundred is seen, and stands for all of them", "a process is named as it was when it was seen"),
    ),
    "mdflush": Tool(
        "disk",
        "Which software RAIDs are flushed, and for whom?",
        "flushes",
        Events("- pid:d comm:=16 device"),
        ready="DEVICE",
    ),
    "mountsnoop": Tool(
        "filesystem",
        "What is mounted and unmounted, and by whom?",
        "calls",
        Events("comm:=16 pid:d tid:d mount_namespace:d call:*"),
        ready="MNT_NS",
    ),
    "nfsdist": Tool(
        "filesystem",
        "How long do operations on NFS take, as this client sees them?",
        "us",
        _BY_OPERATION,
        ready="Tracing NFS operation latency",
        prints="end",
    ),
    "nfsslower": Tool(
        "filesystem",
        "Which operations on NFS take longer than 10 ms, as this client sees them?",
        "operations",
        _SLOWER,
        ready="ENDTIME_us",
        args=("-j", _SLOW_MS),
    ),
    "offwaketime": Tool(
        "cpu",
        "What do tasks wait in, and who wakes them?",
        "us",
        Stacks(numbers=True),
        ready="Tracing blocked time",
        args=_STORAGE,
        prints="end",
        notes=(_ROOM,),
    ),
    "pidpersec": Tool(
        "process",
        "How many processes and threads are begun?",
        "tasks",
        Totals("- - tasks:d", "what", ("tasks",)),
        ready="Tracing... Ctrl-C to end",
        prints="each second",
        notes=(_WHOLE_ONES,),
    ),
    "rdmaucma": Tool(
        "network",
        "Which connections of RDMA come about, and which fail?",
        "events",
        Counts(("- event:=16 - local remote",), by=("event", "local", "remote")),
        ready="Remote",
        since="0.31",
    ),
    "readahead": Tool(
        "memory",
        "How old are pages that were read ahead when they are used?",
        "ms",
        Histogram(
            header="age (ms)",
            aside=r"Read-ahead unused pages: -?[0-9]+|Histogram of read-ahead used page age \(ms\):",
        ),
        ready="Tracing... Hit Ctrl-C to end",
        prints="end",
    ),
    "runqlen": Tool(
        "cpu",
        "How many tasks wait for each CPU?",
        "tasks",
        Linear("runqlen"),
        ready="Sampling run queue length",
        prints="end",
        notes=("a sample of each CPU 99 times a second, without the task that runs",),
    ),
    "shmsnoop": Tool(
        "memory",
        "Who makes, attaches and removes System V shared memory?",
        "calls",
        Events("pid:d comm:=16 call returned arguments:*"),
        ready="ARGs",
    ),
    "slabratetop": Tool(
        "memory",
        "Which of the kernel's caches of objects give out most?",
        "allocations",
        Counts(
            ("cache:. allocations:d bytes:d",),
            by=("cache",),
            counted=("allocations",),
            sums=("bytes",),
            headers=(("CACHE ALLOCS BYTES", ""),),
        ),
        ready="Hit Ctrl-C to end",
        args=("-C", "-r", "1000", "1"),
        prints="each second",
    ),
    "sofdsnoop": Tool(
        "process",
        "Which file descriptors are passed between processes?",
        "descriptors",
        Events("action tid:d comm:=16 socket:. fd:d file:*"),
        ready="SOCKET",
    ),
    "solisten": Tool(
        "network",
        "Who begins to listen, where, and with how long a queue?",
        "calls",
        Events("pid:d comm:~12 protocol backlog:d port:d address:a"),
        ready="BACKLOG",
    ),
    "statsnoop": Tool(
        "filesystem",
        "Which files are asked about (stat), and which of them in vain?",
        "calls",
        Counts(("pid:d comm:=16 -:d error:e path:*",), by=("path", "error", "comm")),
        ready="PATH",
    ),
    "swapin": Tool(
        "memory",
        "Which processes wait for pages that were swapped out?",
        "pages",
        Counts(
            ("comm:b pid:d pages:d",),
            by=("comm", "pid"),
            counted=("pages",),
            headers=(("COMM PID COUNT", ""),),
        ),
        ready="Counting swap ins",
        args=("1",),
        prints="each second",
    ),
    "syncsnoop": Tool(
        "disk",
        "Who has what was written brought to the disks?",
        "calls",
        Counts(("-:f call:c", "-:f comm:~16 call"), by=("call", "comm")),
        ready="CALL",
        notes=("comm is null, and sync() the only call, where bcc is older than 0.31",),
    ),
    "tcpaccept": Tool(
        "network",
        "Which TCP connections are accepted, and by whom?",
        "connections",
        Events("pid:d comm:~12 ip:d daddr:a dport:d saddr:a sport:d"),
        ready="LPORT",
    ),
    "tcpcong": Tool(
        "network",
        "How long do TCP connections stay in each state of congestion control?",
        "us",
        Histogram(section="tcp_congest_state", label="state"),
        ready="Tracing tcp congestion control status duration",
        args=("-d", "-u"),
        prints="end",
        since="0.26",
    ),
    "tcpconnect": Tool(
        "network",
        "Which TCP connections are begun, and by whom?",
        "connections",
        Events("pid:d comm:~12 ip:d saddr:a daddr:a dport:d"),
        ready="DPORT",
    ),
    "tcpsubnet": Tool(
        "network",
        "To which kinds of networks is TCP sent, and how much?",
        "bytes",
        Counts(("subnet bytes:d",), by=("subnet",), counted=("bytes",)),
        ready="Hit Ctrl-C to end",
        prints="each second",
        notes=("what is sent over IPv4, under the first of the networks that it belongs to",),
    ),
    "tcpsynbl": Tool(
        "network",
        "How full are listening sockets' queues when another connection comes?",
        "connections",
        Histogram(header="backlog", section="backlog_max", label="limit"),
        ready="Tracing SYN backlog size",
        prints="end",
    ),
    "tcptop": Tool(
        "network",
        "Which TCP connections carry most, and whose are they?",
        "KiB",
        Counts(
            ("pid:d comm:=12 local remote rx_kib:d tx_kib:d",),
            by=("comm", "pid", "local", "remote"),
            counted=("rx_kib", "tx_kib"),
            sums=("rx_kib", "tx_kib"),
            headers=(("PID COMM LADDR RADDR RX_KB TX_KB", ""), ("PID COMM LADDR6 RADDR6 RX_KB TX_KB", "")),
        ),
        ready="Hit Ctrl-C to end",
        args=("-C", "86400"),  # one table, at the end: each second's would be rounded down to whole KiB
        prints="end",
        notes=("whole KiB of each connection",),
    ),
    "tcptracer": Tool(
        "network",
        "Which TCP connections are begun, accepted and closed?",
        "events",
        Events("event pid:d comm:=16 ip:d saddr:a daddr:a sport:d dport:d netns:d"),
        ready="NETNS",
        args=("-v",),
    ),
    "threadsnoop": Tool(
        "process",
        "Which processes start threads (pthread_create), and to run what?",
        "threads",
        Events("-:d pid:d comm:b function:*"),
        ready="FUNC",
    ),
    "vfscount": Tool(
        "filesystem",
        "Which functions of the virtual file system are called, and how often?",
        "calls",
        Counts(("- function calls:d",), by=("function",), counted=("calls",), headers=(("ADDR FUNC COUNT", ""),)),
        ready="Tracing... Ctrl-C to end",
        prints="end",
    ),
    "virtiostat": Tool(
        "disk",
        "How much do virtio devices carry?",
        "bytes",
        Counts(
            ("driver device queue in_requests:d out_requests:d in_bytes:d out_bytes:d",),
            by=("driver", "device", "queue"),
            counted=("in_bytes", "out_bytes"),
            sums=("in_requests", "out_requests", "in_bytes", "out_bytes"),
            headers=(("Driver Device VQ Name In SGs Out SGs In BW Out BW", ""),),
        ),
        ready="Tracing virtio devices statistics",
        args=("1",),
        prints="each second",
        since="0.26",
    ),
    "wakeuptime": Tool(
        "cpu",
        "Who wakes tasks that wait, and how long had they waited?",
        "us",
        Stacks(),
        ready="Tracing blocked time",
        args=_STORAGE,
        prints="end",
        notes=(_ROOM,),
    ),
    "wqlat": Tool(
        "cpu",
        "How long does the kernel's own work wait in its queues?",
        "us",
        Histogram(),
        ready="Tracing work queue request latency",
        prints="end",
        since="0.31",
    ),
    "xfsdist": Tool(
        "filesystem",
        "How long do operations on XFS take?",
        "us",
        _BY_OPERATION,
        ready="Tracing XFS operation latency",
        prints="end",
    ),
    "xfsslower": Tool(
        "filesystem",
        "Which operations on XFS take longer than 10 ms?",
        "operations",
        _SLOWER,
        ready="ENDTIME_us",
        args=("-j", _SLOW_MS),
    ),
    "zfsdist": Tool(
        "filesystem",
        "How long do operations on ZFS take?",
        "us",
        _BY_OPERATION,
        ready="Tracing ZFS operation latency",
        prints="end",
    ),
    "zfsslower": Tool(
        "filesystem",
        "Which operations on ZFS take longer than 10 ms?",
        "operations",
        _SLOWER,
        ready="ENDTIME_us",
        args=("-j", _SLOW_MS),
    ),
}


def collector(name: str) -> Collector:
    """Return the collector that is this tool."""
    tool = TOOLS[name]

    def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
        answer = _bcc_formats.read(tool.form, after(text, tool.ready), limits)
        steps = (_STEPS,) if tool.prints == "each second" else ()
        return answer._replace(notes=steps + tool.notes + answer.notes)

    bcc = Command(name, tool.args, tool.ready, parse, tool.prints != "end", tool.prints == "each second")
    return Collector(name, tool.category, tool.question, KINDS[type(tool.form)], tool.unit, None, bcc, None)
