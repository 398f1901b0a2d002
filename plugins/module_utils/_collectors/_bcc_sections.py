# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Several log2 histograms of one of bcc's tools, each under a line that says whose it is."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import log2_histograms
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import histogram, series
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._histogram import Bucket, merge

# bcc's BPF_HISTOGRAM(dist, key) has room for this many pairs of key and bucket; more are not counted. libbpf-tools have a whole
# histogram for each of some 10,000 keys.
TABLE_SIZE = 64


def labelled(
    text: str, section: str, label: str, name_of: t.Callable[[str], str], limits: Limits, room: int | None
) -> Answer:
    """Return one distribution for each section ("softirq = net_rx"), in microseconds, under its name as a label.

    `room` is how many pairs of section and bucket the tool's table takes.
    """
    found: dict[str, list[list[Bucket]]] = {}
    for value, buckets in log2_histograms(text, "usecs", section):
        found.setdefault(name_of(value), []).append(buckets)
    merged = {name: merge(several) for name, several in found.items()}
    rows = [series({label: name}, sum(n for _lo, _hi, n in one), None, one) for name, one in merged.items()]
    answer = histogram(rows, limits)
    return full(answer, sum(len(buckets) for several in found.values() for buckets in several), room, section)


def full(answer: Answer, pairs: int, room: int | None, section: str) -> Answer:
    """Say that an answer is cut short where the tool's table has no room left."""
    if room is None or pairs < room:
        return answer
    return answer._replace(
        truncated="the tool's table, with room for %d pairs of %s and bucket, is full" % (room, section)
    )
