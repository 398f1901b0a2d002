# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Run all collectors in one process and one window: start all, sleep, end all, read all.

During the window nothing is polled: the process sleeps until the window's end, or until a tool has written something.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import bcc, native, procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context, Running
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._result import Attempt, answered, failed
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers.plan import NAMES, Plan

_ENGINES: t.Mapping[int, t.Callable[[Collector, Limits, Context], Running]] = {
    3: native.start,
    2: bcc.start,
    1: procfs.start,
}

# Our own cost is taken in a part of the window only: to take it costs as much again as a short program itself.
_SAMPLE_SHARE, _SAMPLE_SECONDS = 0.1, 1.0

# How long a tool may take to print what it has once the window is over.
GRACE = 10.0


class _Question:
    """A collector on its way through its tiers."""

    def __init__(self, plan: Plan, limits: Limits, context: Context) -> None:
        self.collector = plan.collector
        self.attempts = [Attempt(tier, NAMES[tier], reason) for tier, reason in plan.passed]
        self._left = list(plan.tiers)
        self._limits, self._context = limits, context
        self._standby: Running | None = None
        self.running: Running | None = None
        self.tier = 0

    def starts_slowly(self) -> bool:
        """Say whether a tool comes first, which compiles for seconds."""
        return self._left[:1] == [2]

    def start(self) -> None:
        """Start the best tier that is left."""
        while self._left and self.running is None:
            self.tier = self._left.pop(0)
            try:
                self.running = _ENGINES[self.tier](self.collector, self._limits, self._context)
            except TierFailure as failure:
                self._note(failure)

    def _note(self, failure: TierFailure) -> None:
        self.attempts.append(Attempt(self.tier, failure.source or NAMES[self.tier], failure.reason))

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
        if self.tier == 2 and self.running is not None and 1 in self._left:
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
            return failed(self.collector, self._tried())
        try:
            return self._answer(self.running, self.tier, deadline)
        except TierFailure as failure:
            self._note(failure)
        if self._standby is not None:
            self.tier = 1
            try:
                return self._answer(self._standby, 1, deadline)
            except TierFailure as failure:
                self._note(failure)
        return failed(self.collector, self._tried())

    def _tried(self) -> list[Attempt]:
        return sorted(self.attempts, key=lambda attempt: -attempt.tier)

    def _answer(self, running: Running, tier: int, deadline: float) -> dict[str, t.Any]:
        answer: Answer = running.finish(deadline)
        before = [attempt for attempt in self._tried() if attempt.tier > tier]
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
        # Tools that compile for seconds are started first, so that programs attached in microseconds do not wait for them.
        for question in sorted(questions, key=_Question.starts_slowly, reverse=True):
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
