# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs: ids, folders, the roll-call."""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import re

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _run
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError
from ansible_collections.ebpf.fleet.plugins.plugin_utils._run import RollHost, Run

GROUPS = {
    "all": ["a", "b", "c", "d"],
    "ungrouped": ["d"],
    "prod": ["a", "b"],  # the parent of web: Ansible lists the hosts of children too
    "web": ["a"],
    "empty": [],
}


def run(run_id: str = "r1", started: str = "2026-11-24T03:00:00Z", hosts: list[RollHost] | None = None) -> Run:
    """Return a run."""
    return Run(run_id, started, {"collection": "0.1.0"}, {"duration": 1}, hosts or [RollHost("a", ["web"], True)])


def test_fleets() -> None:
    assert _run.fleets_of(GROUPS) == {"a": ["prod", "web"], "b": ["prod"], "c": ["ungrouped"], "d": ["ungrouped"]}


def test_roll_call_has_every_host_and_says_who_plays() -> None:
    assert _run.roll_call(GROUPS, ["b", "localhost"]) == [
        RollHost("a", ["prod", "web"], False),
        RollHost("b", ["prod"], True),
        RollHost("c", ["ungrouped"], False),
        RollHost("d", ["ungrouped"], False),
        RollHost("localhost", ["ungrouped"], True),
    ]


def test_one_process_has_one_run_whoever_asks_first(tmp_path: pathlib.Path) -> None:
    assert _run.known_process_run(str(tmp_path)) is None
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: _run.process_run(str(tmp_path)), range(64)))
    assert len(found) == 1
    assert re.fullmatch(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}", found.pop())
    assert os.listdir(tmp_path) == ["ebpf.fleet.run"]
    assert _run.known_process_run(str(tmp_path)) == _run.process_run(str(tmp_path))


def test_processes_have_different_runs(tmp_path: pathlib.Path) -> None:
    found = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        found.add(_run.process_run(str(tmp_path / name)))
    assert len(found) == 2


def test_open_writes_the_roll_call(tmp_path: pathlib.Path) -> None:
    folder, opened = _run.open_run(str(tmp_path), run())
    assert opened == run() == _run.load(folder)
    assert sorted(os.listdir(folder)) == ["hosts", "run.json"]
    assert json.loads((tmp_path / "r1" / "run.json").read_text())["schema"] == "ebpf.fleet.run/1"


def test_open_again_keeps_what_is_there(tmp_path: pathlib.Path) -> None:
    _run.open_run(str(tmp_path), run(hosts=[RollHost("a", ["web"], True), RollHost("b", ["web"], False)]))
    (tmp_path / "r1" / "hosts" / "a.json").write_text("{}")
    later = run(
        started="2026-11-24T04:00:00Z",
        hosts=[RollHost("a", ["web"], False), RollHost("b", ["web"], True), RollHost("c", ["x"], True)],
    )
    _folder, opened = _run.open_run(str(tmp_path), later)
    assert opened.started == "2026-11-24T03:00:00Z"
    assert opened.hosts == [RollHost("a", ["web"], True), RollHost("b", ["web"], True), RollHost("c", ["x"], True)]
    assert (tmp_path / "r1" / "hosts" / "a.json").read_text() == "{}"


@pytest.mark.parametrize("run_id", ["..", "a/b", "latest", "", "x" * 200])
def test_a_run_id_that_names_no_folder(tmp_path: pathlib.Path, run_id: str) -> None:
    with pytest.raises(StorageError, match="cannot name a folder"):
        _run.open_run(str(tmp_path), run(run_id))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not whole JSON"),
        ('{"schema": "ebpf.fleet.run/1", "ru', "not whole JSON"),
        ("[" * 100000, "not whole JSON"),
        ("[]", "not a run of this version"),
        ('{"schema": "ebpf.fleet.run/2"}', "not a run of this version"),
    ],
)
def test_a_run_that_cannot_be_read(tmp_path: pathlib.Path, content: str, message: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(StorageError, match=message):
        _run.load(str(tmp_path))


def test_no_run_yet(tmp_path: pathlib.Path) -> None:
    with pytest.raises(StorageError, match="There is no run in .* yet"):
        _run.newest(str(tmp_path))


def test_latest_points_at_the_newest_run_whichever_is_rendered_last(tmp_path: pathlib.Path) -> None:
    old, new = run("r1", "2026-11-24T03:00:00Z"), run("r2", "2026-11-24T04:00:00Z")
    for one in (old, new):
        _run.open_run(str(tmp_path), one)
    for one, target in ((old, "r1"), (new, "r2"), (old, "r2")):
        _run.point_latest(str(tmp_path), one)
        assert os.readlink(tmp_path / "latest") == target
    assert _run.newest(str(tmp_path)) == "r2"


def test_latest_may_point_at_a_run_that_was_removed(tmp_path: pathlib.Path) -> None:
    _run.open_run(str(tmp_path), run())
    (tmp_path / "latest").symlink_to("gone")
    _run.point_latest(str(tmp_path), run())
    assert os.readlink(tmp_path / "latest") == "r1"
