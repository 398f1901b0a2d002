# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the controller's side share: records of hosts at each tier, and runs made of them."""

from __future__ import annotations

import copy
import json
import pathlib
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _record, _run, _store, _survey

RECORDS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "records"
HOSTILE = "../../etc/x y'\"<script>alert(1)</script>|`@all`\u202e\x1b[31m"


def sent(name: str) -> dict[str, t.Any]:
    """Return what a host sent."""
    return json.loads((RECORDS / ("%s.json" % name)).read_text(encoding="utf-8"))


def record(
    name: str, host: str = "web-01", fleets: tuple[str, ...] = ("web",), failure: str | None = None
) -> dict[str, t.Any]:
    """Return a host's record, as `visit` makes it."""
    envelope = _record.Envelope("r1", host, list(fleets), "2026-11-24T03:00:00Z")
    return _record.from_host(sent(name), envelope, failure)


def hostile(value: t.Any) -> t.Any:
    """Return JSON with every free text begun with hostile text."""
    fixed = {
        "tier",
        "status",
        "kind",
        "state",
        "schema",
        "outcome",
        "received",
        "byte_order",
        "lockdown",
        "run",
        "unit",
        "loader",
    }
    if isinstance(value, dict):
        return {key: one if key in fixed else hostile(one) for key, one in value.items()}
    if isinstance(value, list):
        return [hostile(one) for one in value]
    return HOSTILE + value if isinstance(value, str) else value


class Folder:
    """A run's folder with records in it."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = str(path / "r1")
        self.hosts: list[_run.RollHost] = []
        (path / "r1" / "hosts").mkdir(parents=True)

    def add(self, host: str, fleets: tuple[str, ...], stored: dict[str, t.Any] | None, in_play: bool = True) -> None:
        """Add a host, and its record if it has one."""
        self.hosts.append(_run.RollHost(host, list(fleets), in_play))
        if stored is not None:
            _store.write(self.path, stored)

    def run(self) -> _run.Run:
        """Return the run."""
        versions = {"collection": "0.1.0", "ansible_core": "2.21.0", "python": "3.12.1"}
        return _run.Run("r1", "2026-11-24T03:00:00Z", versions, {"duration": 1}, self.hosts)

    def survey(self, fates: t.Callable[[str], t.Any] = lambda host: None) -> _survey.Survey:
        """Return the run's report as data."""
        return _survey.gather(self.path, self.run(), fates, self.path)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> Folder:
    """Return an empty run."""
    return Folder(tmp_path)


@pytest.fixture
def mixed(folder: Folder) -> Folder:
    """Return a run of hosts of all kinds."""
    folder.add("web-01", ("prod", "web"), record("tier3", "web-01", ("prod", "web")))
    folder.add("web-02", ("prod", "web"), record("tier1", "web-02", ("prod", "web")))
    folder.add("db-01", ("db", "prod"), record("tier2", "db-01", ("db", "prod")))
    silent = _record.silent(
        _record.Envelope("r1", "db-02", ["db", "prod"], "2026-11-24T03:00:00Z"), "unreachable", "Connection refused."
    )
    folder.add("db-02", ("db", "prod"), silent)
    folder.add("lost", ("ungrouped",), None)
    folder.add("limited", ("ungrouped",), None, in_play=False)
    folder.add(HOSTILE, ("<b>odd</b>|",), copy.deepcopy(hostile(record("tier3"))) | {"host": HOSTILE})
    return folder
