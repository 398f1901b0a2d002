# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
import returned

ROW = {"type": "list", "contains": {"n": {"type": "int"}}}


@pytest.mark.parametrize(
    ("documented", "real", "wanted"),
    [
        ({"a": {"type": "int"}}, {"a": 1, "changed": False}, []),
        ({"a": {"type": "int"}}, {"a": None}, []),
        ({"a": {"type": "int"}}, {}, ["a is documented and not returned"]),
        ({"a": {"type": "int", "returned": "in check mode"}}, {}, []),
        ({}, {"a": 1}, ["a is returned and not documented"]),
        ({"a": {"type": "int"}}, {"a": True}, ["a is documented as int and is bool"]),
        ({"a": {"type": "str"}}, {"a": 1}, ["a is documented as str and is int"]),
        (
            {"a": ROW},
            {"a": [{"n": 1}, {"m": 1}]},
            ["a[].m is returned and not documented", "a[].n is documented and not returned"],
        ),
        ({"a": {"type": "dict", "contains": {}}}, {"a": {"anything": 1}}, []),
        (
            {"a": {"type": "dict", "contains": {"b": {"type": "bool"}}}},
            {"a": {"b": 1}},
            ["a.b is documented as bool and is int"],
        ),
    ],
)
def test_differences(documented: dict[str, t.Any], real: dict[str, t.Any], wanted: list[str]) -> None:
    assert returned.differences(documented, real) == wanted
