# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What shrinking takes out, what it leaves, and what it refuses."""

from __future__ import annotations

import pathlib
import sys
import typing as t

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import shrink

HEAD = '"""Of a module."""\n'
HEAD += "from __future__ import annotations\nimport typing as t\nimport os\n"


def shrunk(source: str, entries: t.Collection[str] = ("m",), **others: str) -> str:
    return shrink.shrink({"m": HEAD + source, **others}, entries)["m"]


@pytest.mark.parametrize(
    ("source", "smaller"),
    [
        ("# a comment\nX: t.Final = 1", "X=1"),
        ("X: int", ""),
        ("class P(t.Protocol):\n    X: int", ""),
        ('def f():\n    """Of a function."""', "def f():0"),
        ("def f(long: int, *rest: str) -> int:\n    return long", "def f(A,*B):return A"),
        ("def f(long):\n    return long\nf(long=1)", "def f(long):return long\nf(long=1)"),
        ("def f(one, two):\n    return one\nf(1, two=1)", "def f(A,two):return A\nf(1,two=1)"),
        ("def f(one, two):\n    return one\nf(one=1, two=1)", "def f(one,two):return one\nf(one=1,two=1)"),
        ("X = t.cast('int', len)", "X=len"),
        ("print(os.sep)", "import os\nprint(os.sep)"),
        ("class C:\n    'Of a class.'\n    x: t.ClassVar[int] = 2", "class C:x=2"),
        ("class C:\n    x: int", "class C:0"),
        ("_private = 1\ndef f():\n    return _private", "A=1\ndef f():return A"),
        ("X = 'text  with # all'", "X='text  with # all'"),
    ],
)
def test_it_takes_out_what_no_host_reads(source: str, smaller: str) -> None:
    found = shrunk(source)
    assert found == smaller


def test_a_named_tuple_keeps_its_fields() -> None:
    names: dict[str, t.Any] = {}
    source = "class N(t.NamedTuple):\n    'Of it.'\n    one: dict[str, t.Any]\n    two: int | None = 3"
    exec(shrunk(source), names)  # noqa: S102  # a source of this test
    assert names["N"](1) == (1, 3)
    assert names["N"]._fields == ("one", "two")


def test_what_nothing_mentions_goes_and_what_another_module_uses_stays() -> None:
    room = "ansible_collections.ebpf.fleet.plugins.module_utils"
    user = "from %s import m\nfrom %s.m import taken\nm.asked, taken, 'named', m.any._kept" % (room, room)
    source = "asked = taken = 0\nasked = 1\ntaken = 2\nnamed = 3\nalone = 4\n_kept = 5\ndef gone(): return alone\n"
    found = shrunk(source + "class Alone: pass\n", entries=(), user=user)
    assert found.split("\n") == ["asked=taken=0", "asked=1", "taken=2", "named=3", "_kept=5"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("print(f.__doc__)", "m, line 5: __doc__ would not survive"),
        ("print(__file__)", "m, line 5: __file__ would not survive"),
        ("f(**x)", r"m, line 5: what \*\* names cannot be seen"),
    ],
)
def test_it_refuses_what_would_do_something_else(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shrunk(source)


def test_dict_may_take_what_it_likes() -> None:
    assert "dict(**" in shrunk("X = {}\nY = dict(**X)")
