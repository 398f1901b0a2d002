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
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers.plan import TIERS, Plan

THREE = Answer({"count": 3})
RUNQLAT, BIOLATENCY = _collectors.by_name("runqlat"), _collectors.by_name("biolatency")


class Fake(Running):
    """An engine's run that fails where it is told to, and notes what is done to it."""

    log: t.ClassVar[list[str]] = []

    def __init__(self, source: str, name: str, fails: str, answer: Answer) -> None:
        self.source = source + ":/fake"
        self.name = "%s/%s" % (name, source)
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
    fails: dict[str, str],
    sources: tuple[str, ...] = ("native", "libbpf-tools", "bcc", "procfs"),
    answer: Answer = THREE,
    collectors: tuple[Collector, ...] = (RUNQLAT,),
) -> tuple[list[dict[str, t.Any]], list[Fake]]:
    """Run a short window over fakes; return the results and all fakes."""
    fakes: list[Fake] = []
    Fake.log.clear()

    def engine(source: str) -> t.Callable[[Collector, Limits, Context], Running]:
        def start(collector: Collector, _limits: Limits, _context: Context) -> Running:
            if fails.get(source) == "start":
                raise TierFailure(Reason("broken", "start failed"), source + ":/fake")
            fakes.append(Fake(source, collector.name, fails.get(source, ""), answer))
            return fakes[-1]

        return start

    monkeypatch.setattr(run, "_ENGINES", {source: engine(source) for source in TIERS})
    monkeypatch.setattr(run.procfs, "start", engine("procfs"))
    plans = [Plan(collector, sources, ()) for collector in collectors]
    results = list(run.run(plans, 0.05, Limits(), Context({}, startup_limit=0.1)))
    return results, fakes


LATE = "it had not attached after 0.1 s"
NO_NATIVE = {"native": "start"}


@pytest.mark.parametrize(
    ("fails", "source", "tried"),
    [
        ({}, "native", []),
        ({"native": "start"}, "libbpf-tools", ["start failed"]),
        ({"native": "ready"}, "libbpf-tools", ["ready failed"]),
        ({"native": "open"}, "libbpf-tools", ["open failed"]),
        ({**NO_NATIVE, "libbpf-tools": "start"}, "bcc", ["start failed", "start failed"]),
        ({**NO_NATIVE, "libbpf-tools": "ready"}, "bcc", ["start failed", "ready failed"]),
        ({**NO_NATIVE, "libbpf-tools": "never ready"}, "bcc", ["start failed", LATE]),
        ({**NO_NATIVE, "libbpf-tools": "finish"}, "procfs", ["start failed", "finish failed"]),
        ({**NO_NATIVE, "libbpf-tools": "start", "bcc": "start"}, "procfs", ["start failed"] * 3),
        ({**NO_NATIVE, "libbpf-tools": "start", "bcc": "never ready"}, "procfs", [*["start failed"] * 2, LATE]),
        ({**NO_NATIVE, "libbpf-tools": "start", "bcc": "finish"}, "procfs", [*["start failed"] * 2, "finish failed"]),
    ],
)
def test_the_next_source_answers_and_says_why(
    monkeypatch: pytest.MonkeyPatch, fails: dict[str, str], source: str, tried: list[str]
) -> None:
    (result,), fakes = survey(monkeypatch, fails)
    assert (result["tier"], result["source"], result["status"]) == (TIERS[source], source + ":/fake", "ok")
    assert [attempt["reason"]["message"] for attempt in result["attempts"]] == tried
    assert [attempt["tier"] for attempt in result["attempts"]] == [3, 2, 2][: len(tried)]
    assert result["window"]["seconds"] == 0.05
    assert all(fake.closed for fake in fakes)


def test_what_is_there_at_once_is_not_kept_counting_until_the_slow_ones_are(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(Fake, "ready", lambda self: started.append(self.name) or True)
    tools = (("libbpf-tools",), ("bcc",), ("native",))
    fakes: list[Fake] = []

    def engine(source: str) -> t.Callable[[Collector, Limits, Context], Running]:
        def start(collector: Collector, _limits: Limits, _context: Context) -> Running:
            started.append("start " + source)
            fakes.append(Fake(source, collector.name, "", THREE))
            return fakes[-1]

        return start

    monkeypatch.setattr(run, "_ENGINES", {source: engine(source) for source in TIERS})
    list(run.run([Plan(RUNQLAT, sources, ()) for sources in tools], 0.01, Limits(), Context({}, startup_limit=0.1)))
    assert started[:5] == ["start bcc", "start native", "runqlat/bcc", "runqlat/native", "start libbpf-tools"]


@pytest.mark.parametrize("point", ["start", "ready", "open", "finish"])
def test_when_every_tier_fails_the_result_is_failed_and_not_empty(monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    (result,), fakes = survey(monkeypatch, dict.fromkeys(TIERS, point))
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
    results, _fakes = survey(monkeypatch, {}, sources=("native",), collectors=(RUNQLAT, BIOLATENCY))
    assert [(result["collector"], result["status"]) for result in results] == [
        ("runqlat", "failed"),
        ("biolatency", "ok"),
    ]


def test_all_open_before_any_ends_and_all_end_before_any_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    survey(monkeypatch, {}, sources=("native",), collectors=(RUNQLAT, BIOLATENCY))
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
        fakes.append(Fake("native", collector.name, "", Answer({"count": 1})))
        return fakes[-1]

    monkeypatch.setattr(run, "_ENGINES", {"native": start})
    results = run.run([Plan(c, ("native",), ()) for c in (RUNQLAT, BIOLATENCY)], 0.01, Limits(), Context({}))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert [fake.closed for fake in fakes] == [True, True]


def test_no_tier_at_all_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = [Plan(RUNQLAT, (), (("procfs", Reason("unsupported", "it cannot be answered from /proc")),))]
    (result,) = run.run(plans, 0.01, Limits(), Context({}))
    assert (result["status"], result["reason"]["code"]) == ("unsupported", "unsupported")
    assert result["attempts"] == [
        {
            "tier": 1,
            "source": "procfs",
            "reason": {"code": "unsupported", "message": result["reason"]["message"], "remedy": None},
        }
    ]


@pytest.mark.parametrize(
    ("compiled", "scripted", "said"),
    [
        (Reason("root", "be root"), Reason("no_tool", "no script"), "be root"),
        (Reason("no_tool", "no program"), Reason("no_headers", "no headers"), "no headers"),
        (Reason("no_probe", "no probe"), Reason("no_headers", "no headers"), "no headers"),
        (Reason("no_tool", "no program"), Reason("no_tool", "no script"), "no script"),
    ],
)
def test_the_reason_is_of_the_tool_that_is_there(compiled: Reason, scripted: Reason, said: str) -> None:
    plans = [Plan(RUNQLAT, (), (("native", Reason("x", "y")), ("libbpf-tools", compiled), ("bcc", scripted)))]
    (result,) = run.run(plans, 0.01, Limits(), Context({}))
    assert (result["status"], result["reason"]["message"]) == ("failed", said)
