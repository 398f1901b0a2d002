# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hardirqs against the kernel's own counters of the same time (/proc/interrupts)."""

from __future__ import annotations

import collections
import os
import pathlib

from collecting import Collection, answered, asking
from truth import tiers, truth

WRITES = 300


def raised() -> collections.Counter[str]:
    """Return how often each handler's line was raised since boot; the lines here have one handler each.

    On aarch64 calls between CPUs are interrupts with a handler too, and one name.
    """
    head, *lines = pathlib.Path("/proc/interrupts").read_text(encoding="utf-8").splitlines()
    found: collections.Counter[str] = collections.Counter()
    for line in lines:
        words = line.split()
        calls = words[0].startswith("IPI")
        if calls or words[0].rstrip(":").isdigit():
            found["IPI" if calls else words[-1]] += sum(map(int, words[1 : 1 + len(head.split())]))
    return found


def write_through(folder: pathlib.Path, writes: int) -> None:
    """Write to the disk, which says with an interrupt that it is done."""
    file = os.open(folder / "file", os.O_RDWR | os.O_CREAT)
    for number in range(writes):
        os.pwrite(file, b"%d" % number, 0)
        os.fsync(file)
    os.close(file)


@tiers("hardirqs", dict.fromkeys((3, 2), "between counts of /proc/interrupts within and around the window, by handler"))
def test_lies_between_the_kernels_own_counts(tmp_path: pathlib.Path, tier: int) -> None:
    before = raised()
    collection = Collection(duration=10, collectors=["hardirqs"], **asking(tier))
    opened = raised()
    write_through(tmp_path, WRITES)
    done = raised()
    result = collection.result("hardirqs")
    data = answered(result, tier)
    after = raised()
    counts = {row["labels"]["handler"]: row["count"] for row in data["series"]}
    assert sum((done - opened).values()) >= WRITES / 2, "the work is what was thought"
    # The first pair of samples lies within the window, the second one around it.
    for handler in before | after:
        assert done[handler] - opened[handler] <= counts.get(handler, 0) <= after[handler] - before[handler], handler
    assert set(counts) <= set(after)
    for row in data["series"]:
        assert row["count"] == sum(count for _lo, _hi, count in row["buckets"])
        if tier == 2:  # whose tool does not tell the sum
            continue
        low = sum(lo * count for lo, _hi, count in row["buckets"])
        high = sum(hi * count for _lo, hi, count in row["buckets"])
        assert low <= row["total"] <= high
    assert tier == 2 or data["total"] < 1e6 * result["window"]["seconds"] * (os.cpu_count() or 1)


@truth("hardirqs", "at least what /proc/interrupts counts within the window, by handler", tier=1)
def test_tier_1_names_the_same_handlers(tmp_path: pathlib.Path) -> None:
    collection = Collection(duration=4, collectors=["hardirqs"], tier="1")
    opened = raised()
    write_through(tmp_path, 50)
    done = raised()
    result = collection.result("hardirqs")
    assert (result["tier"], result["status"], result["lost"]) == (1, "ok", None)
    counts = {row["labels"]["handler"]: row["count"] for row in result["data"]["series"]}
    for handler, count in (done - opened).items():
        assert handler == "IPI" or counts[handler] >= count  # which have no numbers
    assert {(row["total"], row["buckets"]) for row in result["data"]["series"]} == {(None, None)}
