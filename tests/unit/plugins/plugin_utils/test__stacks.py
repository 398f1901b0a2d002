# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks of many hosts, as folded text."""

from __future__ import annotations

import io
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _stacks


def stack(
    process: str = "p", user: t.Sequence[str] = (), kernel: t.Sequence[str] = (), count: int = 1
) -> dict[str, t.Any]:
    return {"process": process, "user": list(user), "kernel": list(kernel), "count": count}


def test_the_same_stack_of_two_hosts_is_one() -> None:
    found = _stacks.Stacks()
    found.add([stack("a", ["main"], ["schedule"], 2), stack("b", count=7)])
    found.add([stack("a", ["main"], ["schedule"], 3), stack("c", count=0)])
    assert found.folded() == [("b", 7), ("a;main;schedule_[k]", 5)]


def test_what_would_break_the_format_does_not() -> None:
    said = _stacks.frames(stack("a;b", ["f(int; char)", "line\nend", "", "\x1b[31m\u202e"], ["x" * 5000]))
    assert said.split(";")[:3] == ["a:b", "f(int: char)", "line end"]
    assert said.count(";") == 5
    assert said.isprintable()
    assert len(said) < 400


def test_it_is_read_as_it_was_written() -> None:
    found = _stacks.Stacks()
    found.add([stack("a b", ["main x"], count=2), stack("c", count=1)])
    stream = io.StringIO()
    _stacks.write(found.folded(), stream)
    assert stream.getvalue() == "a b;main x 2\nc 1\n"
    assert _stacks.read(stream.getvalue()) == found.folded()


@pytest.mark.parametrize("text", ["a;b", "a;b x", " 3", "a -1", "a 1.5"])
def test_what_is_no_folded_text_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(ValueError, match="line 3 is not a stack"):
        _stacks.read("ok 1\n\n" + text)


def test_memory_is_bounded_and_the_largest_stay() -> None:
    found = _stacks.Stacks()
    for host in range(9):
        found.add(stack("host %d stack %d" % (host, n), count=n + 1) for n in range(10_000))
    folded = found.folded()
    assert len(folded) <= 40_000
    assert [count for _names, count in folded[:9]] == [10_000] * 9
