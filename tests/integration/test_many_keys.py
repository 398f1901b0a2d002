# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""100,000 different keys in one window: bounded in the kernel, in the record and in the report, and what is lost is counted."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pathlib
import signal
import typing as t

import named
import playing
import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from collecting import Collection

KEYS = 100_000
ROOM = 2048  # different paths that failed: bpf/opensnoop.bpf.c
NAME = "ef-hundred"


def look_for(numbers: t.Iterable[int]) -> None:
    """Look for a file that is not there, and never twice for the same."""
    for number in numbers:
        with contextlib.suppress(FileNotFoundError):
            os.close(os.open("/nonesuch/ebpf-fleet-%d" % number, os.O_RDONLY))


@pytest.mark.parametrize("max_items", [Limits().max_items, 1, 10_000])
def test_what_finds_no_room_is_counted_to_the_last(max_items: int) -> None:
    collection = Collection(duration=10, collectors=["opensnoop"], process=NAME, max_items=max_items)
    assert named.run(NAME.encode(), lambda: look_for(range(KEYS))) == 0
    record = collection.record()
    (result,) = record["results"]
    data, room = result["data"], max(ROOM, max_items // 2)
    assert (result["tier"], result["status"], result["reason"]["code"]) == (3, "truncated", "lost")
    assert data["count"] == KEYS, "the headline is complete"
    assert result["lost"] == KEYS - room
    assert str(result["lost"]) in result["reason"]["message"]
    assert len(data["items"]) == min(max_items, room)
    assert data["omitted"] == room - len(data["items"])
    assert {(row["count"], row["labels"]["error"]) for row in data["items"]} == {(1, "ENOENT")}
    assert len({row["labels"]["path"] for row in data["items"]}) == len(data["items"])
    # In the kernel, in our process, in what is sent.
    assert result["cost"]["map_bytes"] < 4 << 20
    assert record["cost"]["max_rss_kib"] < 48 << 10
    assert len(json.dumps(result)) < 8192 + 160 * len(data["items"])


def test_what_the_report_shows_of_it(tmp_path: pathlib.Path) -> None:
    source = playing.hosts(tmp_path, host=playing.LOCAL)
    pid = named.fork(NAME.encode(), lambda: look_for(itertools.count()))
    try:
        played = playing.survey(tmp_path, source, duration=6, collectors=["opensnoop"], process=NAME)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    # What was asked for has its answer: the host is well, and what is missing in it is told.
    assert (played.code, played.recap) == (0, {"host": "ok"}), played.out
    run = tmp_path / "reports" / "latest"
    (result,) = playing.records(run)["host"]["results"]
    lost, count = result["lost"], result["data"]["count"]
    assert count - ROOM == lost > KEYS
    assert result["status"] == "truncated"
    (merged,) = playing.survey_json(run)["inventory"]["collectors"]
    assert (merged["lost"], merged["count"]) == ({"count": lost, "hosts": 1, "unknown_hosts": 0}, count)
    assert "Lost: " in (run / "survey.md").read_text(encoding="utf-8")
    sizes = {path.name: path.stat().st_size for path in run.rglob("*") if path.is_file()}
    assert sizes["host.json"] < 64 << 10
    assert sizes["survey.json"] < 256 << 10
    assert sizes["survey.html"] < 1 << 20
    assert "truncated" in (run / "survey.ndjson").read_text(encoding="utf-8")
