# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run: its id, its folder, and its roll-call, which is every host of the inventory (RUN/run.json)."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files, _names, _schema
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError

SCHEMA = "ebpf.fleet.run/1"
LATEST = "latest"
UNGROUPED = "ungrouped"
TIER_GROUP = "ebpf_tier_"  # and the tier: groups that come of a survey, and are no fleets
_MARKER = "ebpf.fleet.run"  # in the process's temporary folder
_LIMIT = 256 << 20  # bytes of a run.json: some 100 bytes a host

_TEXT = {"type": "string", "maxLength": 65536}
_SHAPE: _schema.Schema = {
    "type": "object",
    "required": ["schema", "run", "started", "versions", "settings", "hosts"],
    "properties": {
        "schema": {"const": SCHEMA},
        "run": _TEXT,
        "started": {"type": "string", "pattern": "^[0-9-]{10}T[0-9:]{8}Z$"},
        "versions": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        "settings": {"type": "object"},
        "hosts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["host", "fleets", "in_play"],
                "properties": {
                    "host": _TEXT,
                    "fleets": {"type": "array", "items": _TEXT},
                    "in_play": {"type": "boolean"},
                },
            },
        },
    },
}


class RollHost(t.NamedTuple):
    """A host of the inventory. `in_play`: the play's hosts and its limit include it."""

    host: str
    fleets: list[str]
    in_play: bool


class Run(t.NamedTuple):
    """What run.json holds."""

    run: str
    started: str
    versions: dict[str, str | None]
    settings: dict[str, t.Any]
    hosts: list[RollHost]

    def as_dict(self) -> dict[str, t.Any]:
        """Return the JSON of run.json."""
        fields = self._asdict()
        return {"schema": SCHEMA, **fields, "hosts": [host._asdict() for host in self.hosts]}


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def process_run(process_folder: str) -> str:
    """Return the run id of this ansible-playbook process: the same in all its plays, batches and workers.

    It is kept in the process's own temporary folder, which Ansible makes at its start and removes at its end.
    """
    path = os.path.join(process_folder, _MARKER)
    try:
        if not os.path.exists(path):
            fresh = "%s-%s" % (dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ"), secrets.token_hex(3))
            draft = "%s.%s" % (path, secrets.token_hex(4))
            with open(draft, "x", encoding="ascii") as stream:
                stream.write(fresh)
            try:
                os.link(draft, path)
            except FileExistsError:
                pass  # another worker was first: its id is everyone's
            finally:
                os.unlink(draft)
        with open(path, encoding="ascii") as stream:
            return stream.read()
    except OSError as error:
        raise _files.explain("keep the run's id in", process_folder, error) from error


def known_process_run(process_folder: str) -> str | None:
    """Return the run id of this ansible-playbook process, None where it has opened no run."""
    return process_run(process_folder) if os.path.exists(os.path.join(process_folder, _MARKER)) else None


def report_folder(report_dir: str) -> str:
    """Return the absolute path of a report folder, relative to the folder that ansible-playbook was called in."""
    return os.path.abspath(os.path.expanduser(report_dir))


def run_folder(report_dir: str, run: str) -> str:
    """Return a run's folder; StorageError where the id cannot name one."""
    if not _names.is_run_id(run):
        raise StorageError(
            "The run id %r cannot name a folder: use up to 100 letters, digits, '.', '_' and '-', and not 'latest'."
            % run[:120]
        )
    return os.path.join(report_folder(report_dir), run)


def newest(report_dir: str) -> str:
    """Return the run that REPORT_DIR/latest points at."""
    link = os.path.join(report_folder(report_dir), LATEST)
    if not os.path.islink(link):
        raise StorageError(
            "There is no run in %s yet: run the playbook ebpf.fleet.survey first, or name a run."
            % os.path.dirname(link)
        )
    return os.path.basename(os.readlink(link))


def fleets_of(groups: t.Mapping[str, t.Sequence[str]]) -> dict[str, list[str]]:
    """Return every host's fleets: its groups, parents included; `ungrouped` where there is none.

    Without `all`, and without the groups by tier that an earlier survey made.

    `groups` is Ansible's magic variable: a group's hosts, those of its child groups included.
    """
    fleets: dict[str, list[str]] = {host: [] for host in groups.get("all", ())}
    for group in sorted(groups):
        if group not in ("all", UNGROUPED) and not group.startswith(TIER_GROUP):
            for host in groups[group]:
                fleets.setdefault(host, []).append(group)
    return {host: names or [UNGROUPED] for host, names in fleets.items()}


def roll_call(groups: t.Mapping[str, t.Sequence[str]], play_hosts: t.Iterable[str]) -> list[RollHost]:
    """Return every host of the inventory in its order, then hosts of the play that the inventory does not list."""
    playing = dict.fromkeys(play_hosts)
    fleets = fleets_of(groups)
    for host in playing:
        fleets.setdefault(host, [UNGROUPED])
    return [RollHost(host, names, host in playing) for host, names in fleets.items()]


def open_run(report_dir: str, fresh: Run) -> tuple[str, Run]:
    """Make the run's folder, prove that it can be written, write run.json; return the folder and what run.json holds.

    A run that is open already keeps what it has; hosts that it did not know, and plays that now include more of
    them, are added.
    """
    folder = run_folder(report_dir, fresh.run)
    hosts = os.path.join(folder, "hosts")
    path = os.path.join(folder, "run.json")
    _files.make_folder(hosts)
    _files.prove_writable(hosts)
    if not os.path.exists(path):
        _write(path, fresh)
        return folder, fresh
    old = load(folder)
    merged = old._replace(hosts=_joined(old.hosts, fresh.hosts))
    if merged != old:
        _write(path, merged)
    return folder, merged


def load(folder: str) -> Run:
    """Return what a run's folder says of the run; StorageError, in one sentence, where it cannot be read."""
    path = os.path.join(folder, "run.json")
    text = _files.read_text(path, _LIMIT)
    try:
        raw = json.loads(text)
        _schema.check(raw, _SHAPE)
    except _schema.Mismatch as mismatch:
        raise StorageError("Cannot use %s: it is not a run of this version (%s)." % (path, mismatch)) from mismatch
    except (ValueError, RecursionError) as error:
        raise StorageError("Cannot use %s: it is not whole JSON (%s)." % (path, error)) from error
    hosts = [RollHost(one["host"], one["fleets"], one["in_play"]) for one in raw["hosts"]]
    return Run(raw["run"], raw["started"], raw["versions"], raw["settings"], hosts)


def point_latest(report_dir: str, run: Run) -> None:
    """Let REPORT_DIR/latest point at the run, unless it points at one that started later."""
    folder = report_folder(report_dir)
    link = os.path.join(folder, LATEST)
    if os.path.exists(os.path.join(link, "run.json")) and load(link).started > run.started:
        return
    _files.point(link, run.run)


def _joined(old: t.Iterable[RollHost], new: t.Iterable[RollHost]) -> list[RollHost]:
    joined = {host.host: host for host in old}
    for host in new:
        known = joined.get(host.host)
        joined[host.host] = host._replace(in_play=host.in_play or known.in_play) if known else host
    return list(joined.values())


def _write(path: str, run: Run) -> None:
    _files.write_text(path, json.dumps(run.as_dict(), indent=1) + "\n")
