# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flame graphs: where bars lie and how wide they are, and that no name becomes anything but text."""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _flame

SVG = "{http://www.w3.org/2000/svg}"


class Bar(t.NamedTuple):
    """A bar as it is drawn."""

    x: float
    y: float
    width: float
    said: str


def bars(text: str) -> dict[str, Bar]:
    """Return the bars of a picture by the name that they begin with."""
    found = {}
    for group in ET.fromstring(text).iter(SVG + "g"):
        rect, title = group.find(SVG + "rect"), group.find(SVG + "title")
        assert rect is not None
        assert title is not None
        said = title.text or ""
        found[said.rpartition(" (")[0]] = Bar(*(float(rect.attrib[key]) for key in ("x", "y", "width")), said)
    return found


def test_callees_lie_upon_callers_and_are_as_wide_as_their_part() -> None:
    found = bars(_flame.draw([("a;main;read", 3), ("a;main;write_[k]", 1), ("b", 4)], "x", "samples"))
    assert set(found) == {"a", "main", "read", "write_[k]", "b"}
    assert found["a"].width == found["b"].width == 590
    assert found["read"].width == 442.5
    assert found["a"].y - found["main"].y == found["main"].y - found["read"].y == 17
    assert found["read"].x == found["main"].x == found["a"].x == 10
    assert found["write_[k]"].x == found["read"].x + found["read"].width
    assert found["read"].said == "read (3 samples, 38%)" or found["read"].said.startswith("read (3 samples, 37")


def test_bars_never_leave_the_picture_and_the_narrow_are_left_out() -> None:
    text = _flame.draw([("p;f%d" % n, n + 1) for n in range(5000)], "x", "us")
    root, found = ET.fromstring(text), bars(text)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert 1000 < len(found) < 5000
    assert all(bar.x >= 0 and bar.x + bar.width <= width + 0.1 and 0 <= bar.y <= height - 17 for bar in found.values())


def test_hostile_names_are_text() -> None:
    names = ["<script>alert(1)</script>", '"><img onerror=x>', "&amp", "]]>", "%s%d"]
    text = _flame.draw([(";".join(names), 1)], "<b>", "<i>")
    assert {"script", "img", "b", "i"}.isdisjoint({node.tag.replace(SVG, "") for node in ET.fromstring(text).iter()})
    assert set(bars(text)) == set(names)
    assert not re.search(r"<script|<img|href|on\w+=\"", text)


def test_a_deep_stack_and_none() -> None:
    deep = _flame.draw([(";".join("f%d" % n for n in range(600)), 1)], "x", "samples")
    assert len(bars(deep)) == 600
    assert "No stack was seen" in _flame.draw([], "x", "samples")


def test_the_same_stacks_give_the_same_picture() -> None:
    folded = [("a;b", 2), ("a;c", 2), ("d", 1)]
    assert _flame.draw(folded, "x", "us") == _flame.draw(list(reversed(folded)), "x", "us")
