# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of a run's report; the documentation stands in plugins/modules/report.py."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import typing as t

from ansible import constants as C  # noqa: N812 -- the name that Ansible gives it
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.ebpf.fleet.plugins.plugin_utils import (
    _arguments,
    _csv,
    _files,
    _flame,
    _headline,
    _html,
    _judge,
    _junit,
    _manifest,
    _markdown,
    _ndjson,
    _openmetrics,
    _previous,
    _retention,
    _rules,
    _run,
    _stacks,
    _summary,
    _survey,
    _tiers_inventory,
)
from ansible_collections.ebpf.fleet.plugins.plugin_utils._document import Wrong
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Fate, Survey

Writer = t.Callable[[Survey, t.IO[str]], t.Any]
_FILES: dict[str, Writer] = {
    "survey.json": Survey.write_json,
    "survey.md": _markdown.write,
    "survey.html": _html.write,
    "survey.ndjson": _ndjson.write,
    "survey.csv": _csv.write,
    "survey.junit.xml": _junit.write,
    "survey.prom": _openmetrics.write,
    "survey.tiers.yml": _tiers_inventory.write,
}


_FACT = "ebpf_fleet_to_settle"  # the playbook survey has it in a later play
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class ActionModule(ActionBase):
    """Folds a run's records into its report."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return where the report is and its headline; fail with one sentence where it cannot be written."""
        super().run(tmp, task_vars)
        _valid, arguments = self.validate_argument_spec(argument_spec=_arguments.report_spec())
        try:
            return self._report(arguments, task_vars or {})
        except StorageError as error:
            raise AnsibleActionFail(
                "The report is not written; what the run had stored is untouched. %s" % error
            ) from None
        except Wrong as wrong:
            raise AnsibleActionFail(
                "The report is not written, because of a mistake in the rules. %s" % wrong
            ) from None

    def _report(self, arguments: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        report_dir, wanted = arguments["report_dir"], arguments["run"]
        mine = _run.known_process_run(C.DEFAULT_LOCAL_TMP)
        run_id = wanted or mine or _run.newest(report_dir)
        folder = _run.run_folder(report_dir, run_id)
        result: dict[str, t.Any] = {
            "changed": False,
            "run": run_id,
            "run_dir": folder,
            "files": [os.path.join(folder, name) for name in (*_FILES, _manifest.NAME)],
        }
        if self._task.check_mode:
            self._display.display("Check mode: the report would be written to %s" % ", ".join(result["files"]))
            return {**result, "ansible_facts": {_FACT: ["all"]}}
        run = _run.load(folder)
        fates = self._fates(run_id, variables) if run_id == mine else _no_fate
        book = _rules.load(arguments["rules"])
        previous, notes = self._previous(report_dir, run, book)
        survey = _survey.gather(folder, run, fates, C.DEFAULT_LOCAL_TMP, book, previous, notes)
        for note in survey.head["notes"]:
            self._display.warning(note)
        with contextlib.closing(survey):
            table = _summary.table(survey.head)
            try:
                writers = {**_FILES, **_of_stacks(survey)}
                result["files"] = [os.path.join(folder, name) for name in (*writers, _manifest.NAME)]
                _write(survey, folder, writers)
                _manifest.write(folder, run_id)
                _run.point_latest(report_dir, run)
                removed = _retention.apply(report_dir, arguments["keep"], arguments["keep_days"], run_id)
            except StorageError:
                self._display.display(table)  # what was found is told, even where it cannot be kept
                raise
            self._display.display("%s\n%s" % (table, os.path.join(folder, "survey.html")))
            result["removed"] = removed
            stats = _headline.stats(survey.head, folder)
            facts = {_FACT: _settle(survey)}
            return {**result, **_headline.of(survey.head), "ansible_stats": stats, "ansible_facts": facts}

    @staticmethod
    def _previous(report_dir: str, run: _run.Run, book: _rules.Book) -> tuple[_previous.Previous | None, list[str]]:
        """Return the run before this one; where it cannot be used, a sentence that says so, and compare with nothing."""
        folder = _previous.find(report_dir, run)
        if folder is None:
            return None, []
        try:
            found = _previous.read(folder, _judge.past_values(book))
        except StorageError as error:
            return None, ["This run is not compared with the one before it. %s" % error]
        if run.hosts and not any(host.host in found.hosts for host in run.hosts):
            said = "This run is not compared with the one before it: %s is of another inventory, and has none of its hosts."
            return None, [said % found.run]
        return found, []

    @staticmethod
    def _fates(run_id: str, variables: t.Mapping[str, t.Any]) -> _survey.Fates:
        """Return what this play knows of hosts that left no record: `visit` told it in ansible_facts.ebpf."""
        going = {str(host) for host in variables.get("ansible_play_hosts", ())}
        hostvars = variables.get("hostvars", {})

        def fate(host: str) -> Fate | None:
            facts = (hostvars[host].get("ansible_facts") or {}).get("ebpf") if host in hostvars else None
            if facts and facts.get("run") == run_id and facts.get("outcome"):
                return Fate(str(facts["outcome"]), None if facts["message"] is None else str(facts["message"]))
            return (
                Fate("skipped", "The play had not visited the host when this report was made.")
                if host in going
                else None
            )

        return fate


def _settle(survey: Survey) -> list[str]:
    """Return which hosts are to be settled, as a play's hosts; all where that cannot be said.

    A name that a pattern would take for something else, such as a range of hosts, cannot be said. One host that is well is
    among them, where there is one: Ansible plays no further where all hosts of a play have failed.
    """
    if not survey.unwell:
        return ["!all"]
    hosts = [*survey.unwell, *([survey.well] if survey.well is not None else [])]
    return hosts if all(_PLAIN.fullmatch(host) for host in hosts) else ["all"]


def _no_fate(_host: str) -> Fate | None:
    """Know nothing of hosts without a record: the run is of another process."""
    return None


def _of_stacks(survey: Survey) -> dict[str, Writer]:
    """Return two files more for each collector that took stacks: folded text, and its flame graph."""
    writers: dict[str, Writer] = {}
    for name, taken in survey.stacks.items():
        folded = taken.stacks.folded()
        picture = _flame.draw(folded, "%s: all hosts of %s" % (name, survey.head["run"]), taken.unit)
        writers["survey.%s.folded" % name] = functools.partial(_list_stacks, folded)
        writers["survey.%s.svg" % name] = functools.partial(_draw_stacks, picture)
    return writers


def _list_stacks(folded: _stacks.Folded, _survey: Survey, stream: t.IO[str]) -> None:
    _stacks.write(folded, stream)


def _draw_stacks(picture: str, _survey: Survey, stream: t.IO[str]) -> None:
    stream.write(picture)


def _write(survey: Survey, folder: str, writers: t.Mapping[str, Writer]) -> None:
    """Write all files of the report; each takes its name only when all of them are on the disk."""
    with contextlib.ExitStack() as stack:
        for name, write in writers.items():
            stream = stack.enter_context(_files.replacing(os.path.join(folder, name)))
            write(survey, stream)
            stream.flush()
            os.fsync(stream.fileno())
