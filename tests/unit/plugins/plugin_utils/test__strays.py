# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records that no host of the inventory has as its own are told, each kind in one sentence, and nothing else is lost."""

from __future__ import annotations

import json
import pathlib

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _run, _strays

from .conftest import Folder, record


def put(folder: Folder, name: str, text: str) -> None:
    (pathlib.Path(folder.path) / "hosts" / name).write_text(text, encoding="utf-8")


@pytest.fixture
def one(folder: Folder) -> Folder:
    """A run of one host."""
    folder.add("web-01", ("web",), record("tier3"))
    return folder


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, []),
        (
            {"old.json": json.dumps({"host": "old"})},
            ["1 stored record is of no host of this run's inventory, and is left out: old."],
        ),
        (
            {"%d.json" % n: json.dumps({"host": "old-%d" % n}) for n in range(7)},
            [
                "7 stored records are of no host of this run's inventory, and are left out: old-0, %s and 2 more."
                % "old-1, old-2, old-3, old-4"
            ],
        ),
        (
            {"copy.json": json.dumps(record("tier3"))},
            ["1 stored record is a second one of its host, and is left out: copy.json of web-01."],
        ),
        (
            {"torn.json": '{"host": "w'},
            ["1 stored record is of no host of this run's inventory, and is left out: torn.json."],
        ),
        ({"list.json": "[]"}, ["1 stored record is of no host of this run's inventory, and is left out: list.json."]),
        ({"web-01.refused.json": "{}", ".web-01.json.aa.tmp": "{", "notes.txt": "x"}, []),
        (
            {"evil.json": json.dumps({"host": "<b>\x1b[31m\nsecond line"})},
            ["1 stored record is of no host of this run's inventory, and is left out: <b>\ufffd[31m second line."],
        ),
    ],
)
def test_each_kind_is_a_sentence_and_the_rest_is_whole(one: Folder, files: dict[str, str], wanted: list[str]) -> None:
    for name, text in files.items():
        put(one, name, text)
    survey = one.survey()
    assert survey.head["notes"] == wanted
    assert [row["host"] for row in survey.rows()] == ["web-01"]
    assert survey.head["inventory"]["tiers"]["3"] == 1
    survey.close()


def test_a_host_that_is_twice_in_the_roll_call_counts_once(one: Folder) -> None:
    one.hosts += [_run.RollHost("web-01", ["web"], True), _run.RollHost("web-01", ["db"], True)]
    survey = one.survey()
    assert survey.head["notes"] == ["The roll-call names 1 host more than once, which counts once: web-01."]
    assert (survey.head["inventory"]["hosts"], survey.head["fleets"][0]["hosts"]) == (1, 1)
    survey.close()


def test_a_run_without_a_folder_of_hosts(tmp_path: pathlib.Path) -> None:
    assert _strays.notes(str(tmp_path), []) == []
