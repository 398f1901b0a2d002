# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""netdev: how much do network devices carry, and how much of it is lost?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, natural, of_one
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

_DEV = "/proc/net/dev"
_INDEXES = "/sys/class/net/*/ifindex"
_GONE = "went away in the window, and are not counted: %s"
_NEW = "appeared in the window, and are counted since; what came from another network namespace, since it was made: %s"
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
    """Subtract device by device; one that is new, or was made anew, began at zero, one that was renamed did not."""
    first, last = (devices(text) for text in both(_DEV, before, after))
    numbers, names = indexes(after), {index: name for name, index in indexes(before).items()}
    rows: list[Row] = []
    met: set[str] = set()
    new: list[str] = []
    for name, now in last.items():
        earlier = names.get(numbers[name], "") if names and name in numbers else name
        met.add(earlier)
        if earlier not in first:
            new.append(name)
        steps = of_one(first.get(earlier), now)
        found = {field: sum(steps[at] for at in columns) for field, columns in _COLUMNS.items()}
        lost = found["errors"] + found["dropped"]
        attempts = found["packets"] + lost
        if attempts:
            row: Row = {"labels": {"device": clean(name, 64)}, "count": attempts, **found}
            rows.append({**row, "share": round(lost / attempts, 6), "of": attempts})
    notes: tuple[str, ...] = _NOTES
    for names_of, note in ((new, _NEW), ([name for name in first if name not in met], _GONE)):
        if names_of:
            notes += (note % clean(", ".join(sorted(names_of)), 200),)
    return counts(rows, limits, notes=notes)


def indexes(sample: Sample) -> dict[str, int]:
    """Return the kernel's number of each device, which it keeps under another name, and no other one gets."""
    return {
        path.split("/")[4]: natural(text.strip()) for path, text in sample.items() if path.startswith("/sys/class/net/")
    }


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
    procfs=Procfs(files=(_DEV, _INDEXES), difference=difference),
)
