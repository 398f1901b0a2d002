# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of a visit to a host; the documentation stands in plugins/modules/visit.py."""

from __future__ import annotations

import collections
import contextlib
import subprocess
import traceback
import typing as t

from ansible import constants as C  # noqa: N812 -- the name that Ansible gives it
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.ebpf.fleet.plugins.plugin_utils import (
    _arguments,
    _files,
    _record,
    _reply,
    _run,
    _schema,
    _store,
    _units,
    _versions,
)
from ansible_collections.ebpf.fleet.plugins.plugin_utils._record import Envelope, Record, Refused
from ansible_collections.ebpf.fleet.plugins.plugin_utils._reply import Reply, Trouble
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

_COLORS = {"ok": "COLOR_OK", "partial": "COLOR_WARN", "planned": "COLOR_SKIP"}
_LINES = 50  # hosts of a play that each get a line; of more, only those that are not well do
_FEW_COLLECTORS = 8  # that a line names each; of more it has the statuses

# Ansible imports this before it forks: what is read here is not read again by the worker of each host.
_versions.collection()
_schema.load("record.v1.json")


def is_task_timeout(error: BaseException) -> bool:
    """Whether an exception is the end of the task's `timeout`.

    It is a BaseException, which ansible-core 2.18 keeps in executor/task_executor.py, and 2.19 and later in
    _internal/_errors/_task_timeout.py: no place to import it from is public, its name is the same.
    """
    return any(one.__name__ == "TaskTimeoutError" for one in type(error).__mro__)


class ActionModule(ActionBase):
    """Runs `collect` on a host and writes the host's record, whatever happens."""

    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return what became of the host; never fail for what the host, its connection or the disk does."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _valid, arguments = self.validate_argument_spec(
            argument_spec={**_arguments.visit_spec(), "failure": {"type": "str"}}
        )
        host = str(variables["inventory_hostname"])
        run_id = arguments["run"] or _run.process_run(C.DEFAULT_LOCAL_TMP)
        try:
            folder = _run.run_folder(arguments["report_dir"], run_id)
        except _files.StorageError as error:
            raise AnsibleActionFail(str(error)) from None
        groups = {
            str(name): [str(one) for one in hosts] for name, hosts in variables["groups"].items() if host in hosts
        }
        fleets = _run.fleets_of(groups).get(host, [_run.UNGROUPED])
        self._envelope = Envelope(run_id, host, fleets, _run.now())
        self._few = len(variables.get("ansible_play_hosts_all", ())) <= _LINES
        if self._task.check_mode:
            return self._planned(_arguments.asked(arguments), variables)
        try:
            record, refused = self._record(arguments, variables)
            record, path = self._store(folder, record, refused)
        except BaseException as error:
            if not is_task_timeout(error):
                raise
            record, path = self._store(folder, self._timed_out(), None)
        self._tell(record)
        return {
            "changed": False,
            "run": run_id,
            "outcome": record["outcome"],
            "message": record["message"],
            "record_path": path,
            "ansible_facts": {"ebpf": _record.headline(record)},
        }

    def _record(self, arguments: t.Mapping[str, t.Any], variables: dict[str, t.Any]) -> tuple[Record, t.Any]:
        """Return the host's record, and what the host sent where that cannot be its record."""
        if arguments["failure"]:
            return _record.silent(self._envelope, "failed", one_line(arguments["failure"], 2000)), None
        try:
            answer, warnings = self._ask(_arguments.asked(arguments), variables)
        except BaseException as error:
            if not is_task_timeout(error):
                raise
            _end_what_was_awaited(error)
            return self._timed_out(), None
        self._envelope = self._envelope._replace(received=_run.now())
        if isinstance(answer, Trouble):
            return _record.silent(self._envelope, answer.outcome, answer.message, warnings), None
        return self._judge(answer, warnings)

    def _judge(self, reply: Reply, warnings: list[str]) -> tuple[Record, t.Any]:
        sent, failure = reply.get("record"), _reply.failure_of(reply)
        if sent is None:
            return _record.silent(self._envelope, "failed", failure or "The host sent no record.", warnings), None
        try:
            _store.encode(sent)  # refuses what is too large, or no JSON
            record = _record.from_host(sent, self._envelope, failure)
        except Refused as refused:
            return _record.silent(self._envelope, "failed", str(refused), warnings), sent
        record["warnings"] = [*record["warnings"], *warnings]
        return record, None

    def _ask(self, asked: dict[str, t.Any], variables: dict[str, t.Any]) -> tuple[Reply | Trouble, list[str]]:
        """Run the module; where becoming another user is what failed, run it once more without."""
        answer = self._try(asked, variables)
        if not (isinstance(answer, Trouble) and answer.become and self._connection.become):
            return answer, []
        method = self._connection.become.name
        self._connection.set_become_plugin(None)
        self._play_context.become = False
        second = self._try(asked, variables)
        if isinstance(second, Trouble):
            return answer, []
        return second, [
            "The host was visited without %s, which failed: %s" % (one_line(method, 60), one_line(answer.message, 1000))
        ]

    def _try(self, asked: dict[str, t.Any], variables: dict[str, t.Any]) -> Reply | Trouble:
        try:
            reply = self._execute_module(module_name="ebpf.fleet.collect", module_args=dict(asked), task_vars=variables)
        except AnsibleConnectionFailure as error:
            return _reply.of_error(error, unreachable=True)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is this host's outcome and not the play's end
            return _reply.of_error(error, unreachable=False)
        return reply if _reply.spoke(reply) else _reply.of_silence(reply)

    def _timed_out(self) -> Record:
        message = (
            "The host had not answered after %s s, the limit for one host: raise survey_timeout, or see what keeps it."
        )
        return _record.silent(self._envelope._replace(received=_run.now()), "timed_out", message % self._task.timeout)

    def _store(self, folder: str, record: Record, refused: t.Any) -> tuple[Record, str | None]:
        """Write the record; where the disk does not take it, say so in what the play and the report are told."""
        try:
            path = _store.write(folder, record)
        except _files.StorageError as error:
            lost = _record.silent(self._envelope, "failed", "The host was visited, but its record is lost. %s" % error)
            with contextlib.suppress(
                _files.StorageError
            ):  # the play is told of the first one; a few bytes may still fit
                return lost, _store.write(folder, lost)
            return lost, None
        if refused is not None:
            with contextlib.suppress(_files.StorageError, Refused):  # a help for who looks into it; the outcome is kept
                _store.keep_refused(folder, record["host"], refused)
        return record, path

    def _planned(self, asked: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """Check mode: ask the host for its plan, and write nothing."""
        answer, warnings = self._ask(asked, variables)
        plan: list[t.Any] = []
        if isinstance(answer, Trouble):
            record = _record.silent(self._envelope, answer.outcome, answer.message, warnings)
        else:
            record, _refused = self._judge(answer, warnings)
            plan = list(answer.get("plan") or [])[:50]
            if record["outcome"] == "ok":
                record["outcome"] = "planned"
        self._tell(record, _planned(plan))
        facts = _record.headline(record)
        same = {"changed": False, "run": self._envelope.run, "outcome": record["outcome"], "message": record["message"]}
        return {**same, "record_path": None, "plan": plan, "ansible_facts": {"ebpf": facts}}

    def _tell(self, record: Record, plan: str = "") -> None:
        """Print a line of what became of the host, unless there are many and it is well."""
        if not self._few and record["outcome"] in _COLORS:
            return
        facts = _record.headline(record)
        found = plan or _found(facts["collectors"])
        words = [
            _units.outcome(record["outcome"]),
            "tier %s" % facts["tier"] if facts["tier"] else "",
            found,
            facts["message"] or "",
        ]
        line = "%s: %s" % (one_line(record["host"], 80), "; ".join(word for word in words if word))
        color = getattr(C, _COLORS.get(record["outcome"], "COLOR_ERROR"))
        self._display.display(one_line(line, 500), color=color)


def _end_what_was_awaited(error: BaseException) -> None:
    """End the processes that the interrupted call was waiting for: Ansible leaves its ssh client running for ever."""
    for frame, _line in traceback.walk_tb(error.__traceback__):
        for value in frame.f_locals.values():
            if isinstance(value, subprocess.Popen) and value.poll() is None:
                value.terminate()


def _found(collectors: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    """Return what each collector found; of many, how many found something."""
    if len(collectors) <= _FEW_COLLECTORS:
        return ", ".join("%s %s" % (name, _shown(one)) for name, one in collectors.items())
    statuses = collections.Counter(one["status"] for one in collectors.values())
    return "%d collectors: %s" % (len(collectors), ", ".join("%d %s" % (n, word) for word, n in statuses.most_common()))


def _shown(one: t.Mapping[str, t.Any]) -> str:
    tier = "" if one["tier"] is None else " (tier %d)" % one["tier"]
    count = "" if one["count"] is None else _units.number(one["count"])
    word = "" if one["status"] == "ok" else one["status"]
    return " ".join(part for part in (word, "" if word == "idle" else count) if part) + tier


def _planned(plan: t.Sequence[t.Any]) -> str:
    """Return what check mode found out: which tiers each collector would try."""
    words = []
    for one in plan:
        if isinstance(one, dict) and isinstance(one.get("tiers"), list):
            tiers = ", then ".join(one_line(tier, 10) for tier in one["tiers"][:3])
            words.append("%s by tier %s" % (one_line(one.get("collector"), 60), tiers or "none"))
    return "; ".join(words)
