# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vfsstat at whichever tier this kernel allows: fentry, else kprobe, else /proc, and always the reason why not the better one."""

from __future__ import annotations

import collections.abc
import os
import pathlib

from collecting import Collection, asking
from truth import tiers

COUNT = 20000


@tiers("vfsstat", dict.fromkeys((3, 2, 1), "at least the test's reads and writes"))
def test_counts_reads_and_writes_and_says_how(
    tmp_path: pathlib.Path, tier: int, record_property: collections.abc.Callable[[str, object], None]
) -> None:
    collection = Collection(duration=4, collectors=["vfsstat"], **asking(tier))
    file = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    for _ in range(COUNT):
        os.write(file, b"x")
    for _ in range(COUNT):
        os.pread(file, 1, 0)
    os.close(file)
    result = collection.result("vfsstat")
    record_property("answered", result["tier"])
    assert result["status"] == "ok"
    counts = {row["labels"]["operation"]: row["count"] for row in result["data"]["items"]}
    # The rest of the machine reads and writes too; nothing of ours is missing.
    assert counts["read"] >= COUNT
    assert counts["write"] >= COUNT
    if tier != 3:
        assert result["tier"] == tier
    elif result["tier"] == 3:
        assert result["cost"]["attach"] in ("fentry", "kprobe")
        assert (result["cost"]["attach"] == "kprobe") == bool(result["cost"]["variants_refused"])
        assert counts["open"] >= 1
    else:
        (native,) = [attempt["reason"] for attempt in result["attempts"] if attempt["tier"] == 3]
        assert "(fentry)" in native["message"]
        assert "(kprobe)" in native["message"]
        assert native["remedy"]
