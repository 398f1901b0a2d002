# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File names for host names: safe and different."""

from __future__ import annotations

import itertools
import re

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils._names import host_stem, is_run_id

NAMES = [
    "web-01", "WEB-01", "Web-01", "web_01", "web.01", "web 01", "web/01", "web\\01", "web%2f01", "..", ".", "../../etc/passwd",
    "-rf", "~root", "a" * 100, "a" * 101, "a" * 5000, "A" * 5000, "", " ", "\0", "a\0b", "a\nb", "<script>", "'", '"', "`x`", "x.refused",
    "x.json", "con", "\u00e9", "e\u0301", "\u65e5\u672c", "\udc80", "2001:db8::1", "[::1]:22", "web-01~0000000000000000",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_stem_is_a_safe_file_name(name: str) -> None:
    stem = host_stem(name)
    assert re.fullmatch(r"[a-z0-9_][a-z0-9._-]*(~[0-9a-f]{16})?", stem)
    assert len(stem) < 130
    assert not stem.endswith(".refused")
    assert stem == host_stem(name)


def test_stems_differ_even_where_case_is_not_told_apart() -> None:
    stems = [host_stem(name).lower() for name in NAMES]
    assert len(set(stems)) == len(NAMES)


def test_plain_names_stay_readable() -> None:
    assert host_stem("web-01.example.org") == "web-01.example.org"


@pytest.mark.parametrize(
    ("one", "other"), list(itertools.combinations(["a" * 200 + "x", "a" * 200 + "y", "A" * 200 + "x"], 2))
)
def test_long_names_differ(one: str, other: str) -> None:
    assert host_stem(one) != host_stem(other)


@pytest.mark.parametrize(
    ("run", "valid"),
    [("20261124T030000Z-3f9a1c", True), ("nightly_1.2", True), ("", False), ("..", False), (".x", False), ("a/b", False),
     ("latest", False), ("a b", False), ("x" * 101, False), ("-x", False), ("a\n", False)],
)  # fmt: skip
def test_run_ids(run: str, valid: bool) -> None:
    assert is_run_id(run) is valid
