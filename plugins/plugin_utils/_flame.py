# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A flame graph as an SVG file: each frame a bar as wide as its part, upon its caller; equal callers side by side are one bar.

The layout is that of B. Gregg, "The Flame Graph", Communications of the ACM 59(6), 2016. There is no script in it: a browser shows
a bar's whole name when it is pointed at, and anything else may search the text.
"""

from __future__ import annotations

import typing as t
import zlib

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _units
from ansible_collections.ebpf.fleet.plugins.plugin_utils._stacks import OF_KERNEL, Folded
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line
from markupsafe import Markup

_WIDTH, _ROW, _MARGIN, _HEAD = 1200, 17, 10, 44
_LEAST = 0.2  # pixels; what is narrower is left out
_LETTER = 6.6  # pixels of a letter of the monospaced font of 11
_MOST = 20_000  # bars

_FILE = Markup(
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s">\n'
    "<style>text{font:11px ui-monospace,monospace;fill:#111}.h{font:bold 14px system-ui,sans-serif}"
    ".s{font:12px system-ui,sans-serif}rect{stroke:#fff;stroke-width:.5}rect.w{fill:#fff;stroke:none}"
    "g:hover rect{stroke:#111}</style>\n"
    '<rect class="w" width="100%%" height="100%%"/>\n'
    '<text class="h" x="%d" y="18">%s</text>\n<text class="s" x="%d" y="36">%s</text>\n%s</svg>\n'
)
_BAR = Markup('<g><title>%s (%s, %s)</title><rect x="%.2f" y="%d" width="%.2f" height="%d" fill="%s"/>%s</g>\n')
_LABEL = Markup('<text x="%.2f" y="%d">%s</text>')


class Node:
    """A frame below the same callers."""

    __slots__ = ("below", "count")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.count = 0
        self.below: dict[str, Node] = {}


def draw(folded: Folded, title: str, unit: str) -> str:
    """Return the SVG of stacks; with none of them it says so."""
    root = _tree(folded)
    title, unit = one_line(title, 200), one_line(unit, 40)
    if not root.count:
        return str(
            _FILE % (_WIDTH, _HEAD + 20, _WIDTH, _HEAD + 20, title, _MARGIN, title, _MARGIN, "No stack was seen.", "")
        )
    placed = list(_placed(root))
    placed.sort(key=lambda one: -one[2])
    deepest = max(one[1] for one in placed[:_MOST])
    height = _HEAD + (deepest + 1) * _ROW + _MARGIN
    bars = [_bar(name, height - _MARGIN - (depth + 1) * _ROW, x, width, count, root.count, unit)
            for name, depth, width, x, count in placed[:_MOST]]  # fmt: skip
    said = "%s in %s stacks; what is narrower than %.1f of %d pixels is left out" % (
        _quantity(root.count, unit), _units.number(len(folded)), _LEAST, _WIDTH)  # fmt: skip
    return str(_FILE % (_WIDTH, height, _WIDTH, height, title, _MARGIN, title, _MARGIN, said, Markup("").join(bars)))


def _tree(folded: Folded) -> Node:
    root = Node()
    for names, count in folded:
        root.count += count
        at = root
        for name in names.split(";"):
            at = at.below.setdefault(name, Node())
            at.count += count
    return root


def _placed(root: Node) -> t.Iterator[tuple[str, int, float, float, int]]:
    """Yield (name, depth, width, x, count) of every bar that is wide enough, each caller's by name."""
    scale = (_WIDTH - 2 * _MARGIN) / root.count
    waiting: list[tuple[Node, int, float]] = [(root, 0, float(_MARGIN))]
    while waiting:
        node, depth, x = waiting.pop()
        for name, below in sorted(node.below.items()):
            width = below.count * scale
            if width >= _LEAST:
                yield name, depth, width, x, below.count
                waiting.append((below, depth + 1, x))
            x += width


def _bar(name: str, y: int, x: float, width: float, count: int, whole: int, unit: str) -> Markup:
    letters = int((width - 4) / _LETTER)
    label = (
        _LABEL % (x + 3, y + 12, name if len(name) <= letters else name[: letters - 1] + "\u2026")
        if letters > 2
        else ""
    )
    return _BAR % (
        name,
        _quantity(count, unit),
        _units.share(count, whole),
        x,
        y,
        width,
        _ROW - 1,
        _colour(name),
        label,
    )


def _quantity(count: int, unit: str) -> str:
    return _units.quantity(count, unit) if unit == "us" else "%s %s" % (_units.number(count), unit)


def _colour(name: str) -> str:
    """Return a colour that a name has in every picture: red to yellow, of the kernel's frames blue to green."""
    first, second = zlib.crc32(name.encode()) & 0xFF, zlib.crc32(name.encode()) >> 8 & 0xFF
    hue = 170 + first * 50 // 255 if name.endswith(OF_KERNEL) else 5 + first * 45 // 255
    return "hsl(%d,%d%%,%d%%)" % (hue, 60 + second * 25 // 255, 68 + second * 10 // 255)
