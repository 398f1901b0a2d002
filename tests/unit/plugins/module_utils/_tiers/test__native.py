# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tier 3: what targets and filters that are found on the host have to do with what is loaded and attached; and what it costs."""

from __future__ import annotations

import sys
import time
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Native
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import native
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._filter import Narrowing
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window

CONTEXT = Context({"kernel": {}, "privilege": {}})


class Object:
    """An object that notes what is done to it."""

    PROGRAMS = (("on_call", "uprobe"),)
    loader, because, sha256 = "light", None, "0" * 64
    programs: dict[str, int] = {}  # noqa: RUF012
    maps: t.Any = None

    def __init__(self) -> None:
        self.log: list[t.Any] = []

    def load(self, _blob: t.Any, _sizes: t.Any, constants: t.Any) -> Object:
        """Take it."""
        self.log.append(("load", constants) if constants else "load")
        return self

    def attach(self, targets: t.Any) -> None:
        """Take it."""
        self.log.append(targets)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Object:
    found = Object()
    monkeypatch.setattr(native, "standing", lambda _kernel, _privilege: None)
    monkeypatch.setattr(native.loader, "load", found.load)
    return found


def collector(spec: Native) -> Collector:
    return Collector("some", "network", "Which?", "counts", "calls", spec, None, None)


def read(_maps: t.Any, _limits: Limits) -> Answer:
    return Answer({"count": 0})


def nothing() -> dict[str, list[str]]:
    raise TierFailure(Reason("no_symbol", "there is no such function"))


def test_targets_are_what_is_attached_to(loaded: Object) -> None:
    spec = Native(Object, read, targets=lambda: {"on_call": ["/lib/x:1"]})
    run = native.start(collector(spec), Limits(), CONTEXT)
    assert loaded.log == ["load", {"on_call": ["/lib/x:1"]}]
    assert run.cost is not None
    assert run.cost["attach"] == "uprobe"


def test_without_targets_sections_say_it(loaded: Object) -> None:
    native.start(collector(Native(Object, read)), Limits(), CONTEXT)
    assert loaded.log == ["load", {}]


def test_where_no_target_is_found_nothing_is_loaded(loaded: Object) -> None:
    with pytest.raises(TierFailure, match="there is no such function") as caught:
        native.start(collector(Native(Object, read, targets=nothing)), Limits(), CONTEXT)
    assert caught.value.reason.code == "no_symbol"
    assert loaded.log == []


def test_where_no_target_is_found_the_next_variant_is_tried(loaded: Object) -> None:
    spec = Native(Object, read, targets=nothing, instead=Native(Object, read))
    run = native.start(collector(spec), Limits(), CONTEXT)
    assert loaded.log == ["load", {}]
    assert run.cost is not None
    assert run.cost["variants_refused"] == ["there is no such function"]


def test_what_is_asked_for_is_a_constant_of_the_programs_and_a_note(loaded: Object) -> None:
    context = Context({"kernel": {}, "privilege": {}}, narrowing=Narrowing(b"raw", ("of the process x only",)))
    run = native.start(collector(Native(Object, read, narrows=("process",))), Limits(), context)
    assert loaded.log[0] == ("load", {"filter": b"raw"})
    assert run.finish(0.0).notes == ("of the process x only",)


def test_cost_is_that_of_all_of_the_window(loaded: Object, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded.programs = {"one": 3, "two": 4}
    times = iter([(10, 1, 0), (20, 2, 0), (110, 11, 0), (320, 32, 0)])
    monkeypatch.setattr(native, "program_counters", lambda _fd: next(times))
    loaded.maps = type("Maps", (), {"set_variable": lambda *_: None})()
    run = native.start(collector(Native(Object, read)), Limits(), CONTEXT)
    start = time.monotonic_ns() - 500_000_000
    run.open(Window(start, start + 10_000_000_000, 0.0, measured=True))
    run.sample()
    assert run.cost is not None
    seconds = run.cost["sampled_seconds"]
    assert 0.5 <= seconds < 5
    assert run.cost["run_ns"] == pytest.approx(400 * 10 / seconds, rel=0.01)
    assert run.cost["run_count"] == pytest.approx(40 * 10 / seconds, rel=0.05)


INFO_5_11 = bytes(192) + (1000).to_bytes(8, sys.byteorder) + (7).to_bytes(8, sys.byteorder)


@pytest.mark.parametrize(
    ("info", "found"),
    [
        (INFO_5_11, (1000, 7, None)),
        (INFO_5_11 + (3).to_bytes(8, sys.byteorder), (1000, 7, 3)),
        (INFO_5_11 + (3).to_bytes(8, sys.byteorder) + bytes(16), (1000, 7, 3)),
    ],
)
def test_what_a_program_missed_is_known_where_the_struct_has_it(
    monkeypatch: pytest.MonkeyPatch, info: bytes, found: tuple[int, int, int | None]
) -> None:
    monkeypatch.setattr(native.syscall, "object_info", lambda _fd: info)
    assert native.program_counters(3) == found


@pytest.mark.parametrize(
    ("counted", "lost", "known"),
    [
        ([(0, 0, 5), (0, 0, 1), (0, 0, 5), (0, 0, 1)], 2, 0),  # nothing in the window, whatever was before
        ([(0, 0, 5), (0, 0, 1), (0, 0, 9), (0, 0, 4)], 9, 7),
        ([(0, 0, None), (0, 0, None), (0, 0, None), (0, 0, None)], 2, None),
    ],
)
def test_what_programs_missed_in_the_window_is_lost(
    loaded: Object,
    monkeypatch: pytest.MonkeyPatch,
    counted: list[tuple[int, int, int | None]],
    lost: int,
    known: int | None,
) -> None:
    loaded.programs = {"one": 3, "two": 4}
    counters = iter(counted)
    monkeypatch.setattr(native, "program_counters", lambda _fd: next(counters))
    monkeypatch.setattr(native, "_memory_of_programs", lambda _fds: None)
    loaded.maps = type("Maps", (), {"set_variable": lambda *_: None, "bytes_in_kernel": lambda _: None})()
    loaded.detach = lambda: None  # type: ignore[attr-defined]
    spec = Native(Object, lambda _maps, _limits: Answer({"count": 1}, lost=2))
    run = native.start(collector(spec), Limits(), CONTEXT)
    run.open(Window(0, 10, 0.0))
    run.end()
    answer = run.finish(0.0)
    assert run.cost is not None
    assert (answer.lost, run.cost["recursion_misses"]) == (lost, known)
    assert [note for note in answer.notes if "did not run a program" in note] == (
        [] if not known else [native._MISSED % known]
    )
