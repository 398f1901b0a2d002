# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""netdev: how much do network devices carry, and how much of it is lost?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, growth, natural
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

_DEV = "/proc/net/dev"
# Columns of dev_seq_printf_stats() in net/core/net-procfs.c: (received, sent).
_COLUMNS = {"bytes": (0, 8), "packets": (1, 9), "errors": (2, 10), "dropped": (3, 11)}
_NOTES = (
    "received and sent together, of the network namespace of Ansible's process; devices that lie on others carry the same again",
    (
        "errors: packets that the device could not receive or send; dropped: those that it, its driver or the kernel gave up,"
        " such as for want of room, or of a protocol unknown here; count: packets and these; share: these"
    ),
)


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract device by device; one that is new, or was made anew, began at zero."""
    first, last = (devices(text) for text in both(_DEV, before, after))
    rows: list[Row] = []
    for name, now in last.items():
        was = first.get(name, [0] * len(now))
        steps = [growth(*pair) for pair in zip(was, now)]
        known = [step for step in steps if step is not None]
        numbers = now if len(known) < len(steps) else known
        found = {field: sum(numbers[at] for at in columns) for field, columns in _COLUMNS.items()}
        lost = found["errors"] + found["dropped"]
        attempts = found["packets"] + lost
        if attempts:
            row: Row = {"labels": {"device": clean(name, 64)}, "count": attempts, **found}
            rows.append({**row, "share": round(lost / attempts, 6), "of": attempts})
    gone = ", ".join(sorted(name for name in first if name not in last))
    notes = ("went away in the window, and are not counted: %s" % clean(gone, 200),) if gone else ()
    return counts(rows, limits, notes=(*_NOTES, *notes))


def devices(text: str) -> dict[str, list[int]]:
    """Return the counters of each device of /proc/net/dev; ValueError when a line is none."""
    found = {}
    for line in text.splitlines()[2:]:
        name, colon, rest = line.rpartition(":")
        words = rest.split()
        if not colon or len(words) < 16:
            raise ValueError("a line of %s has %d columns" % (_DEV, len(words)))
        found[name.strip()] = [natural(word) for word in words[:16]]
    return found


COLLECTOR = Collector(
    name="netdev",
    category="network",
    question="How much do network devices carry, and how much of it is lost?",
    kind="counts",
    unit="packets",
    native=None,
    bcc=None,
    procfs=Procfs(files=(_DEV,), difference=difference),
)
