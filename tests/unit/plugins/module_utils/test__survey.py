# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a collection, and what is said about wrong ones."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors, _survey


def options(**changes: t.Any) -> dict[str, t.Any]:
    return {**{name: spec.get("default") for name, spec in _survey.argument_spec().items()}, **changes}


def test_defaults_ask_everything() -> None:
    wanted = _survey.settings(options())
    assert [collector.name for collector in wanted.collectors] == ["runqlat", "biolatency", "tcpretrans", "execsnoop"]
    assert (wanted.duration, wanted.tier) == (10, "auto")


def test_a_collector_named_twice_is_asked_once() -> None:
    wanted = _survey.settings(options(collectors=["execsnoop", "runqlat", "execsnoop"]))
    assert [collector.name for collector in wanted.collectors] == ["execsnoop", "runqlat"]


def test_a_larger_profile_has_what_the_smaller_ones_have() -> None:
    found = [_survey.settings(options(profile=name)) for name in ("quick", "standard", "deep")]
    assert [wanted.duration for wanted in found] == [10, 30, 60]
    quick, standard, deep = ([collector.name for collector in wanted.collectors] for wanted in found)
    assert set(quick) < set(standard) < set(deep)
    assert deep == list(_collectors.PROFILE)
    assert {"runqlat", "biolatency", "tcpretrans", "execsnoop"} < set(quick)
    assert {"syscount", "vfsstat"}.isdisjoint(standard)


def test_what_is_named_wins_over_the_profile() -> None:
    wanted = _survey.settings(options(profile="deep", duration=3, collectors=["runqlat"]))
    assert (wanted.duration, [collector.name for collector in wanted.collectors]) == (3, ["runqlat"])
    assert len(_survey.settings(options(profile="deep", duration=3)).collectors) == len(_collectors.PROFILE)
    assert _survey.settings(options(profile="deep", collectors=["runqlat"])).duration == 60


def test_where_collectors_are_not_named_those_run_that_can_be_narrowed() -> None:
    wanted = _survey.settings(options(profile="standard", device="sda"))
    assert [collector.name for collector in wanted.collectors] == ["biolatency", "biotop", "bitesize"]
    both = _survey.settings(options(profile="standard", device="sda", process="mysqld"))
    assert [collector.name for collector in both.collectors] == ["biotop"]
    named = _survey.settings(options(collectors=["tcprtt"], process="mysqld"))
    assert [collector.name for collector in named.collectors] == ["tcprtt"]
    assert _survey.settings(options(process="", cgroup="", device="")).narrow.named() == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"process": "a/b"}, "process must be a process's name or number, not 'a/b'"),
        ({"cgroup": "/x/../y"}, "cgroup must be a cgroup's path"),
        ({"cgroup": ".."}, "cgroup must be a cgroup's path"),
        ({"device": "/dev/sda"}, "device must be a disk's name, such as sda, not '/dev/sda'"),
        (
            {"device": "sda", "process": "x"},
            "none of the collectors can be narrowed to a process and a device; biotop can",
        ),
        ({"duration": 0}, "duration must be from 1 to 3600, not 0"),
        ({"duration": -5}, "duration must be from 1 to 3600, not -5"),
        ({"duration": 86400}, "duration must be from 1 to 3600, not 86400"),
        ({"max_items": 0}, "max_items must be from 1 to 10000, not 0"),
        ({"max_events": 10**9}, "max_events must be from 1 to 100000, not 1000000000"),
        ({"startup_limit": 0}, "startup_limit must be from 1 to 600, not 0"),
        ({"collectors": ["runqlatt"]}, "there is no collector named 'runqlatt': did you mean runqlat?"),
        ({"collectors": ["runqlat", "zzz"]}, "there is no collector named 'zzz': there are runqlat, biolatency,"),
    ],
)
def test_wrong_options_are_named(changes: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011  # the whole message is compared
        _survey.settings(options(**changes))
    assert str(error.value).startswith(message)
