# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An earlier run, as much of it as later ones are compared with: read from its survey.ndjson, a host at a time."""

from __future__ import annotations

import json
import os
import sys
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files, _retention, _run
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

FILE = "survey.ndjson"
_LINE = 64 << 20  # characters of one host
_SCHEMA = "ebpf.fleet.host/1"


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
    hosts: dict[str, Past] = {}
    run = ""
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(_LINE), ""), 1):
                try:
                    raw = json.loads(line)
                    if raw["schema"] != _SCHEMA:
                        raise ValueError("its schema is %s, not %s" % (one_line(repr(raw["schema"]), 60), _SCHEMA))
                    run, host = str(raw["run"]), str(raw["host"])
                    hosts[host] = _past(raw, wanted, shared)
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                    why = one_line("%s: %s" % (type(error).__name__, error), 200)
                    raise StorageError(
                        "Cannot compare with %s: line %d is torn, or no host of a report of this version (%s)."
                        % (file, number, why)
                    ) from error
    except OSError as error:
        raise _files.explain("read", file, error) from error
    return Previous(run or os.path.basename(os.path.dirname(file)), hosts)


def _past(raw: t.Any, wanted: t.Container[str], shared: dict[str, t.Mapping[str, str]]) -> Past:
    """Return what a host was; an error of Python's own where the line holds something else."""

    def one_of(states: dict[str, str]) -> t.Mapping[str, str]:
        return shared.setdefault(json.dumps(states), states)

    tier, kernel = raw["tier"], raw["kernel"]
    if tier not in (1, 2, 3, None):
        raise ValueError("its tier is %r" % (tier,))
    return Past(
        sys.intern(raw["outcome"]),
        tier,
        None if kernel is None else sys.intern(kernel),
        one_of({str(one["name"]): str(one["state"]) for one in raw["requirements"]}),
        one_of({str(name): str(state) for name, state in raw["probes"].items()}),
        frozenset(one["collector"] for one in raw["comparisons"] if one["outlier"]),
        {
            sys.intern(name): {str(subject): _figure(figure) for subject, figure in figures.items()}
            for name, figures in raw["values"].items()
            if name in wanted
        },
    )


def _figure(raw: t.Any) -> list[t.Any]:
    low, high, events, tier = raw
    return [float(low), float(high), events and int(events), tier]
