# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Old runs go, and nothing else."""

from __future__ import annotations

import datetime as dt
import json
import os
import pathlib

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _retention, _run
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError
from ansible_collections.ebpf.fleet.plugins.plugin_utils._retention import Found

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def run(days: float, finished: bool = True, pinned: bool = False) -> Found:
    """Return a run of some days ago, named by them."""
    return Found("r%g" % days, NOW - dt.timedelta(days=days), finished, pinned)


@pytest.mark.parametrize(
    ("runs", "keep", "days", "needed", "wanted"),
    [
        ([run(1), run(2), run(3)], 0, 0, "", []),
        ([run(1), run(2), run(3)], 2, 0, "", ["r3"]),
        ([run(1), run(2), run(3)], 5, 0, "", []),
        ([run(1), run(2), run(3)], 0, 2, "", ["r3"]),
        ([run(1), run(2), run(3)], 1, 2, "", ["r2", "r3"]),
        ([run(1), run(2), run(3)], 1, 0, "r3", ["r2"]),  # what latest points at
        ([run(1), run(2, pinned=True), run(3)], 1, 0, "", ["r3"]),
        ([run(0.1), run(0.5, finished=False), run(2, finished=False)], 1, 0, "", ["r2"]),  # one may be going on
    ],
)
def test_which_runs_go(runs: list[Found], keep: int, days: int, needed: str, wanted: list[str]) -> None:
    assert _retention.to_remove(runs, keep, days, {needed}, NOW) == wanted


def made(folder: pathlib.Path, name: str, started: str = "2020-01-01T00:00:00Z") -> None:
    """Make a run's folder."""
    (folder / name / "hosts").mkdir(parents=True)
    (folder / name / "hosts" / "h.json").write_text("{}")
    _run._write(str(folder / name / "run.json"), _run.Run(name, started, {}, {}, []))
    (folder / name / "survey.json").write_text("{}")


def test_only_runs_of_ours_go(tmp_path: pathlib.Path) -> None:
    for number in range(4):
        made(tmp_path, "r%d" % number, "2020-01-0%dT00:00:00Z" % (number + 1))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "run.json").write_text('{"schema": "another"}')
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "run.json").write_text('{"sch')
    (tmp_path / "outside").mkdir()
    os.symlink("outside", tmp_path / "link")
    os.symlink("r0", tmp_path / "latest")
    assert _retention.apply(str(tmp_path), 1, 0, "r2") == ["r1"]
    assert sorted(os.listdir(tmp_path)) == ["latest", "link", "mine", "outside", "r0", "r2", "r3", "torn"]


def test_without_a_limit_nothing_is_even_looked_at(tmp_path: pathlib.Path) -> None:
    assert _retention.apply(str(tmp_path / "nowhere"), 0, 0, "r") == []


def test_a_run_that_cannot_be_removed_is_one_sentence(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2):
        made(tmp_path, "r%d" % number, "2020-01-0%dT00:00:00Z" % (number + 1))
    os.symlink("r1", tmp_path / "latest")

    def refuse(*_names: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(StorageError, match="Cannot remove .*r0: Permission denied"):
        _retention.apply(str(tmp_path), 1, 0, "r1")
    assert json.loads((tmp_path / "r0" / "run.json").read_text())["run"] == "r0"
