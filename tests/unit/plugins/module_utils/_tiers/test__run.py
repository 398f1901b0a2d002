# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a window, with engines that fail at every point where one can."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import run
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context, Running
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers.plan import Plan

THREE = Answer({"count": 3})
RUNQLAT, BIOLATENCY = _collectors.by_name("runqlat"), _collectors.by_name("biolatency")


class Fake(Running):
    """An engine's run that fails where it is told to, and notes what is done to it."""

    log: t.ClassVar[list[str]] = []

    def __init__(self, tier: int, name: str, fails: str, answer: Answer) -> None:
        self.source = "fake:%d" % tier
        self.name = "%s/%d" % (name, tier)
        self.fails = fails
        self.answer = answer
        self.closed = False

    def _at(self, point: str) -> None:
        Fake.log.append("%s %s" % (self.name, point))
        if point == self.fails:
            raise TierFailure(Reason("broken", "%s failed" % point, "mend it"), self.source)

    def ready(self) -> bool:
        self._at("ready")
        return self.fails != "never ready"

    def open(self, window: Window) -> None:
        self._at("open")
        self.span = (window.unix, window.seconds)

    def end(self) -> None:
        self._at("end")

    def finish(self, deadline: float) -> Answer:
        self._at("finish")
        return self.answer

    def close(self) -> None:
        self.closed = True


def survey(
    monkeypatch: pytest.MonkeyPatch,
    fails: dict[int, str],
    tiers: tuple[int, ...] = (3, 2, 1),
    answer: Answer = THREE,
    collectors: tuple[Collector, ...] = (RUNQLAT,),
) -> tuple[list[dict[str, t.Any]], list[Fake]]:
    """Run a short window over fakes; return the results and all fakes."""
    fakes: list[Fake] = []
    Fake.log.clear()

    def engine(tier: int) -> t.Callable[[Collector, Limits, Context], Running]:
        def start(collector: Collector, _limits: Limits, _context: Context) -> Running:
            if fails.get(tier) == "start":
                raise TierFailure(Reason("broken", "start failed"), "fake:%d" % tier)
            fakes.append(Fake(tier, collector.name, fails.get(tier, ""), answer))
            return fakes[-1]

        return start

    monkeypatch.setattr(run, "_ENGINES", {tier: engine(tier) for tier in (3, 2, 1)})
    monkeypatch.setattr(run.procfs, "start", engine(1))
    plans = [Plan(collector, tiers, ()) for collector in collectors]
    results = list(run.run(plans, 0.05, Limits(), Context({}, startup_limit=0.1)))
    return results, fakes


@pytest.mark.parametrize(
    ("fails", "tier", "tried"),
    [
        ({}, 3, []),
        ({3: "start"}, 2, ["start failed"]),
        ({3: "ready"}, 2, ["ready failed"]),
        ({3: "open"}, 2, ["open failed"]),
        ({3: "start", 2: "start"}, 1, ["start failed", "start failed"]),
        ({3: "start", 2: "never ready"}, 1, ["start failed", "it had not attached after 0.1 s"]),
        ({3: "start", 2: "finish"}, 1, ["start failed", "finish failed"]),
    ],
)
def test_the_next_tier_answers_and_says_why(
    monkeypatch: pytest.MonkeyPatch, fails: dict[int, str], tier: int, tried: list[str]
) -> None:
    (result,), fakes = survey(monkeypatch, fails)
    assert (result["tier"], result["source"], result["status"]) == (tier, "fake:%d" % tier, "ok")
    assert [attempt["reason"]["message"] for attempt in result["attempts"]] == tried
    assert result["window"]["seconds"] == 0.05
    assert all(fake.closed for fake in fakes)


@pytest.mark.parametrize("point", ["start", "ready", "open", "finish"])
def test_when_every_tier_fails_the_result_is_failed_and_not_empty(monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    (result,), fakes = survey(monkeypatch, {3: point, 2: point, 1: point})
    assert (result["tier"], result["status"], result["data"]) == (None, "failed", None)
    assert result["reason"]["message"] == "%s failed" % point
    assert all(fake.closed for fake in fakes)


def test_one_failing_collector_does_not_touch_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Fake.finish

    def finish(self: Fake, deadline: float) -> Answer:
        if self.name.startswith("runqlat"):
            raise TierFailure(Reason("broken", "no"), self.source)
        return real(self, deadline)

    monkeypatch.setattr(Fake, "finish", finish)
    results, _fakes = survey(monkeypatch, {}, tiers=(3,), collectors=(RUNQLAT, BIOLATENCY))
    assert [(result["collector"], result["status"]) for result in results] == [
        ("runqlat", "failed"),
        ("biolatency", "ok"),
    ]


def test_all_open_before_any_ends_and_all_end_before_any_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    survey(monkeypatch, {}, tiers=(3,), collectors=(RUNQLAT, BIOLATENCY))
    points = [entry.split()[1] for entry in Fake.log if "ready" not in entry]
    assert points == ["open", "open", "end", "end", "finish", "finish"]


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (Answer({"count": 5}), "ok", None),
        (Answer({"count": 0}), "idle", None),
        (Answer({"count": 5}, lost=2), "truncated", "lost"),
        (Answer({"count": 0}, lost=2), "truncated", "lost"),
        (Answer({"count": 5, "omitted": 3}), "truncated", "omitted"),
        (Answer({"count": 5}, truncated="the output was cut short"), "truncated", "capped"),
        (Answer({"count": None}), "ok", None),
    ],
)
def test_status(monkeypatch: pytest.MonkeyPatch, answer: Answer, status: str, code: str | None) -> None:
    (result,), _fakes = survey(monkeypatch, {}, answer=answer)
    assert result["status"] == status
    assert (result["reason"] or {}).get("code") == code
    assert result["lost"] == answer.lost


def test_a_reader_that_stops_early_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes: list[Fake] = []

    def start(collector: Collector, _limits: Limits, _context: Context) -> Running:
        fakes.append(Fake(3, collector.name, "", Answer({"count": 1})))
        return fakes[-1]

    monkeypatch.setattr(run, "_ENGINES", {3: start})
    results = run.run([Plan(c, (3,), ()) for c in (RUNQLAT, BIOLATENCY)], 0.01, Limits(), Context({}))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert [fake.closed for fake in fakes] == [True, True]


def test_no_tier_at_all_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = [Plan(RUNQLAT, (), ((1, Reason("unsupported", "it cannot be answered from /proc")),))]
    (result,) = run.run(plans, 0.01, Limits(), Context({}))
    assert (result["status"], result["reason"]["code"]) == ("unsupported", "unsupported")
    assert result["attempts"] == [
        {
            "tier": 1,
            "source": "procfs",
            "reason": {"code": "unsupported", "message": result["reason"]["message"], "remedy": None},
        }
    ]
