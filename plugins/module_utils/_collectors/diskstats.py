# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""diskstats: how busy are block devices, and with what?"""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.biolatency import (
    DEVICES,
    DISKSTATS,
    Disk,
    came_and_went,
    caveats,
    disks,
    grown_by,
    whole_devices,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

# Columns of Documentation/admin-guide/iostats.rst, from 0; the last two pairs are of 4.18 and 5.5.
_COLUMNS = ((12, 13), (3, 5), (7, 9), (6, 10), (14, 16), (18, 19))
_FIELDS = (
    ("busy", "queue"),  # ms in which something was under way; ms of all requests, waiting included
    ("reads", "read"),  # requests, and sectors of 512 bytes
    ("writes", "written"),
    ("reading", "writing"),  # ms
    ("discards", "discarded"),
    ("flushes", "flushing"),  # requests, ms
)
_NOTES = (
    (
        "busy_ms: the time in which at least one request was under way; share: that, of the window. A device that does many at"
        " once can be busy all the time and not be at its limit"
    ),
    (
        "queue: requests under way, on average; read_us, write_us, flush_us: mean times, with those in the kernel's own queue,"
        " of whole milliseconds that the kernel adds up; null: none, or not known to this kernel"
    ),
)


def difference(before: Sample, after: Sample, seconds: float, limits: Limits) -> Answer:
    """Subtract device by device, leaving out partitions, whose requests their device counts as well."""
    first, last = (disks(text, _COLUMNS) for text in both(DISKSTATS, before, after))
    whole = whole_devices(last, after)
    rows = [_row(name, _grown(first.get(name), disk), seconds) for name, disk in last.items() if name in whole]
    rows = [row for row in rows if row["count"] or row["busy_ms"]]
    changed = came_and_went((first, whole_devices(first, before)), (last, whole))
    return counts(rows, limits, notes=_NOTES + caveats(*changed, (row["labels"]["device"] for row in rows)))


def _grown(before: Disk | None, after: Disk) -> dict[str, int]:
    """Return what each field has grown by; since its birth for a device that is new, or was reset."""
    names = [name for pair, _kind in zip(_FIELDS, after.kinds) for name in pair]
    return dict(zip(names, grown_by(before, after)))


def _row(device: str, found: t.Mapping[str, int], seconds: float) -> Row:
    def mean(time: str, requests: str) -> int | None:
        return round(found[time] * 1000 / found[requests]) if found.get(requests) else None

    return {
        "labels": {"device": clean(device, 64)},
        "count": sum(found.get(kind, 0) for kind in ("reads", "writes", "discards", "flushes")),
        "busy_ms": found["busy"],
        "share": min(round(found["busy"] / 1000 / seconds, 6), 1.0),
        "queue": round(found["queue"] / 1000 / seconds, 3),
        "reads": found["reads"],
        "read_bytes": found["read"] * 512,
        "read_us": mean("reading", "reads"),
        "writes": found["writes"],
        "written_bytes": found["written"] * 512,
        "write_us": mean("writing", "writes"),
        "discards": found.get("discards"),
        "discarded_bytes": found["discarded"] * 512 if "discarded" in found else None,
        "flushes": found.get("flushes"),
        "flush_us": mean("flushing", "flushes"),
    }


COLLECTOR = Collector(
    name="diskstats",
    category="disk",
    question="How busy are block devices, and with what?",
    kind="counts",
    unit="requests",
    native=None,
    bcc=None,
    procfs=Procfs(files=(DISKSTATS, DEVICES), difference=difference),
)
