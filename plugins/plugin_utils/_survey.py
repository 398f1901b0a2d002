# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's report as data: the records streamed one at a time into fleets, the inventory, and rows that wait on disk."""

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _drift, _row, _rules, _run, _stacks, _store, _strays
from ansible_collections.ebpf.fleet.plugins.plugin_utils._fold import Scope
from ansible_collections.ebpf.fleet.plugins.plugin_utils._fold_judged import Judged
from ansible_collections.ebpf.fleet.plugins.plugin_utils._judge import Judge
from ansible_collections.ebpf.fleet.plugins.plugin_utils._previous import Previous
from ansible_collections.ebpf.fleet.plugins.plugin_utils._record import Record, Refused
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._rules import Book
from ansible_collections.ebpf.fleet.plugins.plugin_utils._spool import Spool

SCHEMA = "ebpf.fleet.survey/1"
_UNWELL = ("failed", "unreachable", "timed_out")


class Fate(t.NamedTuple):
    """What became of a host that left no record."""

    outcome: str
    message: str | None


class Taken(t.NamedTuple):
    """The stacks that a collector took on all hosts."""

    unit: str
    stacks: _stacks.Stacks


# What the play that writes the report knows of a host without a record; None when it knows nothing.
Fates = t.Callable[[str], "Fate | None"]


class Survey:
    """`head` is survey.json without its hosts; `rows()` gives these, one at a time, as often as they are wanted."""

    def __init__(
        self, head: dict[str, t.Any], spool: Spool, unwell: list[str], well: str | None, stacks: dict[str, Taken]
    ) -> None:
        """Hold what `gather` found. `unwell` are the hosts that gave no answer, and were asked; `well` is one that did.

        `stacks` are those of all hosts together, by collector.
        """
        self.head = head
        self.unwell = unwell
        self.well = well
        self.stacks = stacks
        self._spool = spool

    def rows(self) -> t.Iterator[Row]:
        """Yield every host's row in the inventory's order."""
        return self._spool.rows()

    def lines(self) -> t.Iterator[str]:
        """Yield every host's row as a line of JSON."""
        return self._spool.lines()

    def write_json(self, stream: t.IO[str]) -> None:
        """Write survey.json: a line per host, so that it can be read and compared as text."""
        head = json.dumps(self.head, indent=1)
        stream.write(head.removesuffix("\n}") + ',\n "hosts": [')
        separator = "\n"
        for line in self.lines():
            stream.write(separator + "  " + line.rstrip("\n"))
            separator = ",\n"
        stream.write("\n ]\n}\n")

    def close(self) -> None:
        """Let the rows on disk go."""
        self._spool.close()


def gather(
    folder: str,
    run: _run.Run,
    fates: Fates,
    spool_folder: str,
    book: Book | None = None,
    previous: Previous | None = None,
    notes: t.Sequence[str] = (),
) -> Survey:
    """Read a run's records, fold and judge them; the rows wait in a nameless file of `spool_folder`.

    The records are read once. What can only be judged when all hosts are known is judged from the rows.
    `notes` are sentences on what the caller leaves out. StorageError where the rows find no room on the disk.
    """
    roll, twice = _strays.whole(run)
    run = run._replace(hosts=roll)
    scopes: dict[str | None, Scope] = {None: Scope()}
    judged: dict[str | None, Judged] = {None: Judged()}
    unwell: list[str] = []
    well: list[str] = []
    stacks: dict[str, Taken] = {}
    judge = Judge(book or _rules.default(), run.settings, previous)

    def seen() -> t.Iterator[Row]:
        for host in run.hosts:
            row, record = _host(folder, host, fates)
            for name in (None, *host.fleets):
                scopes.setdefault(name, Scope()).add(row, record)
            _take(stacks, record)
            judge.see(row)
            if row["outcome"] in _UNWELL:
                unwell.append(row["host"])
            elif not well and row["outcome"] != "skipped":
                well.append(row["host"])
            yield row

    def settled() -> t.Iterator[Row]:
        for row in first.rows():
            judge.judge(row)
            for name in (None, *row["fleets"]):
                judged.setdefault(name, Judged()).add(row)
            yield row

    first, final = Spool(spool_folder), Spool(spool_folder)
    with contextlib.closing(first):
        first.fill(seen())
        for row in first.rows():
            judge.measure(row)
        final.fill(settled())

    def scope(name: str | None) -> dict[str, t.Any]:
        return {
            **scopes[name].as_dict(),
            **judged[name].as_dict(),
            "thresholds": judge.outliers.thresholds(name),
            "fleet_findings": judge.of_fleet(name, judged[name], len(scopes[name].kernels)),
        }

    head = {
        "schema": SCHEMA,
        "run": run.run,
        "started": run.started,
        "rendered": _run.now(),
        "versions": run.versions,
        "settings": run.settings,
        "previous": _compared(previous, run),
        "notes": [*notes, *twice, *_strays.notes(folder, roll)],
        "rules": judge.rules(),
        "inventory": scope(None),
        "fleets": [{"fleet": name, **scope(name)} for name in sorted(filter(None, scopes))],
    }
    return Survey(head, final, unwell, well[0] if well else None, stacks)


def _take(stacks: dict[str, Taken], record: Record | None) -> None:
    """Add the stacks of a record, of collectors that there are: a file gets the name of each."""
    for result in record["results"] if record else ():
        name, unit = result["collector"], result["unit"]
        if result["kind"] == "stacks" and result["data"] and name in _collectors.PROFILE:
            taken = stacks.setdefault(name, Taken(unit, _stacks.Stacks()))
            if taken.unit == unit:
                taken.stacks.add(result["data"].get("stacks", ()))


def _compared(previous: Previous | None, run: _run.Run) -> dict[str, t.Any] | None:
    """Return which run this one is compared with, and which of its hosts are no longer in the inventory."""
    if previous is None:
        return None
    gone = _drift.gone(previous.hosts, {host.host for host in run.hosts})
    return {"run": previous.run, "hosts": len(previous.hosts), "gone": gone}


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
