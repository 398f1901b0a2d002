# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine of tier 2 against tools that misbehave. They are small programs of the test's own, not bcc's."""

from __future__ import annotations

import os
import pathlib
import select
import signal
import subprocess
import sys
import textwrap
import time
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Command, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import _process, tools
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context, Running
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window

# What a bcc tool does: greet, count until SIGINT, print.
PRELUDE = """\
import os, signal, subprocess, sys, time
print("Tracing")
"""
GOOD = """\
try:
    time.sleep(60)
except KeyboardInterrupt:
    print("total 7")
"""


def parse(text: str, elapsed: float, limits: Limits) -> Answer:
    """Count lines `n`; a last word `total N` is taken as it is."""
    lines = text.split("Tracing\n")[1].splitlines()
    totals = [int(line.split()[1]) for line in lines if line.startswith("total ")]
    if not totals and "n" not in lines:
        raise ValueError("no total in %r" % text[-40:])
    return Answer({"count": sum(totals) + lines.count("n"), "elapsed": elapsed})


class Lab:
    """Makes a tool of a script, and runs the engine with it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.tool = folder / "tool"
        self.started: list[Running] = []

    def write(self, script: str) -> None:
        self.tool.write_text("#!%s -S\n%s" % (sys.executable, script))
        self.tool.chmod(0o755)

    def start(
        self,
        script: str,
        stream: bool = False,
        limit: int = 10000,
        startup: float = 10,
        args: str = "",
        tables: bool = False,
        sampler: bool = False,
        source: str = "bcc",
        ready: str = "Tracing",
    ) -> Running:
        self.write(script)
        words = tuple(args.split())
        spec = Command("x", words, ready, parse, stream=stream, tables=tables, sampler=sampler)
        collector = Collector("x", "cpu", "?", "counts", "us", None, spec, None, spec)
        found = {"x": {"path": str(self.tool), "trusted": True, "reason": None}}
        userland = {"bcc_tools": found if source == "bcc" else {}, "libbpf_tools": found if source != "bcc" else {}}
        context = Context({"userland": userland, "kernel": {"lockdown": None}}, startup)
        running = tools.start(collector, Limits(max_output=limit), context, source)
        self.started.append(running)
        return running


def wait(running: Running, seconds: float) -> None:
    """What the run of a window does meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select(running.descriptors(), [], [], 0.02)[0]:
            running.pump()


def become_ready(running: Running) -> None:
    deadline = time.monotonic() + 20
    while not running.ready():
        assert time.monotonic() < deadline
        wait(running, 0.02)


def survey(running: Running, seconds: float = 0.3, grace: float = 5) -> Answer:
    become_ready(running)
    running.open(Window.beginning(seconds))
    wait(running, seconds)
    running.end()
    return running.finish(time.monotonic() + grace)


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        state = pathlib.Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in "ZX"


def soon(condition: t.Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> t.Iterator[Lab]:
    laboratory = Lab(tmp_path)
    yield laboratory
    for running in laboratory.started:
        running.close()
        assert running.descriptors() == []


def test_a_tool_that_behaves(lab: Lab) -> None:
    running = lab.start(PRELUDE + GOOD)
    assert running.source == "bcc:%s" % lab.tool
    begun = time.time()
    answer = survey(running)
    assert answer.data["count"] == 7
    assert answer.lost is None
    assert answer.truncated is None
    assert running.span is not None
    assert running.span[0] == pytest.approx(begun, abs=10)
    assert 0.3 <= running.span[1] < 10
    assert running.cost is not None
    assert running.cost["loader"] == "bcc"
    assert running.cost["load_ms"] > 0


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL, signal.default_int_handler])
def test_sigint_reaches_the_tool_whatever_we_do_with_it(lab: Lab, handler: t.Any) -> None:
    before = signal.signal(signal.SIGINT, handler)
    try:
        assert survey(lab.start(PRELUDE + GOOD)).data["count"] == 7
    finally:
        signal.signal(signal.SIGINT, before)


def test_sigint_reaches_the_tool_though_it_is_blocked(lab: Lab) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        assert survey(lab.start(PRELUDE + GOOD)).data["count"] == 7
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_the_tool_sees_nothing_of_ours(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD_OF_OURS", "x")
    script = PRELUDE + 'print("total", len([k for k in os.environ if k not in %r]) + len(sys.stdin.read()))\n' % (
        ["PATH", "LC_ALL", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE"],
    )
    open_files = 'print("total", len(os.listdir("/proc/self/fd")) - 4)\n'  # 0, 1, 2, and the folder itself
    group = 'print("total", int(os.getsid(0) != os.getpid()))\n'
    assert survey(lab.start(script + open_files + group + GOOD)).data["count"] == 7


# Greets, takes its time, and only then opens a perf event for each CPU (its clock, disabled), as profile does.
SAMPLER = """\
import ctypes, os, struct, sys, time
print("Tracing")
time.sleep(1)
number = {"x86_64": 298, "aarch64": 241}[os.uname().machine]
attr = struct.pack("=IIQQQQQIIQQ", 1, 72, 0, 10**9, 0, 0, 1 << 0 | 1 << 5 | 1 << 6, 0, 0, 0, 0)
for cpu in range(os.cpu_count()):
    assert ctypes.CDLL(None).syscall(number, attr, 0, cpu, -1, 0) >= 0
"""


def test_a_tool_that_greets_before_it_has_attached(lab: Lab) -> None:
    begun = time.monotonic()
    running = lab.start(SAMPLER + GOOD, sampler=True)
    assert survey(running).data["count"] == 7
    assert running.cost is not None
    assert 1000 <= running.cost["load_ms"] <= (time.monotonic() - begun) * 1000


def test_a_tool_that_greets_and_then_cannot_attach(lab: Lab) -> None:
    running = lab.start('import sys, time\nprint("Tracing")\ntime.sleep(0.3)\nsys.exit("no such event")', sampler=True)
    with pytest.raises(TierFailure, match="no such event"):
        become_ready(running)


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("import sys; sys.exit(3)\n", "exited", "exit status 3"),
        ("import sys; sys.exit('Need super-user privileges to run')\n", "privilege", "super-user"),
        ("raise RuntimeError('\\x1b[31mbroken')\n", "exited", "broken"),
        ("import os; os.kill(os.getpid(), 11)\n", "exited", "signal 11"),
        ("print('Unable to find kernel headers. Try')\nraise SystemExit(1)\n", "no_headers", "headers"),
    ],
)
def test_a_tool_that_cannot_attach(lab: Lab, script: str, code: str, words: str) -> None:
    running = lab.start(script)
    with pytest.raises(TierFailure) as failure:
        become_ready(running)
    assert failure.value.reason.code == code
    assert words in failure.value.reason.message
    assert failure.value.source == "bcc:%s" % lab.tool
    assert "\x1b" not in failure.value.reason.message


def test_a_tool_that_hangs_before_it_is_attached(lab: Lab) -> None:
    running = lab.start("import time; time.sleep(60)\n", startup=0.3)
    with pytest.raises(TierFailure) as failure:
        become_ready(running)
    assert failure.value.reason.code == "timeout"
    assert "0.3 s" in failure.value.reason.message


def test_a_tool_that_dies_in_the_window(lab: Lab) -> None:
    running = lab.start(PRELUDE + "time.sleep(0.1)\nprint('total 7')\nsys.exit('perf_event_open: failed')\n")
    with pytest.raises(TierFailure) as failure:
        survey(running, 1)
    assert failure.value.reason.code == "no_perf"
    assert "before the window did" in failure.value.reason.message


def test_a_tool_that_ends_well_but_early(lab: Lab) -> None:
    running = lab.start(PRELUDE + "print('total 7')\n")
    with pytest.raises(TierFailure, match="before the window did") as failure:
        survey(running, 1)
    assert failure.value.reason.code == "exited"


DEAF = "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"


def test_a_deaf_tool_is_killed_and_its_count_unknown(lab: Lab) -> None:
    running = lab.start(PRELUDE + DEAF + "time.sleep(60)\n")
    with pytest.raises(TierFailure) as failure:
        survey(running, grace=0.5)
    assert failure.value.reason.code == "timeout"
    assert "killed" in failure.value.reason.message


def test_what_a_deaf_tool_has_printed_as_it_happened_is_kept(lab: Lab) -> None:
    running = lab.start(PRELUDE + DEAF + "time.sleep(0.5)\nprint('n')\ntime.sleep(60)\n", stream=True)
    answer = survey(running, seconds=1, grace=0.5)
    assert answer.data["count"] == 1
    assert any("killed" in note for note in answer.notes)


def test_a_swallowed_sigint_is_sent_again(lab: Lab) -> None:
    # As when it falls into a callback from libbcc.
    script = "seen = []\nsignal.signal(signal.SIGINT, lambda *_: seen.append(1) if not seen else sys.exit(0))\n"
    running = lab.start(PRELUDE + script + "time.sleep(0.3)\nprint('n')\nwhile True: time.sleep(60)\n", stream=True)
    answer = survey(running, seconds=1)
    assert answer.data["count"] == 1
    assert not any("killed" in note for note in answer.notes)


def test_a_second_sigint_does_not_disturb_what_prints_slowly(lab: Lab) -> None:
    script = "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    time.sleep(1.5)\n    print('total 7')\n"
    assert survey(lab.start(PRELUDE + script)).data["count"] == 7


def test_the_last_table_is_waited_for_and_not_interrupted_again(lab: Lab) -> None:
    script = "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    time.sleep(1.5)\n    print('total 7')\n"
    answer = survey(lab.start(PRELUDE + script, stream=True, tables=True))
    assert (answer.data["count"], answer.truncated) == (7, None)


def test_a_table_that_sigint_has_cut_is_said_to_be_cut(lab: Lab) -> None:
    script = "time.sleep(0.5)\nprint('n')\ntime.sleep(60)\n"
    answer = survey(lab.start(PRELUDE + script, stream=True, tables=True), seconds=1)
    assert answer.truncated is not None
    assert "interrupted while it printed" in answer.truncated


def test_a_tool_that_fails_while_it_prints(lab: Lab) -> None:
    script = "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('total 7')\n    sys.exit('MemoryError')\n"
    with pytest.raises(TierFailure) as failure:
        survey(lab.start(PRELUDE + script))
    assert failure.value.reason.code == "ENOMEM"


@pytest.mark.parametrize("stream", [False, True])
def test_output_that_is_not_understood(lab: Lab, stream: bool) -> None:
    with pytest.raises(TierFailure) as failure:
        survey(lab.start(PRELUDE + "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    pass\n", stream=stream))
    assert failure.value.reason.code == "parse"
    assert str(lab.tool) in failure.value.reason.message


FLOOD = "time.sleep(0.5)\nwhile True: print('n')\n"


def test_a_flood_is_cut_short_and_said(lab: Lab) -> None:
    running = lab.start(PRELUDE + FLOOD, stream=True, limit=1000)
    answer = survey(running, seconds=2)
    assert answer.data["count"] == (1000 - len("Tracing\n")) // 2
    assert answer.truncated
    assert "1000 bytes" in answer.truncated
    assert answer.lost is None
    assert running.span is not None
    assert running.span[1] < 1.9  # counted until it was full


def test_a_flood_that_is_deaf_is_ended_in_the_window(lab: Lab) -> None:
    running = lab.start(PRELUDE + DEAF + "print(os.getpid(), file=sys.stderr)\n" + FLOOD, stream=True, limit=1000)
    answer = survey(running, seconds=2, grace=5)
    assert answer.truncated
    assert running.descriptors() == []


def test_a_flood_of_errors_does_not_stall_the_tool(lab: Lab) -> None:
    script = "for n in range(20000): print('warning %d' % n, file=sys.stderr)\n"
    assert survey(lab.start("import sys\n" + script + PRELUDE + script + GOOD), seconds=1.5).data["count"] == 7


def test_what_was_printed_before_the_window_is_not_counted(lab: Lab) -> None:
    script = "for _ in range(5): print('n')\nprint('Possibly lost 9 samples', file=sys.stderr)\nsys.stdin.close()\n"
    later = "time.sleep(1)\nprint('n')\nprint('Possibly lost 2 samples', file=sys.stderr)\ntime.sleep(60)\n"
    running = lab.start(PRELUDE + script + later, stream=True)
    become_ready(running)
    wait(running, 0.4)
    running.open(Window.beginning(1.5))
    wait(running, 1.5)
    running.end()
    answer = running.finish(time.monotonic() + 5)
    assert answer.data["count"] == 1
    assert answer.lost == 2
    assert answer.data["elapsed"] == pytest.approx(0.4, abs=0.4)
    assert running.span is not None
    assert running.span[1] == pytest.approx(1.5, abs=0.4)


def test_a_tool_that_counts_from_its_readiness_says_so(lab: Lab) -> None:
    running = lab.start(PRELUDE + GOOD)
    become_ready(running)
    wait(running, 0.5)
    answer = survey(running)
    assert any("before the shared window" in note for note in answer.notes)
    assert running.span is not None
    assert running.span[1] >= 0.8


def test_arguments_that_an_old_version_does_not_know_are_left_out(lab: Lab) -> None:
    script = "import sys\nif '-U' in sys.argv: sys.exit('x: error: unrecognized arguments: -U')\n"
    answer = survey(lab.start(script + PRELUDE + "print('total', len(sys.argv) - 1)\n" + GOOD, args="-t -q -U"))
    assert answer.data["count"] == 9
    assert "this version of the tool does not know -U" in answer.notes


def test_a_tool_that_never_agrees_with_our_arguments(lab: Lab) -> None:
    running = lab.start("import sys\nsys.exit('x: error: unrecognized arguments: -U')\n", args="-U")
    with pytest.raises(TierFailure) as failure:
        become_ready(running)
    assert failure.value.reason.code == "usage"


GRANDCHILD = """\
child = subprocess.Popen(['sleep', '60'], preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
print('pid', child.pid)
"""


def grandchild(running: Running) -> int:
    words = t.cast("t.Any", running)._capture.text().split()
    return int(words[words.index("pid") + 1])


@pytest.mark.parametrize("end", [GOOD, DEAF + "time.sleep(60)\n"])
def test_nothing_is_left_of_a_tool_and_of_what_it_started(lab: Lab, end: str) -> None:
    running = lab.start(PRELUDE + GRANDCHILD + end)
    become_ready(running)
    assert soon(lambda: running.pump() is None and "pid" in t.cast("t.Any", running)._capture.text())
    wait(running, 0.1)
    child = grandchild(running)
    tool = t.cast("t.Any", running)._child._process.pid
    assert not gone(child)
    running.close()
    assert soon(lambda: gone(child) and gone(tool))
    running.close()


def test_what_a_tool_leaves_behind_does_not_keep_us(lab: Lab) -> None:
    # It holds the pipes open, which must not be waited for.
    running = lab.start(PRELUDE + GRANDCHILD + GOOD)
    begun = time.monotonic()
    assert survey(running).data["count"] == 7
    assert time.monotonic() - begun < 5
    child = grandchild(running)
    assert soon(lambda: gone(child))


def test_the_tool_dies_with_us(lab: Lab) -> None:
    lab.write(PRELUDE + DEAF + "print(os.getpid())\ntime.sleep(60)\n")
    us = """
        import os, sys, time
        sys.path[:0] = {path!r}
        from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._process import Child
        child = Child([{tool!r}])
        text = b""
        while text.count(b"\\n") < 2:
            text += child.read()[0]
            time.sleep(0.02)
        print(text.split()[1].decode(), flush=True)
        os.kill(os.getpid(), 9)
    """
    script = textwrap.dedent(us).format(path=sys.path, tool=str(lab.tool))
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL
    assert soon(lambda: gone(int(done.stdout)))


@pytest.mark.parametrize(
    ("found", "code", "words"),
    [
        ({}, "no_tool", "not installed"),
        (
            {"x": {"path": "/bin/true", "trusted": False, "reason": "it can be written by others"}},
            "untrusted",
            "by others",
        ),
        ({"x": {"path": "/bin/true", "trusted": None, "reason": None}}, "untrusted", "not examined"),
        ({"x": {"path": "/nonexistent/x", "trusted": True, "reason": None}}, "exec", "No such file"),
        ({"x": {"path": "/", "trusted": True, "reason": None}}, "exec", "Permission denied"),
    ],
)
def test_a_tool_that_is_not_run(found: dict[str, t.Any], code: str, words: str) -> None:
    spec = Command(tool="x", args=(), ready="Tracing", parse=parse)
    collector = Collector("x", "cpu", "?", "counts", "us", native=None, bcc=spec, procfs=None)
    with pytest.raises(TierFailure) as failure:
        tools.start(collector, Limits(), Context({"userland": {"bcc_tools": found}}))
    assert failure.value.reason.code == code
    assert words in failure.value.reason.message


def test_no_assessment_no_tool() -> None:
    spec = Command(tool="x", args=(), ready="Tracing", parse=parse)
    for tool, code in ((spec, "no_tool"), (None, "unsupported")):
        with pytest.raises(TierFailure) as failure:
            tools.start(Collector("x", "cpu", "?", "counts", "us", None, tool, None), Limits(), Context({}))
        assert failure.value.reason.code == code


def test_no_descriptor_is_left_open(lab: Lab) -> None:
    before = len(os.listdir("/proc/self/fd"))
    running = lab.start(PRELUDE + GOOD)
    survey(running)
    running.close()
    assert len(os.listdir("/proc/self/fd")) == before


# What a tool of libbpf-tools does: it is told by the C library to keep what it says until there is a lot, but on a terminal.
BUFFERED = """\
import os, signal, sys, time
out = open(1, "w", buffering=1 if os.isatty(1) else 65536, closefd=False)
print("Tracing", file=out)
"""


def test_a_compiled_tool_is_heard_at_once_and_byte_for_byte(lab: Lab) -> None:
    script = BUFFERED + 'try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print("n\\tn\\ntotal 7", file=out)\n'
    running = lab.start(script, source="libbpf-tools")
    answer = survey(running)
    assert answer.data["count"] == 7
    assert running.source == "libbpf-tools:%s" % lab.tool
    assert running.cost is not None
    assert running.cost["loader"] == "libbpf-tools"
    silent = lab.start(script, startup=0.5)
    with pytest.raises(TierFailure, match="not attached"):
        become_ready(silent)


def test_more_than_a_terminal_holds_is_read_to_the_end(lab: Lab) -> None:
    script = BUFFERED + 'try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print("n\\n" * 200000, file=out)\n'
    answer = survey(lab.start(script, source="libbpf-tools", limit=1 << 20))
    assert answer.data["count"] == 200000


def test_a_compiled_tool_without_a_greeting_is_attached_when_it_holds_a_link(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_process, "_LINKS", ("/dev/zero",))
    script = PRELUDE + "time.sleep(0.5)\nlink = open('/dev/zero')\n" + GOOD
    begun = time.monotonic()
    answer = survey(lab.start(script, source="libbpf-tools", ready=""))
    assert answer.data["count"] == 7
    assert time.monotonic() - begun > 0.5
    for ending, code in (("raise SystemExit(3)", "exited"), ("time.sleep(60)", "timeout")):
        with pytest.raises(TierFailure) as failure:
            become_ready(lab.start(PRELUDE + ending, source="libbpf-tools", ready="", startup=0.5))
        assert failure.value.reason.code == code


def test_what_a_compiled_tool_says_that_it_lost_is_counted(lab: Lab) -> None:
    script = (
        PRELUDE
        + 'try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print("Lost 3 events on CPU #1!\\ntotal 7")\n'
    )
    script += '    print("lost 4 events on CPU #0", file=sys.stderr)\n'
    answer = survey(lab.start(script, source="libbpf-tools"))
    assert (answer.data["count"], answer.lost) == (7, 7)


def test_the_source_that_is_asked_for_and_no_other(lab: Lab) -> None:
    lab.write(PRELUDE + GOOD)
    spec = Command(tool="x", args=(), ready="Tracing", parse=parse)
    both = Collector("x", "cpu", "?", "counts", "us", None, spec, None, spec)
    found = {"x": {"path": str(lab.tool), "trusted": True, "reason": None}}
    for source, field, other in (("bcc", "bcc_tools", "libbpf_tools"), ("libbpf-tools", "libbpf_tools", "bcc_tools")):
        running = tools.start(both, Limits(), Context({"userland": {field: found}}), source)
        assert running.source == "%s:%s" % (source, lab.tool)
        running.close()
        with pytest.raises(TierFailure) as failure:
            tools.start(both, Limits(), Context({"userland": {other: found}}), source)
        assert failure.value.reason.code == "no_tool"
        assert source in failure.value.reason.message
