# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Run all collectors in one process and one window: start all, sleep, end all, read all.

During the window nothing is polled: the process sleeps until the window's end, or until a tool has written something.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import native, procfs, tools
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context, Running
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._result import Attempt, answered, failed
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers.plan import TIERS, Plan

_ENGINES: t.Mapping[str, t.Callable[[Collector, Limits, Context], Running]] = {
    "native": native.start,
    "libbpf-tools": functools.partial(tools.start, source="libbpf-tools"),
    "bcc": functools.partial(tools.start, source="bcc"),
    "procfs": procfs.start,
}

# Our own cost is taken in a part of the window only: to take it costs as much again as a short program itself.
_SAMPLE_SHARE, _SAMPLE_SECONDS = 0.1, 1.0

# How long a tool may take to print what it has once the window is over.
GRACE = 10.0


class _Question:
    """A collector on its way through its tiers."""

    def __init__(self, plan: Plan, limits: Limits, context: Context) -> None:
        self.collector = plan.collector
        self._tried = {source: Attempt(TIERS[source], source, reason) for source, reason in plan.passed}
        self._left = list(plan.sources)
        self._limits, self._context = limits, context
        self._standby: Running | None = None
        self.running: Running | None = None
        self._source = ""

    def begins_with(self, source: str) -> bool:
        """Say whether this is what is tried first."""
        return self._left[:1] == [source]

    def start(self) -> None:
        """Start the best source that is left."""
        while self._left and self.running is None:
            self._source = self._left.pop(0)
            try:
                self.running = _ENGINES[self._source](self.collector, self._limits, self._context)
            except TierFailure as failure:
                self._note(failure)

    def _note(self, failure: TierFailure) -> None:
        source = self._source
        self._tried[source] = Attempt(TIERS[source], failure.source or source, failure.reason)

    def give_up(self, failure: TierFailure) -> None:
        """Leave the running tier, with its reason, and start the next one."""
        self._note(failure)
        if self.running is not None:
            self.running.close()
            self.running = None
        self.start()

    def ready(self) -> bool:
        """Say whether the window may open for this collector: its tier counts, or none is left."""
        while self.running is not None:
            try:
                return self.running.ready()
            except TierFailure as failure:
                self.give_up(failure)
        return True

    def open(self, window: Window) -> None:
        """The window begins."""
        while self.running is not None:
            try:
                self.running.open(window)
                return
            except TierFailure as failure:
                self.give_up(failure)

    def stand_by(self, window: Window) -> None:
        """Sample /proc beside a tool, which may still fail when it is asked for what it found."""
        if TIERS.get(self._source) == 2 and self.running is not None and "procfs" in self._left:
            try:
                self._standby = procfs.start(self.collector, self._limits, self._context)
                self._standby.open(window)
            except TierFailure:
                self._standby = None  # its reason is told when it is needed

    def each(self) -> t.Iterator[Running]:
        """What runs for this collector."""
        if self.running is not None:
            yield self.running
        if self._standby is not None:
            yield self._standby

    def finish(self, deadline: float) -> dict[str, t.Any]:
        """Read what was found out, and return the result."""
        if self.running is None:
            return failed(self.collector, self._attempts())
        try:
            return self._answer(self.running, deadline)
        except TierFailure as failure:
            self._note(failure)
        if self._standby is not None:
            self._source = "procfs"
            try:
                return self._answer(self._standby, deadline)
            except TierFailure as failure:
                self._note(failure)
        return failed(self.collector, self._attempts())

    def _attempts(self, before: str | None = None) -> list[Attempt]:
        """Return what was tried or ruled out, in the order of the sources; with `before` only ahead of that one."""
        order = list(TIERS)
        end = len(order) if before is None else order.index(before)
        return [self._tried[source] for source in order[:end] if source in self._tried]

    def _answer(self, running: Running, deadline: float) -> dict[str, t.Any]:
        answer: Answer = running.finish(deadline)
        before, tier = self._attempts(self._source), TIERS[self._source]
        return answered(self.collector, before, answer, tier, running.source, running.span, running.cost)

    def close(self) -> None:
        """Release everything."""
        for running in self.each():
            running.close()


def _wait(questions: t.Sequence[_Question], seconds: float) -> None:
    """Sleep, and read what tools write meanwhile, so that no pipe fills up."""
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return
        owners = {fd: running for q in questions for running in q.each() for fd in running.descriptors()}
        if not owners:
            time.sleep(left)
            return
        for owner in {id(owners[fd]): owners[fd] for fd in select.select(list(owners), [], [], left)[0]}.values():
            owner.pump()


def _until_ready(questions: t.Sequence[_Question], seconds: float) -> None:
    """Wait until every collector counts; what takes longer than `seconds` is given up for the next tier."""
    deadline = time.monotonic() + seconds
    while sum(not question.ready() for question in questions):
        if time.monotonic() >= deadline:
            for question in questions:
                if not question.ready():
                    message = "it had not attached after %g s" % seconds
                    source = question.running.source if question.running else None
                    question.give_up(TierFailure(Reason("timeout", message, "raise startup_limit"), source))
            return
        _wait(questions, min(0.05, max(deadline - time.monotonic(), 0)))


def _each(questions: t.Iterable[_Question], act: t.Callable[[Running], None]) -> None:
    for question in questions:
        for running in question.each():
            act(running)


@contextlib.contextmanager
def _statistics() -> t.Iterator[bool]:
    """Let the kernel take the run time of programs; False where it does not, and our own cost is not known."""
    try:
        fd = syscall.enable_run_time_stats()
    except syscall.BpfError:
        yield False
        return
    try:
        yield True
    finally:
        os.close(fd)


def run(
    plans: t.Sequence[Plan],
    seconds: float,
    limits: Limits,
    context: Context,
    attached: t.Callable[[], None] = lambda: None,
) -> t.Iterator[dict[str, t.Any]]:
    """Yield one result per plan, in their order, after one shared window of `seconds`.

    `attached` is called once every program is attached, before the window opens. Whatever happens, at the end, or when the
    generator is closed, nothing of ours is left in the kernel and no tool runs.
    """
    questions = [_Question(plan, limits, context) for plan in plans]
    try:
        # Tools that compile for seconds are started first, so that programs attached in microseconds do not wait for them, and
        # neither do tools that are there in milliseconds: these count from then on, and are started last.
        quick = [question for question in questions if question.begins_with("libbpf-tools")]
        rest = [question for question in questions if question not in quick]
        for question in sorted(rest, key=lambda one: one.begins_with("bcc"), reverse=True):
            question.start()
        _until_ready(rest, context.startup_limit)
        for question in quick:
            question.start()
        _until_ready(questions, context.startup_limit)
        attached()
        with _statistics() as measured:
            window = Window.beginning(seconds, measured=measured)
            for question in questions:
                question.open(window)
            for question in questions:
                question.stand_by(window)
            if measured:
                _wait(questions, min(max(seconds * _SAMPLE_SHARE, _SAMPLE_SECONDS), window.left()))
                _each(questions, lambda running: running.sample())
        _wait(questions, window.left())
        _each(questions, lambda running: running.end())
        deadline = time.monotonic() + GRACE
        for question in questions:
            yield question.finish(deadline)
    finally:
        for question in questions:
            question.close()
