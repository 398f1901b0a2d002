# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which collectors count beside which independent tools: batches, each over one time and one load (deeds.py).

Batches are few, since a tool takes long to start where the processor is emulated; and not one, since each tool costs
something on every event.
"""

from __future__ import annotations

import typing as t

SECONDS = 12  # that a tool which runs for a fixed time does; the load of its batch is over before


class Tool(t.NamedTuple):
    """An independent tool: its words, and how it is run.

    `until`: from before the window until after it, when it gets SIGINT; `ready` is what it prints when it counts;
    one that prints nothing then counts when it holds a link.
    `timed`: for SECONDS, which are one of its words. `twice`: at both ends; the difference counts.
    """

    words: tuple[str, ...]
    how: str
    ready: str = ""

    def program(self) -> str:
        """Return which program of a package it is."""
        return self.words[2] if self.words[0] == "stdbuf" else self.words[0]


class Batch(t.NamedTuple):
    """Collectors by name, and tools; `clauses` are what bpftrace runs as one program, by collector."""

    native: tuple[str, ...]
    tools: t.Mapping[str, Tool] = {}
    clauses: t.Mapping[str, str] = {}
    procfs: tuple[str, ...] = ()


def _by_line(words: str, ready: str) -> Tool:
    """Return a tool that runs until it is interrupted, and writes lines into a file as it would to a terminal."""
    return Tool(("stdbuf", "-oL", *words.split()), "until", ready)


def _both(name: str, begin: str, end: str, key: str) -> str:
    """Return a clause: the distribution of the microseconds between two tracepoints in one thread."""
    began = "@%s_began[tid]" % name
    took = "hist((nsecs - %s) / 1000)" % began
    at_end = "{ @%s[%s] = %s; delete(%s); }" % (name, key, took, began)
    return "tracepoint:%s { %s = nsecs; } tracepoint:%s /%s/ %s" % (begin, began, end, began, at_end)


BATCHES: dict[str, Batch] = {
    "scheduling": Batch(
        native=("runqlat", "runqslower"),
        tools={
            "runqslower": _by_line("runqslower 10000", "LAT"),
            "runqlat": _by_line("runqlat", "Tracing"),
        },
    ),
    "interrupts": Batch(
        native=("cpudist", "softirqs", "hardirqs"),
        clauses={
            "cpudist": (
                "tracepoint:sched:sched_switch { if (args->prev_pid && @cpudist_began[cpu]) "
                "{ @cpudist = hist((nsecs - @cpudist_began[cpu]) / 1000); } @cpudist_began[cpu] = nsecs; }"
            ),
        },
        tools={
            "hardirqs": _by_line("hardirqs -d", "Tracing"),
            "softirqs": _by_line("softirqs -d", "Tracing"),  # last, since others make soft interrupts while they attach
        },
    ),
    "disks": Batch(
        native=("biolatency", "bitesize", "biotop"),
        procfs=("diskstats",),
        clauses={
            "biotop": "tracepoint:block:block_bio_queue { @biotop[comm, pid, args->rwbs] = sum(args->nr_sector * 512); }",
        },
        tools={
            "biolatency": _by_line("biolatency -D", "Tracing"),
            "bitesize": _by_line("bitesize", "Tracing"),
            "iostat": Tool(("iostat", "-d", "-x", "-o", "JSON", "-y", str(SECONDS), "1"), "timed"),
        },
    ),
    "calls": Batch(
        native=(
            "execsnoop", "exitsnoop", "opensnoop", "killsnoop", "syscount", "vfsstat", "pagefaults", "gethostlatency",
        ),
        tools={
            "execsnoop": _by_line("execsnoop", "ARGS"),
            "exitsnoop": _by_line("exitsnoop", "EXIT_CODE"),
            "opensnoop": _by_line("opensnoop", "PATH"),
            "syscount": _by_line("syscount -L -T 400", "Tracing"),
            "gethostlatency": _by_line("gethostlatency", "HOST"),
            "sigsnoop": _by_line("sigsnoop -k", "RESULT"),
            "vfsstat": _by_line("vfsstat 1", "CREATE"),  # last, since it counts what others do until they are attached
        },
        clauses={
            "pagefaults": "tracepoint:exceptions:page_fault_user { @pagefaults[comm, pid] = count(); }",
            "vfsstat": 'kprobe:vfs_fsync_range { @vfsstat["fsync"] = count(); }',
            "killsnoop": (
                "tracepoint:signal:signal_generate /args->code <= 0/ { @killsnoop[comm, args->comm, args->sig] = count(); }"
            ),
        },
    ),
    "network": Batch(
        native=("tcpretrans", "tcpconnlat", "tcplife", "tcprtt", "tcpstates", "skbdrop"),
        procfs=("listendrop", "netdev", "netstat"),
        clauses={
            "tcpretrans": (
                "tracepoint:tcp:tcp_retransmit_skb { @tcpretrans[args->family, args->sport, args->dport] = count(); } "
                "tracepoint:tcp:tcp_retransmit_synack { @tcpretrans[args->family, args->sport, args->dport] = count(); }"
            ),
            "skbdrop": "tracepoint:skb:kfree_skb { @skbdrop[args->reason, ksym(args->location)] = count(); }",
        },
        tools={
            "tcpconnlat": _by_line("tcpconnlat", "LAT"),
            "tcplife": _by_line("tcplife", "MS"),
            "tcprtt": _by_line("tcprtt", "Tracing"),
            "tcpstates": _by_line("tcpstates", "NEWSTATE"),
            "nstat": Tool(("nstat", "--json", "--zeros", "--ignore", "--noupdate"), "twice"),
            "ip": Tool(("ip", "-json", "-statistics", "link"), "twice"),
            "format": Tool(("cat", "/sys/kernel/tracing/events/skb/kfree_skb/format"), "twice"),
        },
    ),
    "memory": Batch(
        native=("drsnoop", "compactsnoop", "oomkill"),
        procfs=("reclaim", "thp", "numa"),
        clauses={
            "drsnoop": " ".join(
                _both("drsnoop_" + cause, "vmscan:mm_vmscan_%s_reclaim_begin" % kind, "vmscan:mm_vmscan_%s_reclaim_end" % kind, "comm")
                for cause, kind in (("system", "direct"), ("cgroup", "memcg"))
            ),
            "compactsnoop": _both(
                "compactsnoop", "compaction:mm_compaction_begin", "compaction:mm_compaction_end", "comm"
            ),
            "thp": 'tracepoint:kmem:mm_page_alloc /args->order == 9 && comm == "lab-huge"/ { @thp = count(); }',
        },
        tools={
            "oomkill": _by_line("oomkill", "Tracing"),
            "sar": _by_line("sar -B 1", "pgscank"),
            "numastat": Tool(("numastat",), "twice"),
        },
    ),
    "host": Batch(
        native=(),
        procfs=("cpustat", "switches", "pressure", "throttling"),
        clauses={"throttling": "kprobe:unthrottle_cfs_rq { @throttling = count(); }"},
        tools={
            "sar": Tool(("sar", "-w", "-q", "PSI", "-I", "SUM", str(SECONDS), "1"), "timed"),
            "mpstat": Tool(("mpstat", "-o", "JSON", str(SECONDS), "1"), "timed"),  # last, since it counts what it takes to start others
        },
    ),
    "stacks": Batch(
        native=("profile", "offcputime"),
        tools={"offcputime": _by_line("offcputime", "")},
        clauses={"profile": "profile:hz:49 /pid/ { @profile[comm, kstack] = count(); }"},
    ),
}  # fmt: skip


def bpftrace(clauses: t.Iterable[str]) -> Tool:
    """Return bpftrace with a program; what it prints at its beginning comes when all is attached."""
    program = 'BEGIN { printf("attached\\n"); } ' + " ".join(clauses)
    return Tool(("bpftrace", "-f", "json", "-e", program), "until", '"printf"')
