# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""From the bytes of a map to numbers: what several collectors' programs write alike."""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _histogram
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _shape
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Labels, Row

_HIST = struct.Struct("=65Q")  # struct hist of bpf/include/log2.h: total ns (or bytes), then the slots


def series(raws: t.Iterable[bytes], labels: Labels, divisor: int = 1000) -> Row:
    """Return the distribution in one or more `struct hist`, added up; times in microseconds, sizes (1024) in KiB."""
    sums = [0] * 65
    for raw in raws:
        sums = [have + more for have, more in zip(sums, _HIST.unpack(raw))]
    return _shape.series(labels, sum(sums[1:]), round(sums[0] / divisor, 3), _histogram.from_slots(sums[1:]))
