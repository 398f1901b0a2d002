# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run is opened, or it is said in one sentence why not, before any host is touched."""

from __future__ import annotations

import errno
import json
import os
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files

from . import conftest
from .conftest import AnsibleActionFail, Play


def test_roll_call(play: Play) -> None:
    result = play.run("open_run", duration=3)
    assert (result["hosts"], result["hosts_in_play"], result["run_dir"]) == (3, 2, str(play.folder))
    run = json.loads((play.folder / "run.json").read_text())
    assert run["hosts"] == [
        {"host": "web-01", "fleets": ["prod"], "in_play": True},
        {"host": "web-02", "fleets": ["prod"], "in_play": False},
        {"host": "db-01", "fleets": ["db"], "in_play": True},
    ]
    assert run["settings"]["duration"] == 3
    assert set(run["versions"]) == {"collection", "ansible_core", "python"}


def test_all_batches_of_a_process_share_a_run(play: Play) -> None:
    assert len({play.run("open_run")["run"] for _ in range(3)}) == 1
    assert len(os.listdir(play.report_dir)) == 1


def test_a_run_can_be_named(play: Play) -> None:
    assert play.run("open_run", run="nightly")["run"] == "nightly"
    assert os.listdir(play.report_dir) == ["nightly"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"duration": 0}, "Nothing can be asked of the hosts: duration must be from 1 to 3600, not 0."),
        ({"collectors": ["runqlot"]}, "did you mean runqlat"),
        ({"run": "../x"}, "no host was visited. The run id '../x' cannot name a folder"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_made(play: Play, arguments: dict[str, t.Any], message: str) -> None:
    with pytest.raises(AnsibleActionFail) as caught:
        play.run("open_run", **arguments)
    assert message in str(caught.value)
    assert not play.report_dir.exists()


def test_a_file_in_the_way(play: Play) -> None:
    play.report_dir.write_text("mine")
    with pytest.raises(
        AnsibleActionFail,
        match="No report can be written, and no host was visited. Cannot make the folder .* is a file",
    ):
        play.run("open_run")
    assert play.report_dir.read_text() == "mine"


def test_a_full_disk(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> t.NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_files.os, "fsync", full)
    with pytest.raises(AnsibleActionFail, match="no host was visited. .*the disk is full"):
        play.run("open_run")


def test_no_inventory(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "GROUPS", {"all": [], "ungrouped": []})
    with pytest.raises(AnsibleActionFail, match="no inventory was given.*-i localhost, -c local"):
        play.run("open_run")


def test_check_mode_makes_nothing(play: Play) -> None:
    result = play.run("open_run", check=True)
    assert result["run_dir"].startswith(str(play.report_dir))
    assert not play.report_dir.exists()
