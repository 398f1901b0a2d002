# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An earlier run, read back; and what has changed since. What is not known is no change."""

from __future__ import annotations

import io
import json
import os
import pathlib
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _drift, _ndjson, _previous, _run
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError
from ansible_collections.ebpf.fleet.plugins.plugin_utils._previous import Past

from .conftest import Folder, record


def written(folder: Folder) -> pathlib.Path:
    """Write the run's survey.ndjson and return its path."""
    survey, stream = folder.survey(), io.StringIO()
    _ndjson.write(survey, stream)
    survey.close()
    path = pathlib.Path(folder.path) / "survey.ndjson"
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


def test_a_run_is_read_from_its_folder_or_from_a_copy(mixed: Folder) -> None:
    path = written(mixed)
    found = _previous.read(mixed.path, {"runqlat.p99"})
    assert found == _previous.read(str(path), {"runqlat.p99"})
    assert (found.run, len(found.hosts)) == ("r1", 7)
    one = found.hosts["web-01"]
    assert (one.outcome, one.tier, one.kernel, one.answered) == ("ok", 3, "6.18.44", True)
    assert one.values == {"runqlat.p99": {"": [4096, 8192, 4325, 3]}}
    assert one.requirements["proof"] == "met"
    assert not found.hosts["db-02"].answered


def test_hosts_that_are_alike_share_their_memory(mixed: Folder) -> None:
    mixed.add("web-03", ("web",), record("tier3", "web-03"))
    written(mixed)
    hosts = _previous.read(mixed.path, ()).hosts
    assert hosts["web-01"].probes is hosts["web-03"].probes


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('{"schema": "ebpf.fleet.host/1", "run"', "line 1 is torn, or no host of a report"),
        ("[]", "line 1 is torn, or no host of a report"),
        ('{"schema": "ebpf.fleet.host/2"}', "its schema is 'ebpf.fleet.host/2', not ebpf.fleet.host/1"),
        ("\xff", "line 1 is torn"),
        ('{"schema": "ebpf.fleet.host/1", "run": "r", "host": "h", "tier": 9, "kernel": null}', "its tier is 9"),
        (
            '{"schema": "ebpf.fleet.host/1", "run": "r", "host": "h", "tier": 1, "kernel": 5, "outcome": "ok"}',
            "TypeError",
        ),
    ],
)
def test_what_is_no_earlier_run_is_one_sentence(tmp_path: pathlib.Path, line: str, wanted: str) -> None:
    path = tmp_path / "survey.ndjson"
    path.write_bytes(line.encode("latin-1") + b"\n")
    with pytest.raises(StorageError) as caught:
        _previous.read(str(path), ())
    assert wanted in str(caught.value)


def test_a_run_that_is_not_there(tmp_path: pathlib.Path) -> None:
    with pytest.raises(StorageError, match="Cannot read"):
        _previous.read(str(tmp_path / "nowhere"), ())


def test_the_newest_earlier_run_that_has_a_report_is_found(tmp_path: pathlib.Path) -> None:
    for number in range(4):
        folder = tmp_path / ("r%d" % number)
        folder.mkdir()
        run = _run.Run("r%d" % number, "2026-11-0%dT00:00:00Z" % (number + 1), {}, {}, [])
        _run._write(str(folder / "run.json"), run)
        if number != 1:  # was interrupted
            (folder / "survey.ndjson").write_text("")
    found = {number: _previous.find(str(tmp_path), _run.load(str(tmp_path / ("r%d" % number)))) for number in range(4)}
    assert {number: folder and os.path.basename(folder) for number, folder in found.items()} == {
        0: None,
        1: "r0",
        2: "r0",
        3: "r2",
    }


PAST = Past("ok", 3, "6.1", {"btf": "met", "proof": "met"}, {"program:kprobe": "met"}, frozenset(["runqlat"]), {})


def row(**change: t.Any) -> dict[str, t.Any]:
    """Return as much of a row as is compared, the same as PAST but for what is given."""
    same = {
        "outcome": "ok",
        "tier": 3,
        "kernel": "6.1",
        "requirements": [{"name": "btf", "state": "met"}, {"name": "proof", "state": "met"}],
        "probes": {"program:kprobe": "met"},
        "comparisons": [{"collector": "runqlat", "outlier": True}],
    }
    return {**same, **change}


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, []),
        ({"tier": 1}, [("tier", None, "3", "1", True)]),
        ({"kernel": "6.2"}, [("kernel", None, "6.1", "6.2", False)]),
        ({"outcome": "partial"}, [("outcome", None, "ok", "partial", False)]),
        ({"outcome": "unreachable", "tier": None}, [("outcome", None, "ok", "unreachable", True)]),
        ({"outcome": "skipped", "tier": None}, []),
        ({"requirements": [{"name": "btf", "state": "unmet"}]}, [("requirement", "btf", "met", "unmet", True)]),
        ({"requirements": [{"name": "btf", "state": "unknown"}]}, []),
        ({"probes": {"program:kprobe": "unmet"}}, [("probe", "program:kprobe", "met", "unmet", True)]),
        ({"probes": {}}, []),
        ({"comparisons": []}, []),  # could not be compared
        (
            {"comparisons": [{"collector": "runqlat", "outlier": False}]},
            [("outlier", "runqlat", "outlier", "like its fleet", False)],
        ),
        (
            {"comparisons": [{"collector": "biolatency", "outlier": True}]},
            [("outlier", "biolatency", "like its fleet", "outlier", True)],
        ),
    ],
)
def test_changes(change: dict[str, t.Any], wanted: list[tuple[t.Any, ...]]) -> None:
    found = _drift.changes(PAST, row(**change))
    assert [tuple(one.values()) for one in found] == wanted


def test_a_host_that_is_new_and_hosts_that_are_gone() -> None:
    assert [one["what"] for one in _drift.changes(None, row())] == ["host"]
    assert _drift.gone(["a", "b"], {"b", "c"}) == ["a"]


def test_nothing_is_lost_that_was_not_known() -> None:
    assert [one["what"] for one in _drift.changes(PAST._replace(outcome="failed", tier=None), row())] == ["outcome"]


def test_lines_can_be_read_by_others(mixed: Folder) -> None:
    assert all(json.loads(line)["run"] == "r1" for line in written(mixed).read_text().splitlines())
