# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Tier 2: the distribution's tool, attached before the window, interrupted at its end, its output parsed.

There are two sources of tools: libbpf-tools, which are compiled, and bcc, whose scripts compile when they start. A tool has been
trusted by the assessment (capability.userland.libbpf_tools, .bcc_tools). Its life is bounded: `startup_limit` seconds until it
is attached, then the window, then the grace that `finish` gets; then its group is killed.
"""

from __future__ import annotations

import select
import signal
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import ONLINE, cpus
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Command, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean, first_line
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._capture import Capture
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context, Running
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._process import Child
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._tool_failures import explain, unknown_arguments
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window

# Python only prints a KeyboardInterrupt that falls into a callback from libbcc, and the tool goes on: it is sent again.
_AGAIN = 0.5
_FAREWELL = 0.5  # seconds from SIGINT to SIGKILL for a tool that is not needed any more
_POLL = 0.02  # seconds between looks at a tool that is about to end: its pipes do not tell when it has

# Endings that SIGINT brings about: by the signal itself, and as shells and newer tools say it.
_INTERRUPTED = (-signal.SIGINT, 128 + signal.SIGINT)


class _Instant(t.NamedTuple):
    unix: float
    monotonic: float

    @classmethod
    def now(cls) -> _Instant:
        return cls(time.time(), time.monotonic())


class _Tool(Running):
    def __init__(self, source: str, path: str, spec: Command, limits: Limits, context: Context) -> None:
        self._loader, self.source = source, "%s:%s" % (source, path)
        self._path, self._spec, self._limits = path, spec, limits
        self._lockdown = (context.capability.get("kernel") or {}).get("lockdown")
        self._startup_limit = context.startup_limit
        self._notes: tuple[str, ...] = ()
        self._ready_at: _Instant | None = None
        self._counts_from: _Instant | None = None
        self._stopped_at: float | None = None  # of the monotonic clock
        self._elapsed = 0.0  # seconds from readiness to the window's start
        self._died: Reason | None = None  # why it ended before the window did
        self._run(spec.args)

    def _run(self, args: tuple[str, ...]) -> None:
        self._args = args
        self._capture = Capture(self._limits.max_output)
        self._started = time.monotonic()
        try:
            self._child = Child((self._path, *args), terminal=self._loader == "libbpf-tools")
        except OSError as error:
            message = "%s cannot be run: %s" % (self._path, error.strerror)
            raise TierFailure(Reason("exec", message, "reinstall the tool's package"), self.source) from None

    def descriptors(self) -> list[int]:
        """Return the tool's pipes."""
        return self._child.descriptors()

    def pump(self) -> None:
        """Read what the tool has written, and end it when that is more than is kept."""
        self._capture.add(*self._child.read())
        if self._capture.full and self._counts_from is not None:
            if self._stopped_at is None:
                self._stop()
            elif time.monotonic() > self._stopped_at + _FAREWELL:
                self._child.kill()

    def ready(self) -> bool:
        """Say whether the tool has attached, which its greeting tells."""
        if self._ready_at is None:
            status = self._child.status()
            self.pump()
            if self._attached(status):
                self._ready_at = _Instant.now()
                self.cost = _cost(self._loader, self._ready_at.monotonic - self._started)
            elif status is not None:
                self._refused(status)
            elif time.monotonic() > self._started + self._startup_limit:
                message = "%s had not attached after %g s" % (self._path, self._startup_limit)
                raise TierFailure(Reason("timeout", message, "raise startup_limit"), self.source)
        return self._ready_at is not None

    def _attached(self, status: int | None) -> bool:
        if not self._spec.ready:
            return status is None and self._child.holds_a_link()
        if not self._capture.greeted(self._spec.ready):
            return False
        return not self._spec.sampler or self._child.samples(len(cpus(first_line(ONLINE) or "0")))

    def _refused(self, status: int) -> None:
        """The tool ended before it was attached: try again without the arguments that its version does not know."""
        unknown = unknown_arguments(self._capture.errors(), self._args)
        if not unknown:
            raise TierFailure(self._explain(status), self.source)
        self._child.close()
        self._notes += ("this version of the tool does not know %s" % " ".join(unknown),)
        self._run(tuple(arg for arg in self._args if arg not in unknown))

    def _explain(self, status: int) -> Reason:
        ending = "signal %d" % -status if status < 0 else "exit status %d" % status
        return explain(self._capture.greeting(), self._capture.errors(), ending, self._lockdown)

    def open(self, window: Window) -> None:
        """Cut off what came before, where the tool prints as things happen; else it counts from its readiness on."""
        if self._ready_at is None:
            raise TierFailure(Reason("timeout", "%s had not attached" % self._path), self.source)
        self.pump()
        now = _Instant.now()
        self._elapsed = now.monotonic - self._ready_at.monotonic
        self._counts_from = now if self._spec.stream else self._ready_at
        if self._spec.stream:
            self._capture.cut()
        elif self._elapsed >= 0.1:
            self._notes += ("counts from %.1f s before the shared window on, when the tool attached" % self._elapsed,)

    def end(self) -> None:
        """Interrupt the tool, which then prints what it has."""
        if self._stopped_at is None:
            status = self._child.status()
            if status is not None:
                self.pump()
                self._died = self._explain(status)
            self._stop()

    def _stop(self) -> None:
        self._stopped_at = time.monotonic()
        self._child.interrupt()

    def finish(self, deadline: float) -> Answer:
        """Wait for the rest of the output and parse it."""
        if self._counts_from is None or self._stopped_at is None:
            raise TierFailure(Reason("timeout", "%s had no window" % self._path), self.source)
        self.span = (self._counts_from.unix, self._stopped_at - self._counts_from.monotonic)
        if self._died is not None:
            message = "it ended before the window did: %s" % self._died.message
            raise TierFailure(self._died._replace(message=message), self.source)
        status = self._wait(deadline)
        if not self._capture.full:
            self._judge(status)
        try:
            answer = self._spec.parse(self._capture.text(), self._elapsed, self._limits)
        except (ValueError, OverflowError) as error:
            message = "the output of %s is not understood: %s" % (self._path, clean(str(error), 300))
            raise TierFailure(Reason("parse", message), self.source) from None
        answer = answer._replace(notes=self._notes + answer.notes)
        if self._capture.full:
            truncated = (
                "the tool printed more than %d bytes, of which the rest is not counted" % self._limits.max_output
            )
            return answer._replace(lost=None, truncated=truncated)
        if self._spec.tables and "KeyboardInterrupt" in self._capture.errors():  # it came while it was printing
            answer = answer._replace(
                truncated="the tool was interrupted while it printed, and its last table is cut short"
            )
        lost = self._capture.lost + self._capture.lost_of_output()
        return answer._replace(lost=(answer.lost or 0) + lost) if lost else answer

    def _wait(self, deadline: float) -> int | None:
        """Read on until the tool has ended, and return its status; None when it had to be killed."""
        again = time.monotonic() + _AGAIN
        while True:
            status = self._child.status()
            self.pump()  # after the status: once the group is gone, the pipes hold no more than one reading takes
            now = time.monotonic()
            if status is not None:
                return status
            if now >= deadline:
                self._child.kill()
                return None
            if now >= again and self._spec.stream and not self._spec.tables:  # it would interrupt the printing
                self._child.interrupt()
                again = now + _AGAIN
            select.select(self.descriptors(), [], [], _POLL)

    def _judge(self, status: int | None) -> None:
        """Raise TierFailure unless what the tool has printed is all that it had to print."""
        if status is None and not self._spec.stream:
            message = "%s did not print what it had counted in time after SIGINT, and was killed" % self._path
            raise TierFailure(Reason("timeout", message), self.source)
        if status is None:
            self._notes += ("the tool did not end after SIGINT and was killed",)
        elif status and not (self._spec.stream and self._interrupted(status)):
            raise TierFailure(self._explain(status), self.source)

    def _interrupted(self, status: int) -> bool:
        return status in _INTERRUPTED or "KeyboardInterrupt" in self._capture.errors()

    def close(self) -> None:
        """End the tool if it still runs: bcc's own cleaning up first, then by force."""
        if self._child.status() is None:
            self._child.interrupt()
            deadline = time.monotonic() + _FAREWELL
            while self._child.status() is None and time.monotonic() < deadline:
                self._child.read()
                time.sleep(_POLL)
        self._child.close()


def _cost(loader: str, seconds: float) -> dict[str, t.Any]:
    """Return a result's `cost`: a tool tells nothing of its programs and maps, only how long it took to attach."""
    unknown = dict.fromkeys(
        ("attach_ms", "map_bytes", "program_bytes", "run_ns", "run_count", "sampled_seconds", "blob_sha256")
    )
    return {"loader": loader, "load_ms": round(seconds * 1000, 3), **unknown}


class _Source(t.NamedTuple):
    """Where tools come from."""

    field: str  # of Collector
    found: str  # of capability.userland
    remedy: str  # where a tool is not installed


_SOURCES = {
    "libbpf-tools": _Source(
        "libbpf_tools", "libbpf_tools", "install libbpf-tools (Debian, Ubuntu, RHEL, Fedora), which need no compiler"
    ),
    "bcc": _Source("bcc", "bcc_tools", "install bpfcc-tools (Debian, Ubuntu) or bcc-tools"),
}


def start(collector: Collector, limits: Limits, context: Context, source: str = "bcc") -> Running:
    """Start a collector's tool, of the source and no other; it needs some time until it is ready. Raise TierFailure."""
    which = _SOURCES[source]
    spec: Command | None = getattr(collector, which.field)
    if spec is None:
        raise TierFailure(Reason("unsupported", "%s has no tool of %s" % (collector.name, source)), source)
    tool = ((context.capability.get("userland") or {}).get(which.found) or {}).get(spec.tool)
    if not tool:
        message = "the tool %s of %s is not installed" % (spec.tool, source)
        raise TierFailure(Reason("no_tool", message, which.remedy), source)
    if tool.get("trusted") is not True:
        message = "%s is not run as root: %s" % (tool["path"], tool.get("reason") or "it was not examined")
        raise TierFailure(
            Reason("untrusted", message, "reinstall the tool's package"), "%s:%s" % (source, tool["path"])
        )
    return _Tool(source, tool["path"], spec, limits, context)
