# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks as folded text, which flame graphs are made of: frames from the outermost on, by semicolons, and a count.

The format is that of stackcollapse-*.pl, https://github.com/brendangregg/FlameGraph; frames of the kernel end in `_[k]`.
"""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import printable

Folded = list[tuple[str, int]]  # frames, count; largest first

OF_KERNEL = "_[k]"
_KEEP = 20_000  # stacks that are remembered when their number grows past two times that
_NAME = 256  # characters of a frame
_MOST = 512  # frames


def frames(stack: t.Mapping[str, t.Any]) -> str:
    """Return one stack of a record, the shape `stack` of docs/schemas/record.v1.json, as folded text.

    >>> frames({"process": "a;b", "user": ["main", "f()"], "kernel": ["do_syscall_64"], "count": 1})
    'a:b;main;f();do_syscall_64_[k]'
    """
    names = [stack["process"], *stack["user"], *(name + OF_KERNEL for name in stack["kernel"])]
    return ";".join(printable(name, _NAME).replace(";", ":").strip() or "?" for name in names[:_MOST])


class Stacks:
    """The largest stacks of many hosts, in bounded memory."""

    def __init__(self) -> None:
        """Begin with none."""
        self._found: collections.Counter[str] = collections.Counter()

    def add(self, stacks: t.Iterable[t.Mapping[str, t.Any]]) -> None:
        """Add a host's stacks."""
        for one in stacks:
            self._found[frames(one)] += one["count"]
        if len(self._found) > 2 * _KEEP:
            self._found = collections.Counter(dict(self._found.most_common(_KEEP)))

    def folded(self) -> Folded:
        """Return them, the largest first."""
        return sorted(
            ((names, count) for names, count in self._found.items() if count), key=lambda one: (-one[1], one[0])
        )


def write(folded: Folded, stream: t.IO[str]) -> None:
    """Write a line for each stack."""
    for names, count in folded:
        stream.write("%s %d\n" % (names, count))


def read(text: str) -> Folded:
    """Return the stacks of folded text; ValueError names the first line that is none.

    >>> read("a;b 2")
    [('a;b', 2)]
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        names, space, count = line.rpartition(" ")
        if not line.strip():
            continue
        if not space or not names or not (count.isascii() and count.isdigit()):
            raise ValueError("line %d is not a stack and a count" % number)
        found.append((names, int(count)))
    return found
