# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks as people have them, and one sentence for what is none."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.ebpf.fleet.plugins.filter import stacks

STACK = {"process": "x", "user": ["main"], "kernel": ["read"], "count": 2}
DATA = {"count": 2, "items": [], "omitted": 0, "stacks": [STACK]}
FILTERS = stacks.FilterModule().filters()


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (DATA, ["x;main;read_[k] 2"]),
        ({"collector": "profile", "data": DATA}, ["x;main;read_[k] 2"]),
        ({"collector": "profile", "data": None}, []),
        ([DATA, {"data": DATA}], ["x;main;read_[k] 4"]),
        ([], []),
    ],
)
def test_folded(value: t.Any, lines: list[str]) -> None:
    assert FILTERS["folded_stacks"](value).splitlines() == lines


def test_a_flame_graph_of_either() -> None:
    assert FILTERS["flame_graph"](DATA, "T") == FILTERS["flame_graph"]("x;main;read_[k] 2", title="T")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("folded_stacks", 3),
        ("folded_stacks", {"stacks": [{"process": "x"}]}),
        ("flame_graph", "no stack"),
        ("flame_graph", {"a": 1}),
    ],
)
def test_what_is_none_is_one_sentence(name: str, value: t.Any) -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"^ebpf\.fleet\.%s: (Stacks are|What was given is not)" % name
    ) as error:
        FILTERS[name](value)
    assert "\n" not in str(error.value)
