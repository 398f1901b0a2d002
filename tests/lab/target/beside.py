# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a guest: our collectors and independent tools, over the same time, batch by batch (plan.py).

    beside.py BATCH...    prints {batch: {"ours": {collector: answer}, "theirs": {tool: output}, "load": the first process id
                                    of the load, "seconds": what all took, "loaded": the load}}

All are attached before the load begins, and stopped when it has ended and nothing else goes on: so the ends of their
windows need not be the same. An answer is data and lost, or `failed`: the reason. An output is what a tool printed (of
one that is run twice, both), what it complained of, its exit status and the seconds until it counted.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import typing as t

import deeds
import plan
from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import assess
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import native, procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context, Running
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window

STARTUP_SECONDS = 120
LONGEST_SECONDS = 900
PRINTING_SECONDS, AGAIN_SECONDS = 300, 20  # bpftrace 0.17 at times does not hear the first SIGINT
SETTLE_SECONDS, QUIET_SECONDS = 0.4, 1.1  # before and after the load; a tool that prints each second does so once more
# Keys of a map, and characters of a text in it, that bpftrace keeps; and English is what it and others speak.
ENVIRONMENT = {
    **os.environ,
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "BPFTRACE_MAP_KEYS_MAX": "16384",
    "LC_ALL": "C",
    "S_COLORS": "never",
}
LIMITS = Limits(max_items=20000, max_events=20000)
DEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "deeds.py")

_UNHEARD: t.Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

Said = t.Dict[str, t.Any]


class Beside:
    """A tool that runs beside us."""

    def __init__(self, tool: plan.Tool) -> None:
        """Start it, or run it for the first time."""
        self._tool = tool
        self._began = time.monotonic()
        self._said: Said = {"printed": [], "seconds": None}
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed by `stop`
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process: subprocess.Popen[bytes] | None = None
        if tool.how == "twice":
            self._once()
        else:
            self._process = subprocess.Popen(
                tool.words, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._errors, env=ENVIRONMENT
            )

    def _once(self) -> None:
        done = subprocess.run(self._tool.words, check=True, stdout=subprocess.PIPE, env=ENVIRONMENT)
        self._said["printed"].append(done.stdout.decode(errors="replace"))

    def wait(self) -> None:
        """Wait until it counts."""
        while self._process is not None and self._tool.how == "until" and not self._counts(self._process.pid):
            if self._process.poll() is not None or time.monotonic() > self._began + STARTUP_SECONDS:
                raise AssertionError("%s: %s" % (self._tool.words, self._printed(self._errors)[-3000:]))
            time.sleep(0.1)
        self._said["seconds"] = round(time.monotonic() - self._began, 1)

    def _counts(self, process: int) -> bool:
        if self._tool.ready:
            return self._tool.ready in self._printed(self._out)
        folder = "/proc/%d/fd" % process
        with contextlib.suppress(OSError):  # what was listed may be closed by now
            if any("bpf_link" in os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)):
                time.sleep(SETTLE_SECONDS)  # the others follow at once
                return True
        return False

    def end(self) -> None:
        """Have it end: by a signal, by itself, or by another run."""
        if self._process is None:
            self._once()
        elif self._tool.how == "until":
            self._process.send_signal(signal.SIGINT)
        else:
            self._process.wait()

    def still(self) -> None:
        """Fail where it has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError("%s ended before the load did" % (self._tool.words,))

    def said(self) -> Said:
        """Return what it said."""
        if self._process is not None:
            self._said["status"] = self._ended()
            self._said["printed"].append(self._printed(self._out))
            self._said["complaints"] = self._printed(self._errors)[-3000:]
        return self._said

    def _ended(self) -> int:
        """Wait until it has printed what it had counted, and return its status."""
        assert self._process is not None
        for _ in range(PRINTING_SECONDS // AGAIN_SECONDS):
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._process.wait(AGAIN_SECONDS)
            self._process.send_signal(signal.SIGINT)
        raise AssertionError("%s did not end after SIGINT" % (self._tool.words,))

    def close(self) -> None:
        """End it by force where it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    @staticmethod
    def _printed(file: t.IO[bytes]) -> str:
        return os.pread(file.fileno(), 32 << 20, 0).decode(errors="replace")


def answer(running: Running) -> Said:
    """Return what one of our collectors found out."""
    try:
        found = running.finish(time.monotonic() + 60)
    except TierFailure as failure:
        return {"failed": failure.reason.as_dict()}
    return {"data": found.data, "lost": found.lost, "truncated": found.truncated, "notes": list(found.notes)}


def started(batch: plan.Batch, context: Context, stack: contextlib.ExitStack) -> dict[str, Running]:
    """Start our collectors."""
    ours: dict[str, Running] = {}
    for start, names in ((native.start, batch.native), (procfs.start, batch.procfs)):
        for name in names:
            ours[name] = start(_collectors.by_name(name), LIMITS, context)
            stack.callback(ours[name].close)
    return ours


def all_tools(batch: plan.Batch) -> dict[str, plan.Tool]:
    """Return the tools of a batch by name, each having been read from the disk: what that takes nobody counts then."""
    tools = dict(batch.tools)
    if batch.clauses:
        tools = {"bpftrace": plan.bpftrace(batch.clauses.values()), **tools}
    for tool in tools.values():
        for word in ("--version", "-V"):
            subprocess.run([tool.program(), word], check=False, env=ENVIRONMENT, **_UNHEARD)
    return tools


def attached(tools: t.Mapping[str, plan.Tool], stack: contextlib.ExitStack) -> dict[str, Beside]:
    """Start tools, one after another; those that run for a fixed time last, and those that are run twice when all is quiet."""
    theirs: dict[str, Beside] = {}
    for how in ("until", "timed", "twice"):
        for tool in (name for name in tools if tools[name].how == how):
            theirs[tool] = Beside(tools[tool])
            stack.callback(theirs[tool].close)
            theirs[tool].wait()
        if how == "timed":
            time.sleep(SETTLE_SECONDS)
    return theirs


def ended(theirs: t.Mapping[str, Beside], tools: t.Mapping[str, plan.Tool], *ways: str) -> None:
    """End the tools that are run in these ways."""
    for how in ways:
        for tool, beside in theirs.items():
            if tools[tool].how == how:
                beside.end()


def play(name: str, context: Context) -> Said:
    """Run a batch."""
    batch = plan.BATCHES[name]
    began = time.monotonic()
    tools = all_tools(batch)
    with contextlib.ExitStack() as stack:
        stack.enter_context(deeds.PREPARED.get(name, contextlib.nullcontext)())
        ours = started(batch, context, stack)
        theirs = attached(tools, stack)
        window = Window.beginning(LONGEST_SECONDS)
        for running in ours.values():
            running.open(window)
        time.sleep(0.1)
        loading = time.monotonic()
        load = subprocess.Popen([sys.executable, "-B", DEEDS, name])
        if load.wait():
            raise AssertionError("the load of %s failed" % name)
        loaded = time.monotonic() - loading
        time.sleep(QUIET_SECONDS)
        for beside in theirs.values():
            beside.still()
        ended(theirs, tools, "timed")
        for running in ours.values():
            running.end()
        ended(theirs, tools, "twice", "until")
        said = {
            "ours": {collector: answer(running) for collector, running in ours.items()},
            "theirs": {tool: beside.said() for tool, beside in theirs.items()},
        }
    took = {"seconds": round(time.monotonic() - began, 1), "loaded": round(loaded, 1)}
    return {**took, "load": load.pid, **said}


def main() -> int:
    """Run the batches that are named."""
    context = Context(assess.assess(), STARTUP_SECONDS)
    print(json.dumps({name: play(name, context) for name in sys.argv[1:]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
