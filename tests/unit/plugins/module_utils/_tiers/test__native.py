# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tier 3: what targets that are found on the host have to do with what is loaded and attached."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Native
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import native
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context

CONTEXT = Context({"kernel": {}, "privilege": {}})


class Object:
    """An object that notes what is done to it."""

    PROGRAMS = (("on_call", "uprobe"),)
    loader, because, sha256 = "light", None, "0" * 64

    def __init__(self) -> None:
        self.log: list[t.Any] = []

    def load(self, _blob: t.Any, _sizes: t.Any) -> Object:
        """Take it."""
        self.log.append("load")
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
