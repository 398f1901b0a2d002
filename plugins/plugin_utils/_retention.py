# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which old runs are removed, by number or by age, and how: never the one that `latest` points at."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import shutil
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files, _names, _run

PIN = "keep"  # a file of this name in a run's folder keeps the run
_UNFINISHED = dt.timedelta(days=1)  # how long a run without a report may still be going on


class Found(t.NamedTuple):
    """A run on the disk."""

    run: str
    started: dt.datetime
    finished: bool
    pinned: bool


def found(report_dir: str) -> list[Found]:
    """Return the runs of a folder, the newest first; what is not a run of ours is left alone."""
    folder = _run.report_folder(report_dir)
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one in entries if one.is_dir(follow_symlinks=False) and _names.is_run_id(one.name)]
    except OSError as error:
        raise _files.explain("list the folder", folder, error) from error
    runs = [_look(folder, name) for name in names]
    return sorted((run for run in runs if run), key=lambda run: (run.started, run.run), reverse=True)


def to_remove(
    runs: t.Sequence[Found], keep: int, keep_days: int, needed: t.Container[str], now: dt.datetime
) -> list[str]:
    """Return the runs beyond the `keep` newest, and those that are older than `keep_days` days; 0 is no limit.

    Runs that are needed or pinned stay, and so do those that began less than a day ago and have no report yet.
    """
    gone = []
    for rank, run in enumerate(runs):
        age = now - run.started
        beyond = (0 < keep <= rank) or (keep_days > 0 and age > dt.timedelta(days=keep_days))
        going_on = not run.finished and age < _UNFINISHED
        if beyond and not run.pinned and not going_on and run.run not in needed:
            gone.append(run.run)
    return gone


def apply(report_dir: str, keep: int, keep_days: int, current: str) -> list[str]:
    """Remove the runs that need not be kept and return them; StorageError where that fails."""
    if not keep and not keep_days:
        return []
    needed = {current, _run.newest(report_dir)}
    gone = to_remove(found(report_dir), keep, keep_days, needed, dt.datetime.now(dt.UTC))
    for run in gone:
        _remove(_run.run_folder(report_dir, run))
    return gone


def _look(folder: str, name: str) -> Found | None:
    path = os.path.join(folder, name)
    try:
        with open(os.path.join(path, "run.json"), encoding="utf-8") as stream:
            raw = json.load(stream)
        started = dt.datetime.fromisoformat(raw["started"])
        ours = raw["schema"] == _run.SCHEMA and started.tzinfo is not None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # no run, or one that cannot be read: not ours to remove
    finished = os.path.exists(os.path.join(path, "survey.json"))
    return Found(name, started, finished, os.path.exists(os.path.join(path, PIN))) if ours else None


def _remove(path: str) -> None:
    """Take a run's folder away: its name first, at once, so that nobody meets half a run."""
    folder, name = os.path.split(path)
    doomed = os.path.join(folder, ".%s.%s.tmp" % (name, secrets.token_hex(4)))
    try:
        os.rename(path, doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise _files.explain("remove", path, error) from error
