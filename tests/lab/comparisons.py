# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of each collector is compared with what of which independent tool, and by which definition (agreement.py)."""

from __future__ import annotations

import errno
import functools
import pathlib
import re
import signal
import sys
import typing as t

import agreement
import readers
from agreement import Buckets, Data, Verdict

sys.path.insert(0, str(pathlib.Path(__file__).with_name("target")))

import plan

HOST = "deb12"
OF_THE_LOAD = "lab-"  # how the names of its processes begin
Said = t.Mapping[str, t.Any]


class Definition(t.NamedTuple):
    """When both agree: its name on the page, and the function that says so."""

    name: str
    judge: t.Callable[[t.Any, t.Any], Verdict]


_PACKAGES = {
    "iostat": "sysstat",
    "mpstat": "sysstat",
    "sar": "sysstat",
    "ip": "iproute2",
    "nstat": "iproute2",
    "numastat": "numactl",
}


class Comparison(t.NamedTuple):
    """One row: the collector, the tool beside it, what is measured, how to read it from either, and what is known of it.

    `theirs` gets the outputs of the batch's tools by name. `of_the_load`: keys are (process id, ..), and only those of processes
    that the load began are compared. `each`: the numbers are not of one unit, and are shown one by one.
    """

    collector: str
    batch: str
    tool: str
    measure: str
    definition: Definition
    ours: t.Callable[[Data], t.Any]
    theirs: t.Callable[[Said], t.Any]
    limits: str = ""
    of_the_load: bool = False
    each: bool = False

    def command(self) -> str:
        """Return the tool's words; of bpftrace, those of the program that are this collector's."""
        batch = plan.BATCHES[self.batch]
        if self.tool == "bpftrace":
            return "bpftrace -f json -e '%s'" % batch.clauses[self.collector]
        words = batch.tools[self.tool].words
        return " ".join(words[2:] if words[0] == "stdbuf" else words)

    def package(self) -> str:
        """Return the package of Debian that has the tool."""
        if self.tool == "bpftrace":
            return "bpftrace"
        return _PACKAGES.get(plan.BATCHES[self.batch].tools[self.tool].program(), "libbpf-tools")

    def both(self, said: Said) -> tuple[t.Any, t.Any]:
        """Return the measures, ours and theirs, from what beside.py said of the batch; AssertionError where one failed."""
        answer = said["ours"][self.collector]
        assert "failed" not in answer, answer
        assert not answer["lost"], answer
        assert not answer["truncated"], answer
        pair = self.ours(answer["data"]), self.theirs(said["theirs"])
        if self.of_the_load:
            pair = _since(said["load"], pair[0]), _since(said["load"], pair[1])
        return pair


def _since(process: int, measured: t.Mapping[t.Any, t.Any]) -> dict[t.Any, t.Any]:
    """Return what is of a process or later ones."""
    return {key: n for key, n in measured.items() if (key[0] if isinstance(key, tuple) else key) >= process}


EQUAL = Definition("equal", agreement.same)
DISTRIBUTIONS = Definition("distributions", agreement.distributions)
TRAPPED = Definition("distributions, by uprobe", functools.partial(agreement.distributions, attached="kprobe"))
ELSEWHERE = Definition(
    "distributions, elsewhere", functools.partial(agreement.distributions, attached="another function")
)
PLACE = Definition("place", agreement.in_the_same_place)


def distributions(beyond: int) -> Definition:
    """Return the definition for histograms of which there can be some more at the ends of a window that is longer."""
    return Definition("distributions, %d more" % beyond, functools.partial(agreement.distributions, beyond=beyond))


def near(share: float, slack: float) -> Definition:
    """Return the definition for numbers that are about the same."""
    name = "within %g%% or %g" % (100 * share, slack)
    return Definition(name, functools.partial(agreement.near, share=share, slack=slack))


# --- ours -------------------------------------------------------------------------------------------------------------


def series(*names: str) -> t.Callable[[Data], dict[t.Any, Buckets]]:
    """Return a reader of histograms by these labels, those of other labels put together."""

    def read(data: Data) -> dict[t.Any, Buckets]:
        found: dict[t.Any, dict[tuple[float, float], int]] = {}
        for row in data["series"]:
            into = found.setdefault(_key(row["labels"], names), {})
            for low, high, n in row["buckets"]:
                into[low, high] = into.get((low, high), 0) + n
        return {key: [(*at, n) for at, n in sorted(into.items())] for key, into in found.items()}

    return read


def items(*names: str, field: str = "count", only: str = "") -> t.Callable[[Data], dict[t.Any, float]]:
    """Return a reader of counts by these labels, of rows whose labels hold a text that matches `only`."""

    def read(data: Data) -> dict[t.Any, float]:
        found: dict[t.Any, float] = {}
        for row in data["items"]:
            if any(re.match(only, str(label)) for label in row["labels"].values()):
                key = _key(row["labels"], names)
                found[key] = found.get(key, 0) + row[field]
        return found

    return read


def _key(labels: t.Mapping[str, t.Any], names: t.Sequence[str]) -> t.Any:
    return tuple(labels[name] for name in names) if len(names) != 1 else labels[names[0]]


def fields(**names: str) -> t.Callable[[Data], dict[str, float]]:
    """Return a reader of several fields of the disk's only row, by other names; `_kib` and `_ms` say in what they are."""

    def read(data: Data) -> dict[str, float]:
        (row,) = [one for one in data["items"] if one["labels"]["device"] == "vda"]
        return {name: row[field] / (1024 if field.endswith("_bytes") else 1) for name, field in names.items()}

    return read


# --- theirs -----------------------------------------------------------------------------------------------------------


def traced(name: str, only: str = "", convert: t.Callable[[list[str]], t.Any] = tuple) -> t.Callable[[Said], t.Any]:
    """Return a reader of numbers of a bpftrace map; keys that match `only`, as `convert` makes them, None for none."""

    def read(theirs: Said) -> dict[t.Any, float]:
        found: dict[t.Any, float] = {}
        for text, number in readers.bpftrace(theirs["bpftrace"], name).items():
            key = convert(text.split(",")) if re.match(only, text) else None
            if key is not None:
                found[key] = found.get(key, 0) + number
        return found

    return read


def traced_histograms(**names: str) -> t.Callable[[Said], dict[t.Any, Buckets]]:
    """Return a reader of histograms of bpftrace maps, by (their key, what the map is called here)."""

    def read(theirs: Said) -> dict[t.Any, Buckets]:
        return {
            (key, label): readers.buckets(rows)
            for label, name in names.items()
            for key, rows in readers.bpftrace(theirs["bpftrace"], name).items()
        }

    return read


def over_time(
    tool: str, read: t.Callable[[Said], t.Mapping[str, float]], **names: tuple[str, float]
) -> t.Callable[[Said], t.Any]:
    """Return a reader of what a tool says a second, over its time: name to (columns added up, factor)."""

    def amounts(theirs: Said) -> dict[str, float]:
        found = read(theirs[tool])
        return {
            name: plan.SECONDS * factor * sum(found[column] for column in columns.split("+"))
            for name, (columns, factor) in names.items()
        }

    return amounts


def printed_histograms(tool: str, rename: t.Callable[[str], t.Any] = str) -> t.Callable[[Said], dict[t.Any, Buckets]]:
    """Return a reader of the histograms that a tool of libbpf-tools prints at its end, those renamed alike put together."""

    def read(theirs: Said) -> dict[t.Any, Buckets]:
        found: dict[t.Any, Buckets] = {}
        for name, rows in readers.log2(theirs[tool]).items():
            found[rename(name)] = merged(found.get(rename(name), []), rows)
        return found

    return read


def merged(one: Buckets, other: Buckets) -> Buckets:
    """Return two histograms added up."""
    found: dict[tuple[float, float], int] = {}
    for low, high, n in (*one, *other):
        found[low, high] = found.get((low, high), 0) + n
    return [(*at, n) for at, n in sorted(found.items())]


def counted(tool: str, pattern: str, convert: t.Callable[..., t.Any]) -> t.Callable[[Said], dict[t.Any, float]]:
    """Return a reader that counts a tool's lines by a key, which `convert` makes of the pattern's groups; None for none."""

    def read(theirs: Said) -> dict[t.Any, float]:
        found: dict[t.Any, float] = {}
        for groups in readers.lines(theirs[tool], pattern):
            key = convert(*groups)
            if key is not None:
                found[key] = found.get(key, 0) + 1
        return found

    return read


def timed(
    tool: str, pattern: str, convert: t.Callable[..., t.Any], unit: float
) -> t.Callable[[Said], dict[t.Any, Buckets]]:
    """Return a reader of the times in a tool's lines, a pattern's last group, as histograms by a key of its other groups."""

    def read(theirs: Said) -> dict[t.Any, Buckets]:
        values: dict[t.Any, list[float]] = {}
        for *groups, value in readers.lines(theirs[tool], pattern):
            values.setdefault(convert(*groups), []).append(float(value) * unit)
        return {key: readers.distribution(found) for key, found in values.items()}

    return read


def _biotop(words: list[str]) -> tuple[str, str] | None:
    name, _pid, flags = words
    kinds = {"R": "read", "W": "write", "D": "discard"}
    found = [kind for letter, kind in kinds.items() if letter in flags]
    return (name, found[0]) if found else None


def _drops(theirs: Said) -> dict[t.Any, float]:
    """Return drops by reason and function; the tracepoint's own format says what the numbers of reasons are called."""
    (form, _again) = theirs["format"]["printed"]
    names = dict(re.findall(r'\{ *([0-9]+), "([A-Z0-9_]+)" *\}', form))
    return {
        (names[reason], function): number
        for (reason, function), number in traced("skbdrop")(theirs).items()
        if _is_of_ip(function)
    }


def _is_of_ip(function: str) -> bool:
    return re.match("(tcp|__udp|sk_stream|kfree_skb_list)", function) is not None


def our_drops(data: Data) -> dict[t.Any, float]:
    """Return drops by reason and function, of all namespaces together."""
    return {key: n for key, n in items("reason", "function")(data).items() if _is_of_ip(key[1])}


# Those counters of nstat that tell of trouble, as far as this load can make it.
_TROUBLES = (
    "Ip6?(In|Out)(Discards|NoRoutes|AddrErrors)|Udp6?(NoPorts|RcvbufErrors)|Tcp(AttemptFails|EstabResets|RetransSegs|InErrs)"
    "|TcpExt(ListenOverflows|ListenDrops|TCPTimeouts|TCPSynRetrans|TCPLostRetransmit|TCPSpuriousRTOs|TCPRetransFail"
    "|TCPAbortOnData|TCPAbortOnTimeout|TCPBacklogDrop|TCPZeroWindowDrop|TCPRcvQDrop|TCPChallengeACK|TCPReqQFull.*)"
)

# What processes do nearly all the time: a function of the kernel that they are in, or none of it.
_RUNNING: dict[str, str | None] = {"lab-ask": "ksys_read", "lab-compute": None}
_WAITING: dict[str, str | None] = {"lab-nap": "hrtimer_nanosleep"}
Places = t.Mapping[str, t.Optional[str]]


def _placed(stacks: t.Iterable[tuple[str, t.Sequence[str], float]], places: Places) -> dict[str, tuple[float, float]]:
    """Return of how much of each process how much was in its place, from (process, functions, amount)."""
    found: dict[str, tuple[float, float]] = {}
    for process, kernel, n in stacks:
        if process in places:
            there, whole = found.get(process, (0, 0))
            place = places[process]
            inside = place in kernel if place else not kernel
            found[process] = (there + n * inside, whole + n)
    return found


def our_places(data: Data, places: Places) -> dict[str, tuple[float, float]]:
    """Return how much was in the known places."""
    return _placed(((row["process"], row["kernel"], row["count"]) for row in data["stacks"]), places)


def _running(theirs: Said) -> dict[str, tuple[float, float]]:
    found = []
    for key, n in readers.bpftrace(theirs["bpftrace"], "profile").items():
        process, kernel = key.split(",")
        found.append((process, [frame.strip().partition("+")[0] for frame in kernel.split("\n") if frame.strip()], n))
    return _placed(found, _RUNNING)


def _waiting(theirs: Said) -> dict[str, tuple[float, float]]:
    """Read blocks of functions, process and microseconds."""
    text = readers.printed(theirs["offcputime"])
    found = []
    for block in re.findall(r"((?: {4}.*\n)+?) {4}- +(.*) \([0-9]+\)\n +([0-9]+)\n", text):
        frames, process, us = block
        found.append((process, frames.split(), float(us)))
    return _placed(found, _WAITING)


def _pages(theirs: Said) -> dict[str, float]:
    found = readers.sar(theirs["sar"], average=False)
    return {"kswapd": found["pgscank/s"], "direct": found["pgscand/s"]}


def _grown(tool: str, read: t.Callable[[str], readers.Numbers], only: str = "") -> t.Callable[[Said], dict[str, float]]:
    def growth(theirs: Said) -> dict[str, float]:
        return {name: n for name, n in readers.grown(theirs[tool], read).items() if re.fullmatch(only, name)}

    return growth


def our_links(data: Data) -> dict[str, float]:
    """Return packets and bytes by device."""
    return {
        "%s %s" % (row["labels"]["device"], name): row[name] for row in data["items"] for name in ("packets", "bytes")
    }


def our_troubles(data: Data) -> dict[str, float]:
    """Return the counters but those of softnet, which nstat does not have."""
    return {name: n for name, n in items("counter")(data).items() if not name.startswith("Softnet")}


def our_nodes(data: Data) -> dict[str, float]:
    """Return the allocations that were wanted of each node, and found there."""
    return {"%s numa_hit" % row["labels"]["node"]: row["count"] - row["misses"] for row in data["items"]}


_MODES = {"user": "usr", "system": "sys", "softirq": "soft", "iowait": "iowait", "idle": "idle"}


def our_times(data: Data) -> dict[str, float]:
    """Return the percent of all CPUs' time by mode."""
    found = items("mode", field="share")(data)
    return {mode: 100 * found.get(mode, 0) for mode in _MODES}


def _times(theirs: Said) -> dict[str, float]:
    row = readers.sysstat(theirs["mpstat"], "cpu-load")
    return {mode: row[column] for mode, column in _MODES.items()}


def our_reclaim(data: Data) -> dict[str, float]:
    """Return pages looked at as sar has them."""
    found = items("counter")(data)
    return {"kswapd": found.get("pgscan_kswapd", 0), "direct": found.get("pgscan_direct", 0)}


# --- events, as libbpf-tools print them -------------------------------------------------------------------------------

_NAME = "(.{1,16}?)"


def our_programs(data: Data) -> dict[t.Any, float]:
    """Return the programs that were started."""
    return {(row["pid"], "%s %s" % (row["filename"], row["args"])): 1 for row in data["events"]}


def our_exits(data: Data) -> dict[t.Any, float]:
    """Return the load's exits by name, and code or number of the signal."""
    found: dict[t.Any, float] = {}
    for (process, code, name), n in items("process", "code", "signal", only=OF_THE_LOAD)(data).items():
        found[process, code, signal.Signals[name].value if name else None] = n
    return found


def _exit(process: str, reason: str) -> tuple[str, int | None, int | None] | None:
    """Return name, code, signal, from "0", "code 3" or "signal 15 (Terminated)"."""
    if not process.startswith(OF_THE_LOAD):
        return None
    number = int(re.findall("[0-9]+", reason)[0])
    return (process, None, number) if reason.startswith("signal") else (process, number, None)


def _open(error: str, path: str) -> tuple[str, str | None] | None:
    return (path, errno.errorcode[int(error)] if int(error) else None) if path.startswith(_OPENED) else None


_OPENED = "/root/lab-"
# System calls that hardly anybody but the load makes.
_CALLS = ("getpgid", "sched_yield", "fsync")


def _calls(theirs: Said) -> dict[str, float]:
    rows = readers.lines(theirs["syscount"], "([a-z_0-9]+) +([0-9]+) +[0-9.]+")
    return {name: float(n) for name, n in rows if name in _CALLS}


def _vfs(theirs: Said) -> dict[str, float]:
    rows = readers.lines(theirs["vfsstat"], "[0-9:]{9}" + " +([0-9]+)" * 5)
    sums = [float(sum(map(int, each))) for each in zip(*rows)]
    return {name: n for name, n in zip(("read", "write", "fsync", "open", "create"), sums) if n and name != "fsync"}


def _signal(process: str, number: str) -> tuple[str, str] | None:
    return (process, signal.Signals(int(number)).name) if process.startswith(OF_THE_LOAD) and number != "0" else None


def _kib(ends: tuple[t.Any, ...], sent: float, received: float) -> t.Iterator[tuple[t.Any, float]]:
    for way, amount in (("sent", sent), ("received", received)):
        if sent or received:
            yield (*ends, way), round(amount, 2)


def our_sessions(data: Data) -> dict[t.Any, float]:
    """Return the KiB of each session, sent and received, of those that carried something."""
    return {
        key: kib
        for row in data["events"]
        for key, kib in _kib(tuple(row[end] for end in agreement.ENDS), row["tx_bytes"] / 1024, row["rx_bytes"] / 1024)
    }


def _sessions(theirs: Said) -> dict[t.Any, float]:
    ends = " +([0-9a-f.:]+) +([0-9]+)"
    rows = readers.lines(theirs["tcplife"], "[0-9]+ +.*" + ends * 2 + " +([0-9.]+)" * 2 + " +[0-9.]+")
    return {
        key: kib
        for saddr, sport, daddr, dport, sent, received in rows
        for key, kib in _kib((_short(saddr), int(sport), _short(daddr), int(dport)), float(sent), float(received))
    }


def _short(address: str) -> str:
    return address[7:] if address.startswith("::ffff:") else address


def _states(theirs: Said) -> dict[t.Any, Buckets]:
    """Return times by the state left; those of 0 are of states of which the tool has not seen the beginning."""
    values: dict[str, list[float]] = {}
    for state, ms in readers.lines(theirs["tcpstates"], "[0-9a-f]+ .* ([A-Z_0-9]+) +-> [A-Z_0-9]+ +([0-9.]+)"):
        if float(ms):
            values.setdefault(state, []).append(float(ms) * 1000)
    return {state: readers.distribution(found) for state, found in values.items()}


def our_victims(data: Data) -> dict[t.Any, float]:
    """Return the processes that were killed."""
    return {(row["pid"], row["comm"]): 1 for row in data["events"]}


def _turns(theirs: Said) -> dict[t.Any, Buckets]:
    found = readers.bpftrace(theirs["bpftrace"], "cpudist")
    return {(): readers.buckets(found[""])} if found else {}


def _all_states(theirs: Said) -> dict[t.Any, Buckets]:
    found: Buckets = []
    for rows in _states(theirs).values():
        found = merged(found, rows)
    return {(): found}


COMPARISONS = (
    Comparison(
        "runqlat", "scheduling", "runqlat", "waits", DISTRIBUTIONS,
        series(), printed_histograms("runqlat", lambda _name: ()),
    ),
    Comparison(
        "runqslower", "scheduling", "runqslower", "waits of more than 10 ms by name", near(0.05, 5),
        items("comm", only=OF_THE_LOAD),
        counted(
            "runqslower", "[0-9:]{8} " + _NAME + " +[0-9]+ +[0-9]+",
            lambda name: name if name.startswith(OF_THE_LOAD) else None,
        ),
        "a wait of nearly 10 ms can be more to the one and less to the other",
    ),
    Comparison(
        "cpudist", "interrupts", "bpftrace", "turns on a CPU", distributions(beyond=60),
        series(), _turns,
        "cpudist of libbpf-tools is another question: it counts turns that end by being preempted, and those of the idle task",
    ),
    Comparison(
        "softirqs", "interrupts", "softirqs", "times by vector", distributions(beyond=60),
        series("vector"), printed_histograms("softirqs"),
        "the tool counts for a second longer, in which the idle host's timers go on",
    ),
    Comparison(
        "hardirqs", "interrupts", "hardirqs", "times by handler", DISTRIBUTIONS,
        series("handler"), printed_histograms("hardirqs"),
    ),
    Comparison(
        "biolatency", "disks", "biolatency", "times by device", DISTRIBUTIONS,
        series("device"), printed_histograms("biolatency"),
    ),
    Comparison(
        "bitesize", "disks", "bitesize", "sizes of requests", DISTRIBUTIONS,
        series(), printed_histograms("bitesize", lambda _name: ()),
        "the tool tells by process, we by device and operation: all together",
    ),
    Comparison(
        "execsnoop", "calls", "execsnoop", "programs started, with their arguments", EQUAL,
        our_programs,
        counted("execsnoop", _NAME + " +([0-9]+) +[0-9]+ +0 (.*)", lambda _name, pid, text: (int(pid), text)),
        "of processes that the load began", of_the_load=True,
    ),
    Comparison(
        "exitsnoop", "calls", "exitsnoop", "exits by name and reason", EQUAL,
        our_exits, counted("exitsnoop", _NAME + " +[0-9]+ +[0-9]+ +[0-9]+ +[0-9.]+ +(.*)", _exit),
        "of the load's processes",
    ),
    Comparison(
        "opensnoop", "calls", "opensnoop", "opens by path and error", EQUAL,
        items("path", "error", only=_OPENED), counted("opensnoop", "[0-9]+ +.* +-?[0-9]+ +([0-9]+) (/.*)", _open),
        "of the load's files",
    ),
    Comparison(
        "killsnoop", "calls", "sigsnoop", "signals by sender and number", EQUAL,
        items("process", "signal", only=OF_THE_LOAD),
        counted("sigsnoop", "[0-9:]{8} +[0-9]+ +" + _NAME + " +([0-9]+) +[0-9]+ +0", _signal),
        "of the load's processes; signal 0, which asks only whether there is somebody, is none to us",
    ),
    Comparison(
        "syscount", "calls", "syscount", "calls by system call", EQUAL,
        lambda data: {name: n for name, n in items("syscall")(data).items() if name in _CALLS}, _calls,
        "of calls that hardly anybody but the load makes: the tool counts all from its start on",
    ),
    Comparison(
        "vfsstat", "calls", "vfsstat", "calls by operation", near(0.03, 150),
        items("operation", only="read|write|open|create"), _vfs,
        "without fsync: the tool is attached to `vfs_fsync`, which is inlined where fsync(2) calls it, and counts none. It counts"
        " from its start on",
    ),
    Comparison(
        "vfsstat", "calls", "bpftrace", "files synced", EQUAL,
        items("operation", only="fsync"), traced("vfsstat", convert=lambda words: words[0]),
    ),
    Comparison(
        "gethostlatency", "calls", "gethostlatency", "times by name", TRAPPED,
        series("comm"),
        timed("gethostlatency", "[0-9:]{8} +[0-9]+ +" + _NAME + " +([0-9.]+) +.*", lambda name: name, 1000),
        "the tool rounds to microseconds",
    ),
    Comparison(
        "tcpconnlat", "network", "tcpconnlat", "times until connected", ELSEWHERE,
        series(),
        timed("tcpconnlat", "[0-9]+ +.{1,12}? +[46] +[^ ]+ +[^ ]+ +(?!9 )[0-9]+ +([0-9.]+)", lambda: (), 1000),
        "to the tool, an attempt is over when the answer arrives, to us when the socket's state has changed. Without those to port 9,"
        " which are refused: the tool times a refusal, too, and we only count it",
    ),
    Comparison(
        "tcplife", "network", "tcplife", "KiB sent and received by session", EQUAL, our_sessions, _sessions,
        "of sessions that carried something: to the tool, an attempt that failed is one, too. It writes ::ffff:10.9.0.2 for an IPv4"
        " address of a socket that takes both families",
    ),
    Comparison(
        "tcprtt", "network", "tcprtt", "round trips", DISTRIBUTIONS,
        series(), printed_histograms("tcprtt", lambda _name: ()),
        "the tool does not tell what stays within the host: all together",
    ),
    Comparison(
        "tcpstates", "network", "tcpstates", "states left, by state", near(0.03, 3),
        lambda data: {row["labels"]["state"]: row["count"] for row in data["series"]},
        lambda theirs: {state: agreement.count(rows) for state, rows in _states(theirs).items()},
        "the tool has no time of a state of which it has not seen the beginning",
    ),
    Comparison(
        "tcpstates", "network", "tcpstates", "times of all states", DISTRIBUTIONS,
        series(), _all_states,
        "not state by state: the tool's tracepoint takes longer than ours, which is some ten of the 60 us that `FIN_WAIT2` takes",
    ),
    Comparison(
        "oomkill", "memory", "oomkill", "processes killed", EQUAL,
        our_victims,
        counted(
            "oomkill", r'.*OOM kill of PID ([0-9]+) \("(.*)"\), .*', lambda pid, name: (int(pid), name),
        ),
    ),
    Comparison(
        "offcputime", "stacks", "offcputime", "us in the known place, by process", PLACE,
        functools.partial(our_places, places=_WAITING), _waiting,
        "place: `hrtimer_nanosleep` of who sleeps again and again",
    ),
    Comparison(
        "biotop", "disks", "bpftrace", "bytes by process and operation", EQUAL,
        items("process", "operation", only=OF_THE_LOAD), traced("biotop", OF_THE_LOAD, _biotop),
        "of the load's processes: what others do before or after it is in the longer window only",
    ),
    Comparison(
        "diskstats", "disks", "iostat", "requests, KiB and busy ms of the disk", near(0.03, 40),
        fields(
            reads="reads", writes="writes", flushes="flushes", read_kib="read_bytes", written_kib="written_bytes",
            busy_ms="busy_ms",
        ),
        over_time(
            "iostat", lambda said: readers.sysstat(said, "disk"), reads=("r/s", 1), writes=("w/s", 1),
            flushes=("f/s", 1), read_kib=("rkB/s", 1), written_kib=("wkB/s", 1), busy_ms=("util", 10),
        ),
        "the tool gives requests and KiB a second, in hundredths",
        each=True,
    ),
    Comparison(
        "pagefaults", "calls", "bpftrace", "faults by process", EQUAL,
        items("pid"), traced("pagefaults", convert=lambda words: int(words[1])),
        "of processes that the load began", of_the_load=True,
    ),
    Comparison(
        "killsnoop", "calls", "bpftrace", "signals by sender, target and number", EQUAL,
        items("process", "target", "signal", only=OF_THE_LOAD),
        traced("killsnoop", OF_THE_LOAD, lambda words: (words[0], words[1], signal.Signals(int(words[2])).name)),
        "of the load's processes; signal 0, which asks only whether there is somebody, is none to either",
    ),
    Comparison(
        "tcpretrans", "network", "bpftrace", "retransmits by family and ports", EQUAL,
        items("family", "sport", "dport"),
        traced("tcpretrans", convert=lambda words: ({"2": "ipv4", "10": "ipv6"}[words[0]], *map(int, words[1:]))),
    ),
    Comparison(
        "skbdrop", "network", "bpftrace", "packets by reason and function", near(0.03, 3), our_drops, _drops,
        "of functions of TCP, UDP and the queueing discipline, which can lose what the kernel itself sends at any time;"
        " bpftrace names a function by where a call returns to",
    ),
    Comparison(
        "listendrop", "network", "nstat", "attempts", EQUAL,
        lambda data: {"TcpExtListenDrops": data["count"]}, _grown("nstat", readers.nstat, "TcpExtListenDrops"),
    ),
    Comparison(
        "netstat", "network", "nstat", "the counters that have grown", EQUAL, our_troubles,
        _grown("nstat", readers.nstat, _TROUBLES),
        "without `Softnet..`, which the tool does not have",
    ),
    Comparison(
        "netdev", "network", "ip", "packets and bytes by device", EQUAL,
        our_links, _grown("ip", readers.links, "(lo|lab0) (packets|bytes)"),
        "of loopback and the lossy link; the SSH session uses the other one",
        each=True,
    ),
    Comparison(
        "drsnoop", "memory", "bpftrace", "times by process and cause", DISTRIBUTIONS,
        series("process", "cause"), traced_histograms(system="drsnoop_system", cgroup="drsnoop_cgroup"),
    ),
    Comparison(
        "compactsnoop", "memory", "bpftrace", "times by process", DISTRIBUTIONS,
        series("process"), lambda theirs: {
            key: rows for (key, _label), rows in traced_histograms(all="compactsnoop")(theirs).items()
        },
    ),
    Comparison(
        "thp", "memory", "bpftrace", "huge pages got at a fault", near(0.03, 3),
        lambda data: {"": items("counter")(data).get("thp_fault_alloc", 0)}, traced("thp", convert=lambda words: ""),
        "the tool counts blocks of 2 MiB that the kernel hands to the load's process, we all processes",
    ),
    Comparison(
        "numa", "memory", "numastat", "allocations by node", near(0.03, 500),
        our_nodes, _grown("numastat", readers.numastat, ".* numa_hit"),
        "to start and end the tool takes some hundred pages itself",
    ),
    Comparison(
        "reclaim", "memory", "sar", "pages looked at, by whom", near(0.10, 50), our_reclaim, _pages,
        "the tool gives pages a second, each second, which is a little longer than that where the CPUs are busy. It counts freed pages"
        " twice: by who freed them, and again as those of files and others",
        each=True,
    ),
    Comparison(
        "cpustat", "host", "mpstat", "percent of all CPUs' time by mode", near(0.05, 1), our_times, _times,
        "the tool gives hundredths of a percent, and counts for half a second longer. Not in ms: where processors are emulated, ticks"
        " can be missing",
        each=True,
    ),
    Comparison(
        "switches", "host", "sar", "context switches, interrupts, tasks begun", near(0.03, 150),
        items("counter", only="ctxt|intr|processes"),
        over_time("sar", readers.sar, ctxt=("cswch/s", 1), intr=("all", 1), processes=("proc/s", 1)),
        "the tool gives events a second, in hundredths, and counts for a second longer",
        each=True,
    ),
    Comparison(
        "pressure", "host", "sar", "us of stalls by resource", near(0.05, 100000),
        lambda data: {name: items("stall")(data).get(name, 0) for name in ("cpu some", "io some", "io full")},
        over_time(
            "sar", readers.sar, **{"cpu some": ("%scpu", 1e4), "io some": ("%sio", 1e4), "io full": ("%fio", 1e4)}
        ),
        "the tool gives hundredths of a percent of its time",
        each=True,
    ),
    Comparison(
        "throttling", "host", "bpftrace", "periods in which the quota was used up", near(0.03, 2),
        lambda data: {"": data["count"]}, traced("throttling", convert=lambda words: ""),
        "the tool counts how often a CPU of the cgroup is let run again, which is later than it is held back",
    ),
    Comparison(
        "profile", "stacks", "bpftrace", "samples in the known place, by process", PLACE,
        functools.partial(our_places, places=_RUNNING), _running,
        "each samples at moments of its own; places: `ksys_read` of who reads /dev/urandom, no function of the kernel of who"
        " computes",
    ),
)  # fmt: skip
