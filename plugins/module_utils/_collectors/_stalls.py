# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What drsnoop and compactsnoop share: times by process, from bpf/include/stalls.h and from counters of /proc/vmstat."""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _decode
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, growth, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Labels, Row
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string

VMSTAT = "/proc/vmstat"
_STALL = struct.Struct("=16sI")  # struct stall


def rows(maps: Maps, labels: t.Callable[[str, int], Labels]) -> list[Row]:
    """Return one distribution for each process and kind of stall."""
    return [_decode.series([raw], labels(c_string(name), kind)) for name, kind, raw in _stalls(maps)]


def _stalls(maps: Maps) -> t.Iterator[tuple[bytes, int, bytes]]:
    for key, raw in maps.items("hists"):
        name, kind = _STALL.unpack(key)
        yield name, kind, raw


def vmstat(text: str) -> dict[str, int]:
    """Return the counters of /proc/vmstat, a name and a value on each line; ValueError when a line is none."""
    pairs = [line.split() for line in text.splitlines()]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("a line of %s is not a name and a value" % VMSTAT)
    return {name: natural(value) for name, value in pairs if not value.startswith("-")}


def grown(before: Sample, after: Sample, wanted: t.Callable[[str], bool]) -> dict[str, int]:
    """Return how far the counters of /proc/vmstat have grown whose names are wanted; TierFailure when there is none."""
    first, last = (vmstat(text) for text in both(VMSTAT, before, after))
    found: dict[str, int] = {}
    for name, value in last.items():
        if name in first and wanted(name):
            by = growth(first[name], value)
            if by is None:
                raise TierFailure(
                    Reason("reset", "the counter %s went from %d backwards in the window" % (name, first[name]))
                )
            found[name] = by
    if not found:
        raise TierFailure(Reason("unsupported", "%s of this kernel does not count it" % VMSTAT))
    return found
