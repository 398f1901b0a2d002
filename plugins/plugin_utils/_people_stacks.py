# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks as people have them in their templates: a result, its data, several of them, or folded text."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _flame, _stacks
from ansible_collections.ebpf.fleet.plugins.plugin_utils._filters import Unusable
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line


def folded(value: t.Any) -> str:
    """Return stacks as folded text, a line for each, the largest first.

    >>> folded({"stacks": [{"process": "x", "user": ["main"], "kernel": [], "count": 2}]})
    'x;main 2'
    """
    found = _stacks.Stacks()
    for one in value if isinstance(value, (list, tuple)) else [value]:
        found.add(_of(one))
    return "\n".join("%s %d" % one for one in found.folded())


def flame_graph(value: t.Any, title: str = "Flame graph", unit: str = "samples") -> str:
    """Return the flame graph of stacks, or of folded text, as the text of an SVG file."""
    text = value if isinstance(value, str) else folded(value)
    try:
        return _flame.draw(_stacks.read(text), title, unit)
    except ValueError as error:
        raise Unusable("What was given is not folded text: %s." % error) from None


def _of(value: t.Any) -> list[t.Any]:
    if value is None:
        return []
    if isinstance(value, t.Mapping):
        if "data" in value:
            return _of(value["data"])
        if isinstance(value.get("stacks"), (list, tuple)) and all(map(_is_stack, value["stacks"])):
            return list(value["stacks"])
    raise Unusable(
        "Stacks are the result of a collector that takes them, such as profile, or its data, not %s."
        % one_line(repr(value), 80)
    )


def _is_stack(value: t.Any) -> bool:
    if (
        not isinstance(value, t.Mapping)
        or not isinstance(value.get("process"), str)
        or not isinstance(value.get("count"), int)
    ):
        return False
    sides = (value.get("user"), value.get("kernel"))
    return all(isinstance(side, (list, tuple)) and all(isinstance(name, str) for name in side) for side in sides)
