# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools of libbpf-tools print in other columns than those of bcc: as their sources have it, and damaged."""

from __future__ import annotations

import pathlib
import random
import re
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import by_name, every
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits

FOLDER = pathlib.Path(__file__).parents[3] / "fixtures" / "libbpf_tools"
PRINTED = sorted(FOLDER.glob("[0-9]*/*.txt"))
NO_LIMIT = Limits(max_items=10**6, max_events=10**6)


def parse(name: str, text: str) -> Answer:
    spec = by_name(name).libbpf_tools
    assert spec is not None
    return spec.parse(text, 0.0, NO_LIMIT)


DRSNOOP = "Tracing direct reclaim events... Hit Ctrl-C to end.\n%-8s %-16s %-6s %8s %5s\n" % (
    "TIME", "COMM", "TID", "LAT(ms)", "PAGES",
)  # fmt: skip


def test_drsnoop() -> None:
    text = DRSNOOP + "".join(
        "%-8s %-16s %-6d %8.3f %5d\n" % ("12:34:56", comm, tid, ms, 32)
        for comm, tid, ms in (("two words", 7, 0.25), ("two words", 4194304, 1234.567), ("a2 3 4.567 8", 8, 0.001))
    )
    answer = parse("drsnoop", text + "12:34:56 short\n")
    series = {one["labels"]["process"]: one for one in answer.data["series"]}
    assert (series["two words"]["count"], series["two words"]["total"]) == (2, 1234817)
    assert series["a2 3 4.567 8"]["buckets"] == [(0, 2, 1)]
    assert answer.lost == 1
    assert not any("rounds" in note for note in answer.notes)


TCPLIFE = "%-7s %-16s %-15s %-5s %-15s %-5s %-6s %-6s %-s\n" % (
    "PID", "COMM", "LADDR", "LPORT", "RADDR", "RPORT", "TX_KB", "RX_KB", "MS",
)  # fmt: skip
LIFE = "%-7d %-16s %-15s %-5d %-15s %-5d %-6.2f %-6.2f %-.2f\n"


def test_tcplife() -> None:
    text = TCPLIFE
    text += LIFE % (12345678, "two words", "10.0.0.1", 1, "10.0.0.2", 65535, 1.5, 1234567.25, 123456.78)
    text += LIFE % (0, "1 2 3.4", "2001:db8:1:2:3:4:5:6", 80, "::ffff:10.0.0.9", 8, 0, 0.01, 0)
    text += LIFE % (9, "two words", "10.0.0.1", 1, "10.0.0.2", 65535, 0.5, 0.25, 1)
    text += LIFE % (1, "", "::ffff:10.0.0.1", 80, "::ffff:10.0.0.9", 8, 0, 0, 0.07)
    answer = parse("tcplife", text + LIFE % (1, "x", "10.0.0.999", 80, "10.0.0.9", 8, 0, 0, 0.07) + "no line\n")
    first, second, _again, third = answer.data["events"]
    assert answer.data["items"][0] == {
        "labels": {"comm": "two words"},
        "count": 2,
        "tx_bytes": 2048,
        "rx_bytes": 1264196864 + 256,
    }
    assert (first["pid"], first["comm"], first["us"]) == (12345678, "two words", 123456780)
    assert (first["tx_bytes"], first["rx_bytes"]) == (1536, 1264196864)
    assert (second["pid"], second["comm"], second["family"]) == (None, "1 2 3.4", "ipv6")
    assert (second["saddr"], second["daddr"], second["rx_bytes"]) == ("2001:db8:1:2:3:4:5:6", "::ffff:10.0.0.9", 10)
    assert (third["comm"], third["family"], third["saddr"], third["us"]) == ("unknown", "ipv4", "10.0.0.1", 70)
    assert answer.lost == 2


STATE = "%%-16x %%-7d %%-16s %%-2d %%-%ds %%-5d %%-%ds %%-5d %%-11s -> %%-11s %%.3f\n"


@pytest.mark.parametrize("width", [26, 39])  # up to 0.30, and later
def test_tcpstates(width: int) -> None:
    line = STATE % (width, width)
    text = "SKADDR           PID     COMM  IP LADDR  LPORT RADDR RPORT OLDSTATE    -> NEWSTATE    MS\n"
    for comm, old, ms in (
        ("two words", "SYN_SENT", 0.25),
        ("new\nline", "SYN_SENT", 3),
        ("x -> y", "SYN_SENT", 0),
        ("", "CLOSE", 0),
    ):
        text += line % (0xFFFF888012345678, 7, comm, 6, "2001:db8::1", 80, "2001:db8::2", 65535, old, "ESTABLISHED", ms)
    answer = parse("tcpstates", text + "ffff 7 x 4 short\n")
    (series,) = answer.data["series"]
    assert (series["labels"], series["count"], series["total"]) == ({"state": "SYN_SENT"}, 2, 3250)
    assert any("1 states" in note for note in answer.notes)
    assert answer.lost == 1


def test_sigsnoop() -> None:
    line = "%-8s %-7d %-16s %-9d %-7d %-6d\n"
    text = "%-8s %-7s %-16s %-9s %-7s %-6s\n" % ("TIME", "PID", "COMM", "SIG", "TPID", "RESULT")
    for pid, comm, number, target, result in (
        (7, "two words", 10, 8, 0),
        (12345678, "two words", 10, -1, 0),
        (7, "new\nline", 9, 8, 0),
        (7, "two words", 0, 8, 0),
        (7, "two words", 15, 8, -3),
    ):
        text += line % ("12:34:56", pid, comm, number, target, result)
    answer = parse("killsnoop", text + "12:34:56 nothing\n")
    assert {tuple(row["labels"].values()): row["count"] for row in answer.data["items"]} == {
        ("SIGUSR1", "two words", None): 2,
        ("SIGKILL", "new\nline", None): 1,
    }
    assert answer.lost == 1
    assert "1 calls failed" in answer.notes


def test_exitsnoop_names_signals_as_the_c_library_does() -> None:
    head = "%-16s %-7d %-7d %-7d %-7.2f "
    text = "PCOMM            PID     PPID    TID     AGE(s)  EXIT_CODE\n"
    for comm, reason in (
        ("two words", "signal 11 (Segmentation fault), core dumped"),
        ("two words", "signal 11 (Segmentation fault)"),
        ("two words", "signal 36 (Real-time signal 2)"),
        ("new\nline", "code 3"),
        ("x", "0"),
    ):
        text += head % (comm, 7, 1, 7, 0.25) + reason + "\n"
    answer = parse("exitsnoop", text)
    rows = {tuple(row["labels"].values()): (row["count"], row["cores"]) for row in answer.data["items"]}
    assert rows == {
        ("two words", None, "SIGSEGV"): (2, 1),
        ("two words", None, "SIGRTMIN+2"): (1, 0),
        ("new\nline", 3, None): (1, 0),
        ("x", 0, None): (1, 0),
    }
    assert answer.lost == 0


KILLED = '12:34:56 Triggered by PID 7 ("two words"), OOM kill of PID 8 ("gre\nedy"), 131072 pages'


@pytest.mark.parametrize("load", ["\n", ", loadavg: 0.99 0.39 0.30 3/282 16724\n"])
def test_oomkill_where_the_load_is_not_known(load: str) -> None:
    answer = parse("oomkill", "Tracing OOM kills... Ctrl-C to stop.\n" + KILLED + load)
    (event,) = answer.data["events"]
    assert (event["pid"], event["comm"], event["trigger_comm"]) == (8, "gre\nedy", "two words")
    assert answer.lost == 0


def test_biotop_which_greets_with_its_first_table() -> None:
    head = (
        "12:34:56 loadavg: 0.10 0.20 0.30 1/100 7\n\nPID     COMM             D MAJ MIN DISK       I/O  Kbytes  AVGms\n"
    )
    line = "%-7d %-16s %1s %-3d %-3d %-8s %5d %7d %6.2f\n"
    table = head + line % (7, "two words", "W", 254, 0, "vda", 3, 12, 0.5) + line % (8, "x", "R", 7, 1, "", 1, 4, 1)
    answer = parse("biotop", table + "\n" + head + line % (7, "two words", "W", 254, 0, "vda", 1, 4, 0.5) + "\nodd\n")
    rows = {tuple(row["labels"].values()): (row["count"], row["requests"]) for row in answer.data["items"]}
    assert rows == {("two words", 7, "vda", "write"): (16384, 4), ("x", 8, "unknown", "read"): (4096, 1)}
    assert answer.lost == 1


STACKS = """\
    bpf_prog_6896d07dd3e1383c_sched_switch
    bpf_trace_run4
    __schedule
    asm_sysvec_apic_timer_interrupt
    unknown
    %s
    operator new(unsigned long)
    [unknown]
    -                two (1) words (22468)
        3994

    [unknown]
    main
    -                new
line (7)
        5

    __schedule
    ret_from_fork
    -                kworker/0:1-eve (8)
        6

    __schedule
    secondary_startup_64
    -                swapper/0 (0)
        7

    __schedule
"""


@pytest.mark.parametrize("entry", ["entry_SYSCALL_64_after_hwframe", "asm_exc_page_fault", "el0t_64_sync"])
@pytest.mark.parametrize("greeting", ["", "Tracing off-CPU time (us)... Hit Ctrl-C to end.\n"])  # 0.26, 0.31
def test_offcputime_tells_the_kernel_by_where_it_is_entered(greeting: str, entry: str) -> None:
    answer = parse("offcputime", greeting + STACKS % entry)
    kernel = [entry, "unknown", "asm_sysvec_apic_timer_interrupt", "__schedule"]
    user = ["[unknown]", "operator new(unsigned long)"]
    assert answer.data["stacks"] == [
        {"process": "two (1) words", "user": user, "kernel": kernel, "count": 3994},
        {"process": "kworker/0:1-eve", "user": [], "kernel": ["ret_from_fork", "__schedule"], "count": 6},
        {"process": "new\nline", "user": ["main", "[unknown]"], "kernel": [], "count": 5},
    ]
    assert answer.lost == 1


# --- what the real tools printed ---------------------------------------------------------------------------------------


def text_of(path: pathlib.Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


def rows(text: str) -> list[str]:
    """The lines below the head; those that a name breaks in two are mended."""
    return text.replace("kills\nhere", "kills here").replace("new\nline", "new line").split("\n")[1:-1]


def numbers(pattern: str, text: str) -> int:
    return sum(int(number) for number in re.findall(pattern, text, re.MULTILINE))


# How to count by hand what a tool printed; without: a line is one.
BY_HAND: dict[str, t.Callable[[str], int]] = {
    **dict.fromkeys(
        ("biolatency", "bitesize", "hardirqs", "runqlat", "softirqs", "tcprtt"),
        lambda text: numbers(r"^ *[0-9]+ -> [0-9]+ *: ([0-9]+)", text),
    ),
    "biotop": lambda text: numbers(r" ([0-9]+) +[0-9]+\.[0-9]{2}$", text.partition("loadavg")[2]) * 1024,
    "drsnoop": lambda text: len(rows(text)[1:]),
    "killsnoop": lambda text: len([row for row in rows(text) if row.split()[-3] != "0" and row.split()[-1] == "0"]),
    "offcputime": lambda text: numbers(r" \((?!0\))[0-9]+\)\n {8}([0-9]+)$", text),  # 0 is the idle tasks' number
    "runqslower": lambda text: len(rows(text)[1:]),
    "syscount": lambda text: numbers(r"^(?:\[unknown: )?\S+ +([0-9]+) +[0-9.]+$", text),
    "tcpstates": lambda text: len([row for row in rows(text) if not row.endswith(" 0.000")]),
    "vfsstat": lambda text: sum(int(word) for row in rows(text) for word in row.split()[1:6]),
}


@pytest.mark.parametrize("path", PRINTED, ids=lambda path: "%s-%s" % (path.stem, path.parent.name))
def test_all_that_the_real_tool_printed_is_read(path: pathlib.Path) -> None:
    answer = parse(path.stem, text_of(path))
    assert not answer.lost
    assert answer.truncated is None
    counted = BY_HAND.get(path.stem, lambda text: len(rows(text)))(text_of(path))
    assert answer.data["count"] == counted
    assert counted > 0 or path.stem == "drsnoop", "the host was never short of memory, only a cgroup"


def labelled(name: str, version: str) -> dict[tuple[t.Any, ...], dict[str, t.Any]]:
    data = parse(name, text_of(FOLDER / version / (name + ".txt"))).data
    return {tuple(row["labels"].values()): row for row in data.get("series") or data["items"]}


@pytest.mark.parametrize("version", ["0.26", "0.31"])
def test_the_load_is_recognized(version: str) -> None:
    """What ran meanwhile is in fixtures/libbpf_tools/README.md: rounds of the same, under names with spaces and line ends."""
    killed, ended = labelled("killsnoop", version), labelled("exitsnoop", version)
    rounds = killed["SIGKILL", "new\nline", None]["count"]
    assert rounds > 1
    assert killed["SIGUSR1", "kills\nhere", None]["count"] == 7 * rounds
    assert killed["SIGSEGV", "segv", None]["count"] == rounds
    assert ended["two words", 3, None]["count"] == 3
    assert ended["segv", None, "SIGSEGV"]["count"] == ended["new\nline", None, "SIGKILL"]["count"] > 1
    opened = labelled("opensnoop", version)
    assert opened["/nonexistent/a b", "ENOENT"]["count"] == opened["/nonexistent/\ufffd\ufffd", "ENOENT"]["count"] > 5
    assert opened["/nonexistent/a b", "ENOENT"]["process"] == "opens here"
    assert labelled("runqslower", version)["two words",]["threads"] >= 3
    assert labelled("gethostlatency", version)["two words", None]["count"] > 1
    started = parse("execsnoop", text_of(FOLDER / version / "execsnoop.txt")).data["events"]
    assert {event["args"] for event in started if event["filename"] == "/bin/true"} == {'a b c"d'}
    victims = parse("oomkill", text_of(FOLDER / version / "oomkill.txt")).data["events"]
    assert [(event["comm"], event["trigger_comm"]) for event in victims] == [("greedy one", "greedy one")]
    sessions = parse("tcplife", text_of(FOLDER / version / "tcplife.txt")).data["events"]
    assert {"ipv4", "ipv6"} == {session["family"] for session in sessions}
    assert {(session["tx_bytes"], session["rx_bytes"]) for session in sessions} >= {(3000, 0), (0, 3000)}
    stacks = parse("offcputime", text_of(FOLDER / version / "offcputime.txt")).data["stacks"]
    mine = [stack for stack in stacks if stack["process"] == "two words"]
    assert any("schedule" in stack["kernel"] for stack in mine)
    assert not any(frame.startswith("bpf_") for stack in stacks for frame in stack["kernel"])


def attempt(name: str, text: str) -> Answer | None:
    """A parser understands, or says that it does not; nothing else."""
    try:
        return parse(name, text)
    except ValueError:
        return None


@pytest.mark.parametrize("path", PRINTED, ids=lambda path: "%s-%s" % (path.stem, path.parent.name))
def test_damaged_output_is_refused_or_counted_and_never_more_than_there_was(path: pathlib.Path) -> None:
    whole = parse(path.stem, text_of(path))
    text = text_of(path)[:30000]
    chance = random.Random(path.stem)
    for _ in range(40):
        answer = attempt(path.stem, text[: chance.randrange(len(text))])
        assert answer is None or answer.data["count"] <= whole.data["count"]
        at = chance.randrange(len(text))
        attempt(path.stem, text[:at] + chance.choice(("\0", "\n", "\udcff", "9" * 400, " " * 3000)) + text[at:])


@pytest.mark.parametrize("path", PRINTED, ids=lambda path: "%s-%s" % (path.stem, path.parent.name))
def test_a_line_that_is_none_of_the_tools_is_not_passed_over(path: pathlib.Path) -> None:
    whole = parse(path.stem, text_of(path))
    answer = attempt(path.stem, text_of(path) + "\n\n\x1b]0;a line of somebody else's\x07\n")
    assert answer is None or (answer.lost or 0) > (whole.lost or 0)


@pytest.mark.parametrize("version", ["0.26", "0.31"])
def test_every_tool_was_recorded(version: str) -> None:
    wanted = {collector.name for collector in every() if collector.libbpf_tools is not None}
    unable = {"0.26": {"biotop"}, "0.31": {"softirqs"}}[
        version
    ]  # it does not attach to 6.1, its program is refused by 6.12
    assert {path.stem for path in PRINTED if path.parent.name == version} == wanted - unable
