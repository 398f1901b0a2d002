# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""throttling: which cgroups are kept from the CPUs by their quota?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, natural, of_one
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, counts
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

_MOST = 4096  # cgroups; the upper ones come first
_SECOND, _FIRST = "/sys/fs/cgroup", "/sys/fs/cgroup/cpu"
_STAT = "/cpu.stat"
_NOTES = (
    (
        "periods of the quota (cpu.max, cpu.cfs_quota_us) in which it was used up; periods: all in which tasks ran; share: of"
        " these"
    ),
    (
        "throttled_us: for how long tasks were held back, added up over CPUs, so that it can be longer than the window; as the"
        " kernel adds it up, which may leave some out"
    ),
)
_GONE = "%d cgroups with a quota went away in the window, and are not counted"


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract cgroup by cgroup; one that is new, or was made anew, began at zero."""
    rows: list[Row] = []
    limited = 0
    for path, text in after.items():
        now = counters(text)
        if (
            path not in before and len(before) >= _MOST // 2
        ):  # maybe not new, but only come within the bound of what is read
            continue
        periods, throttled, us = of_one(counters(before[path]) if path in before else None, now)
        limited += bool(now[0])
        if throttled or us:
            share = min(round(throttled / periods, 6), 1.0) if periods else 0.0
            row: Row = {"labels": {"cgroup": _name(path)}, "count": throttled, "periods": periods, "throttled_us": us}
            rows.append({**row, "share": share, "of": periods})
    seen = "%d cgroups were seen; %d of them have, or had, a quota" % (len(after), limited)
    gone = sum(bool(counters(text)[0]) for path, text in before.items() if path not in after)
    notes = (*_NOTES, seen, *((_GONE % gone,) if gone else ()))
    return counts(rows, limits, notes=notes)


def counters(text: str) -> list[int]:
    """Return (periods, throttled periods, throttled us) of a cpu.stat of either version; zeros where it has no such lines."""
    found = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
    us = natural(found.get("throttled_usec", "0")) + natural(found.get("throttled_time", "0")) // 1000
    return [natural(found.get("nr_periods", "0")), natural(found.get("nr_throttled", "0")), us]


def _name(path: str) -> str:
    """Return a cgroup's path below the mount point, of a long one the end, which tells most."""
    top = _FIRST if path.startswith(_FIRST + "/") else _SECOND
    return clean(path[len(top) : -len(_STAT)][-200:] or "/")


COLLECTOR = Collector(
    name="throttling",
    category="cpu",
    question="Which cgroups are kept from the CPUs by their quota?",
    kind="counts",
    unit="periods",
    native=None,
    bcc=None,
    procfs=Procfs(
        # The first of each is what tells which version is mounted; below it are the cgroups.
        files=(_SECOND + _STAT, _SECOND + "/**" + _STAT),
        difference=difference,
        instead=(_FIRST + _STAT, _FIRST + "/**" + _STAT),
        remedy="mount cgroup v2 at %s, on a kernel from 5.8 on, or v1's controller cpu at %s" % (_SECOND, _FIRST),
        most=_MOST,
    ),
)
