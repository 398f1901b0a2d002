# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as data: complete, published, bounded."""

from __future__ import annotations

import io
import json
import pathlib
import typing as t

import jsonschema
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _schema, _store
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Fate

from .conftest import HOSTILE, Folder, record


def as_json(folder: Folder, fates: t.Callable[[str], t.Any] = lambda host: None) -> dict[str, t.Any]:
    """Return survey.json."""
    stream = io.StringIO()
    survey = folder.survey(fates)
    survey.write_json(stream)
    survey.close()
    return json.loads(stream.getvalue())


def test_survey_fits_its_schema_and_has_every_host(mixed: Folder) -> None:
    survey = as_json(mixed)
    jsonschema.validate(survey, _schema.load("survey.v1.json"))
    assert [row["host"] for row in survey["hosts"]] == [
        "web-01",
        "web-02",
        "db-01",
        "db-02",
        "lost",
        "limited",
        HOSTILE,
    ]
    outcomes = {row["host"]: row["outcome"] for row in survey["hosts"]}
    assert outcomes == {
        "web-01": "ok", "web-02": "ok", "db-01": "partial", "db-02": "unreachable", "lost": "failed", "limited": "skipped", HOSTILE: "ok",
    }  # fmt: skip
    assert survey["inventory"]["outcomes"] == {
        "ok": 3, "partial": 1, "failed": 1, "unreachable": 1, "timed_out": 0, "skipped": 1,
    }  # fmt: skip


def test_an_empty_inventory_is_a_survey_too(folder: Folder) -> None:
    survey = as_json(folder)
    jsonschema.validate(survey, _schema.load("survey.v1.json"))
    assert survey["hosts"] == []


def test_a_host_counts_in_each_of_its_fleets_and_once_in_the_whole(mixed: Folder) -> None:
    survey = as_json(mixed)
    fleets = {fleet["fleet"]: fleet for fleet in survey["fleets"]}
    assert {name: fleet["hosts"] for name, fleet in fleets.items()} == {
        "prod": 4, "web": 2, "db": 2, "ungrouped": 2, "<b>odd</b>|": 1,
    }  # fmt: skip
    assert survey["inventory"]["hosts"] == 7

    def runqlat(scope: dict[str, t.Any]) -> int:
        return next(one["count"] for one in scope["collectors"] if one["collector"] == "runqlat")

    assert runqlat(fleets["prod"]) == runqlat(fleets["web"]) + runqlat(fleets["db"])


def test_a_record_that_cannot_be_read_harms_nobody_else(mixed: Folder) -> None:
    before = as_json(mixed)
    pathlib.Path(_store.path_of(mixed.path, "web-02")).write_text('{"schema": "ebpf.fleet.record/2"}')
    pathlib.Path(_store.path_of(mixed.path, "db-01")).write_text('{"sch')
    after = as_json(mixed)
    rows = {row["host"]: row for row in after["hosts"]}
    assert rows["web-02"]["outcome"] == rows["db-01"]["outcome"] == "failed"
    assert "ebpf.fleet.record/2" in rows["web-02"]["message"]
    assert "torn" in rows["db-01"]["message"]
    assert rows["web-01"] == before["hosts"][0]


def test_what_the_play_knows_of_a_host_without_a_record_is_told(mixed: Folder) -> None:
    fates = {"lost": Fate("failed", "No space left on device."), "limited": Fate("failed", "never asked")}
    rows = {row["host"]: row for row in as_json(mixed, fates.get)["hosts"]}
    assert (rows["lost"]["outcome"], rows["lost"]["message"]) == ("failed", "No space left on device.")
    assert rows["limited"]["outcome"] == "skipped"


def test_memory_does_not_grow_with_the_size_of_records(folder: Folder) -> None:
    import tracemalloc

    for number in range(40):
        one = record("tier3", "h%d" % number)
        one["results"][3]["data"]["events"] = [{"comm": "x" * 1000, "n": n} for n in range(1000)]  # 1 MB a record
        folder.add("h%d" % number, ("f",), one)
    tracemalloc.start()
    survey = folder.survey()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert survey.head["inventory"]["hosts"] == 40
    survey.close()
    assert peak < 12 << 20  # two records at once, and what is folded; all of them would be 40 MB
