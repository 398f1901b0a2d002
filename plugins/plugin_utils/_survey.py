# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's report as data: the records streamed one at a time into fleets, the inventory, and rows that wait on disk."""

from __future__ import annotations

import json
import tempfile
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files, _row, _run, _store
from ansible_collections.ebpf.fleet.plugins.plugin_utils._fold import Scope
from ansible_collections.ebpf.fleet.plugins.plugin_utils._record import Record, Refused
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row

SCHEMA = "ebpf.fleet.survey/1"


class Fate(t.NamedTuple):
    """What became of a host that left no record."""

    outcome: str
    message: str | None


# What the play that writes the report knows of a host without a record; None when it knows nothing.
Fates = t.Callable[[str], "Fate | None"]


class Survey:
    """`head` is survey.json without its hosts; `rows()` gives these, one at a time, as often as they are wanted."""

    def __init__(self, head: dict[str, t.Any], spool: t.IO[str]) -> None:
        """Hold what `gather` found."""
        self.head = head
        self._spool = spool

    def rows(self) -> t.Iterator[Row]:
        """Yield every host's row in the inventory's order."""
        self._spool.seek(0)
        for line in self._spool:
            yield json.loads(line)

    def write_json(self, stream: t.IO[str]) -> None:
        """Write survey.json: a line per host, so that it can be read and compared as text."""
        head = json.dumps(self.head, indent=1)
        stream.write(head.removesuffix("\n}") + ',\n "hosts": [')
        separator = "\n"
        for row in self.rows():
            stream.write(separator + "  " + json.dumps(row, separators=(",", ":")))
            separator = ",\n"
        stream.write("\n ]\n}\n")

    def close(self) -> None:
        """Let the rows on disk go."""
        self._spool.close()


def gather(folder: str, run: _run.Run, fates: Fates, spool_folder: str) -> Survey:
    """Read a run's records and fold them; the rows wait in a nameless file of `spool_folder`.

    StorageError where they find no room there.
    """
    whole, fleets = Scope(), dict[str, Scope]()
    try:
        spool = tempfile.TemporaryFile("w+", encoding="ascii", dir=spool_folder)  # noqa: SIM115 -- Survey closes it
    except OSError as error:
        raise _files.explain("write in the folder", spool_folder, error) from error
    try:
        for host in run.hosts:
            row, record = _host(folder, host, fates)
            for scope in (whole, *(fleets.setdefault(name, Scope()) for name in host.fleets)):
                scope.add(row, record)
            spool.write(json.dumps(row, separators=(",", ":")) + "\n")
        spool.flush()
    except OSError as error:
        spool.close()
        raise _files.explain("write in the folder", spool_folder, error) from error
    head = {
        "schema": SCHEMA,
        "run": run.run,
        "started": run.started,
        "rendered": _run.now(),
        "versions": run.versions,
        "settings": run.settings,
        "inventory": whole.as_dict(),
        "fleets": [{"fleet": name, **fleets[name].as_dict()} for name in sorted(fleets)],
    }
    return Survey(head, spool)


def _host(folder: str, host: _run.RollHost, fates: Fates) -> tuple[Row, Record | None]:
    file = _store.path_of(folder, host.host).removeprefix(folder + "/")
    try:
        record = _store.read(folder, host.host)
    except Refused as refused:
        return _row.silent(host.host, host.fleets, "failed", str(refused), file), None
    if record is not None:
        return _row.of_record(record, host.fleets, file), record
    outcome, message = _without_record(host, fates(host.host))
    return _row.silent(host.host, host.fleets, outcome, message), None


def _without_record(host: _run.RollHost, fate: Fate | None) -> Fate:
    if not host.in_play:
        return Fate("skipped", "This run's plays and limit did not include the host.")
    return fate or Fate("failed", "The run left no record of the host: Ansible's own output says what happened.")
