# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mistake in a file that a person wrote is shown where it is."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _document
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError


def test_lines_of_all_parts() -> None:
    document = _document.parse("f.yml", "---\na:\n  b: 1\n  c:\n    - x\n    - {d: 2,\n       e: 3}\n")
    assert document.value == {"a": {"b": 1, "c": ["x", {"d": 2, "e": 3}]}}
    places = {".a.b": 3, ".a.c[0]": 5, ".a.c[1].e": 7, ".a.b.nothing[3].here": 3, ".zzz": 2, "": 2}
    assert {place: document.line(place) for place in places} == places
    assert str(document.wrong(".a.c", "why.")) == "f.yml:4: why."


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "f:1: the file is empty."),
        ("a: 1\na: 2\n", "f:2: the key a is there twice."),
        ("a: [1,\nb: {", "f:2: "),
        ("a:\n\tb: 1\n", "f:2: found character"),
        ("a: !!python/object:os.system {}\n", "f:1: could not determine a constructor"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "f:3: a key must be a plain word here."),
        ("[1, 2]: 3\n", "f:1: a key must be a plain word here."),
        ("a: *nothing\n", "f:1: found undefined alias"),
        ("--- 1\n--- 2\n", "f:2: but found another document"),
        ("[" * 60 + "]" * 60, "f:1: the file is too deep or too large."),
        ("[" * 5000, "f:1: "),
        ("a: !!timestamp 2026-99-99\n", "f:1: this is not plain YAML"),
        ("a: \x00\n", "f:1: this is not plain YAML"),
    ],
)
def test_what_is_no_plain_yaml(text: str, wanted: str) -> None:
    with pytest.raises(_document.Wrong) as caught:
        _document.parse("f", text)
    assert str(caught.value).startswith(wanted)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("rules: {}\n", ":1: the record has no 'schema'."),
        ("schema: ebpf.fleet.rules/2\n", ":1: schema is 'ebpf.fleet.rules/2', not 'ebpf.fleet.rules/1'."),
        (
            "schema: ebpf.fleet.rules/1\nrules:\n  x:\n    valeu: 1\n",
            ":4: rules.x.valeu is not a word that is known here: did you mean value?",
        ),
        (
            "schema: ebpf.fleet.rules/1\nrules:\n  x:\n    compare: flet\n",
            ":4: rules.x.compare is 'flet', not one of",
        ),
        (
            "schema: ebpf.fleet.rules/1\nrules:\n  x:\n    at_least:\n      warn: 1\n",
            ":5: rules.x.at_least.warn is not a word that is known here: did you mean warning?",
        ),
        ("- 1\n", ":1: the record is a JSON array, not object."),
    ],
)
def test_what_does_not_fit_its_schema(tmp_path: pathlib.Path, text: str, wanted: str) -> None:
    path = tmp_path / "f.yml"
    path.write_text(text)
    with pytest.raises(_document.Wrong) as caught:
        _document.load(str(path), "rules.v1.json")
    assert str(caught.value).startswith(str(path) + wanted)


def test_a_file_that_is_not_there(tmp_path: pathlib.Path) -> None:
    with pytest.raises(StorageError, match="Cannot read .*nowhere"):
        _document.load(str(tmp_path / "nowhere"), "rules.v1.json")


def test_an_alias_bomb_is_bounded() -> None:
    levels = ["a0: &a0 [%s]" % ", ".join("x" * 1 for _ in range(10))]
    levels += ["a%d: &a%d [%s]" % (n, n, ", ".join(["*a%d" % (n - 1)] * 10)) for n in range(1, 9)]
    with pytest.raises(_document.Wrong, match="too deep or too large"):
        _document.parse("f", "\n".join(levels))
