# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An earlier run, as much of it as later ones are compared with: read from its survey.ndjson, a host at a time."""

from __future__ import annotations

import json
import os
import sys
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files, _retention, _run, _schema
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

FILE = "survey.ndjson"
_LINE = 64 << 20  # characters of one host
_STATE = {"enum": ["met", "unmet", "unknown"]}
_NUMBERS = {"type": "array", "minItems": 4, "maxItems": 4, "items": {"type": ["number", "null"]}}
_SHAPE: _schema.Schema = {
    "type": "object",
    "required": [
        "schema",
        "run",
        "host",
        "outcome",
        "tier",
        "kernel",
        "requirements",
        "probes",
        "comparisons",
        "values",
    ],
    "properties": {
        "schema": {"const": "ebpf.fleet.host/1"},
        "run": {"type": "string"},
        "host": {"type": "string"},
        "outcome": {"type": "string"},
        "tier": {"enum": [1, 2, 3, None]},
        "kernel": {"type": ["string", "null"]},
        "requirements": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "state"],
                "properties": {"name": {"type": "string"}, "state": _STATE},
            },
        },
        "probes": {"type": "object", "additionalProperties": _STATE},
        "comparisons": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["collector", "outlier"],
                "properties": {"collector": {"type": "string"}, "outlier": {"type": "boolean"}},
            },
        },
        "values": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _NUMBERS}},
    },
}


class Past(t.NamedTuple):
    """What a host was."""

    outcome: str
    tier: int | None
    kernel: str | None
    requirements: t.Mapping[str, str]
    probes: t.Mapping[str, str]
    outliers: frozenset[str]
    values: t.Mapping[str, t.Mapping[str, list[t.Any]]]

    @property
    def answered(self) -> bool:
        """Whether anything is known of it."""
        return self.tier is not None


class Previous(t.NamedTuple):
    """An earlier run."""

    run: str
    hosts: dict[str, Past]


def find(report_dir: str, run: _run.Run) -> str | None:
    """Return the folder of the newest run before this one that has a report, None where there is none."""
    for one in _retention.found(report_dir):
        folder = _run.run_folder(report_dir, one.run)
        earlier = one.started.strftime("%Y-%m-%dT%H:%M:%SZ") < run.started
        if earlier and os.path.exists(os.path.join(folder, FILE)):
            return folder
    return None


def read(path: str, wanted: t.Container[str]) -> Previous:
    """Return a run from its folder, or from a copy of its survey.ndjson; of the values only those that are wanted.

    StorageError, in one sentence, where it cannot be used.
    """
    file = os.path.join(path, FILE) if os.path.isdir(path) else path
    shared: dict[str, t.Mapping[str, str]] = {}  # most hosts of a fleet are alike
    hosts, run = {}, ""
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(_LINE), ""), 1):
                raw = _parsed(line, file, number)
                run = raw["run"]
                hosts[raw["host"]] = _past(raw, wanted, shared)
    except OSError as error:
        raise _files.explain("read", file, error) from error
    return Previous(run or os.path.basename(os.path.dirname(file)), hosts)


def _parsed(line: str, file: str, number: int) -> dict[str, t.Any]:
    try:
        raw = json.loads(line)
        _schema.check(raw, _SHAPE)
    except _schema.Mismatch as mismatch:
        why = "it is not a host of a report of this version: %s" % one_line(mismatch, 200)
    except (ValueError, RecursionError) as error:
        why = "it is torn or not JSON (%s)" % error
    else:
        return t.cast("dict[str, t.Any]", raw)
    raise StorageError("Cannot compare with %s: line %d cannot be used, %s." % (file, number, why))


def _past(raw: t.Mapping[str, t.Any], wanted: t.Container[str], shared: dict[str, t.Mapping[str, str]]) -> Past:
    def one_of(states: dict[str, str]) -> t.Mapping[str, str]:
        return shared.setdefault(json.dumps(states), states)

    return Past(
        sys.intern(raw["outcome"]),
        raw["tier"],
        None if raw["kernel"] is None else sys.intern(raw["kernel"]),
        one_of({one["name"]: one["state"] for one in raw["requirements"]}),
        one_of(raw["probes"]),
        frozenset(one["collector"] for one in raw["comparisons"] if one["outlier"]),
        {sys.intern(name): figures for name, figures in raw["values"].items() if name in wanted},
    )
