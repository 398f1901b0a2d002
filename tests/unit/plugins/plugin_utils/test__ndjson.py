# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line for each host, and each fits its published schema."""

from __future__ import annotations

import io
import json

import jsonschema
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _ndjson, _schema

from .conftest import Folder


def test_lines_are_the_hosts_of_survey_json(mixed: Folder) -> None:
    survey = mixed.survey()
    stream, whole = io.StringIO(), io.StringIO()
    _ndjson.write(survey, stream)
    survey.write_json(whole)
    survey.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    for line in lines:
        jsonschema.validate(line, _schema.load("host.v1.json"))
        assert (line.pop("schema"), line.pop("run")) == ("ebpf.fleet.host/1", "r1")
    assert lines == json.loads(whole.getvalue())["hosts"]


def test_its_schema_is_that_of_a_host_in_survey_json() -> None:
    host, survey = _schema.load("host.v1.json"), _schema.load("survey.v1.json")
    assert {name: survey["$defs"][name] for name in host["$defs"]} == host["$defs"]
    own = {name: rule for name, rule in host["properties"].items() if name not in ("schema", "run")}
    assert own == survey["$defs"]["host"]["properties"]
    assert set(host["required"]) == {"schema", "run", *survey["$defs"]["host"]["required"]}


def test_no_host_no_line(folder: Folder) -> None:
    survey, stream = folder.survey(), io.StringIO()
    _ndjson.write(survey, stream)
    survey.close()
    assert stream.getvalue() == ""
