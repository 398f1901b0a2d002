# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our enforcement of the published schemas agrees with a full implementation of JSON Schema."""

from __future__ import annotations

import copy
import json
import pathlib
import typing as t

import jsonschema
import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _schema

from .conftest import RECORDS, record

SCHEMA = _schema.load("record.v1.json")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
STRANGE: list[t.Any] = [None, True, -1, 3, 2**64, 1.5, "", "x", "x" * 70000, [], [[1, 2]], [{}], {}]


def fits(value: t.Any) -> bool:
    """Whether our own check accepts a value."""
    try:
        _schema.check(value, SCHEMA)
    except _schema.Mismatch:
        return False
    return True


def places(value: t.Any, path: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[t.Any, ...]]:
    """Yield the path of every value inside a JSON value; of a list, of its first and last entries."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in sorted({0, len(value) - 1} & set(range(len(value)))):
            yield from places(value[index], (*path, index))


def holder_of(value: t.Any, path: tuple[t.Any, ...]) -> t.Any:
    """Return what holds the value at a path."""
    for key in path[:-1]:
        value = value[key]
    return value


@pytest.mark.parametrize("name", sorted(path.name for path in pathlib.Path(_schema._FOLDER).glob("*.json")))
def test_schemas_are_json_schemas_of_keywords_that_are_enforced(name: str) -> None:
    schema = _schema.load(name)
    jsonschema.Draft202012Validator.check_schema(dict(schema))

    def keywords(part: t.Any) -> t.Iterator[str]:
        if isinstance(part, dict):
            for key, value in part.items():
                yield key
                for one in (
                    value.values()
                    if key in ("properties", "$defs")
                    else [value]
                    if isinstance(value, dict)
                    else value
                    if key == "anyOf"
                    else []
                ):
                    yield from keywords(one)

    assert set(keywords(schema)) <= set(_schema._KEYWORDS) | _schema._ANNOTATIONS


@pytest.mark.parametrize("path", sorted(RECORDS.glob("*.json")), ids=lambda path: path.stem)
def test_real_records_fit(path: t.Any) -> None:
    stored = record(path.stem)
    VALIDATOR.validate(stored)
    assert fits(stored)


def short(value: t.Any) -> t.Any:
    """Return a record with at most two entries of each list, and one option of the kernel's."""
    if isinstance(value, dict):
        return {key: short(one) for key, one in (list(value.items())[:2] if key_is_free(value) else value.items())}
    return [short(one) for one in value[:3]] if isinstance(value, list) else value


def key_is_free(value: dict[str, t.Any]) -> bool:
    """Whether an object is a map from names that the host chose."""
    return all(key.startswith(("CONFIG_", "CAP_")) for key in value)


@pytest.mark.parametrize("name", ["tier3", "tier2"])
def test_agrees_on_every_mutation(name: str) -> None:
    stored = short(record(name))
    refused = 0
    for path in places(stored):
        for strange in STRANGE:
            mutant = copy.deepcopy(stored)
            holder_of(mutant, path)[path[-1]] = strange
            expected = VALIDATOR.is_valid(mutant)
            assert fits(mutant) is expected, (path, str(strange)[:40])
            refused += not expected
    assert refused > 500


def test_agrees_on_every_removal() -> None:
    stored = record("tier3")
    refused = 0
    for path in places(stored):
        mutant = copy.deepcopy(stored)
        del holder_of(mutant, path)[path[-1]]
        expected = VALIDATOR.is_valid(mutant)
        assert fits(mutant) is expected, path
        refused += not expected
    assert refused > 50


def test_unknown_keys_are_no_mistake() -> None:
    stored = record("tier3")
    stored["later"] = stored["results"][0]["later"] = {"new": [1]}
    assert fits(stored)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("results", 0, "tier"), 7, "results[0].tier is 7, not one of 1, 2, 3, null"),
        (("results", 0, "unit"), {}, "results[0].unit is a JSON object, not string"),
        (("capability", "kernel", "release"), None, "capability.kernel.release is None, not string"),
        (("host",), "", "host is shorter than 1 characters"),
    ],
)
def test_a_mismatch_names_the_place_and_the_rule(path: tuple[t.Any, ...], value: t.Any, message: str) -> None:
    stored = record("tier3")
    holder_of(stored, path)[path[-1]] = value
    with pytest.raises(_schema.Mismatch) as caught:
        _schema.check(stored, SCHEMA)
    assert str(caught.value) == message


def test_fixtures_are_what_a_host_sends() -> None:
    for path in RECORDS.glob("*.json"):
        assert set(json.loads(path.read_text())) >= {"schema", "capability", "window", "results", "cost", "warnings"}
