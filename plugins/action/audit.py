# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of an audit; the documentation stands in plugins/modules/audit.py."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import typing as t

from ansible import constants as C  # noqa: N812 -- the name that Ansible gives it
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.ebpf.fleet.plugins.plugin_utils import (
    _arguments,
    _audit,
    _audit_text,
    _files,
    _headline,
    _judge,
    _manifest,
    _policy,
    _previous,
    _rules,
    _run,
    _survey,
)
from ansible_collections.ebpf.fleet.plugins.plugin_utils._audit import Audit
from ansible_collections.ebpf.fleet.plugins.plugin_utils._document import Wrong
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError
from ansible_collections.ebpf.fleet.plugins.plugin_utils._policy import Policy
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Fate

_FILES: dict[str, t.Callable[[Audit, t.IO[str]], None]] = {
    "audit.json": Audit.write_json,
    "audit.md": _audit_text.write_markdown,
    "audit.junit.xml": _audit_text.write_junit,
}
_NAMES = 100  # hosts that the result names


class ActionModule(ActionBase):
    """Holds a run against a policy."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return the verdict, failed where the policy is broken; fail with one sentence where there can be none."""
        super().run(tmp, task_vars)
        _valid, arguments = self.validate_argument_spec(argument_spec=_arguments.audit_spec())
        try:
            book = _rules.load(arguments["rules"])
            policy = _policy.load(_path(arguments["policy"]), book)
            return self._audit(arguments, policy, book)
        except Wrong as wrong:
            raise AnsibleActionFail("There is no verdict, because of a mistake in a file. %s" % wrong) from None
        except StorageError as error:
            raise AnsibleActionFail("There is no verdict. %s" % error) from None

    def _audit(self, arguments: t.Mapping[str, t.Any], policy: Policy, book: _rules.Book) -> dict[str, t.Any]:
        report_dir = arguments["report_dir"]
        run_id = arguments["run"] or _run.known_process_run(C.DEFAULT_LOCAL_TMP) or _run.newest(report_dir)
        folder = _run.run_folder(report_dir, run_id)
        run = _run.load(folder)
        baseline = self._baseline(arguments["baseline"], report_dir, run, book)
        survey = _survey.gather(folder, run, _no_fate, C.DEFAULT_LOCAL_TMP, book, baseline)
        with contextlib.closing(survey):
            found = _audit.audit(survey, policy, dt.datetime.now(dt.UTC).date(), C.DEFAULT_LOCAL_TMP)
        with contextlib.closing(found):
            self._display.display(_audit_text.summary(found), color=C.COLOR_ERROR if found.broken else C.COLOR_OK)
            paths = {name: os.path.join(folder, name) for name in _FILES}
            if not self._task.check_mode:
                _write(found, paths)
                _manifest.write(folder, run_id)
            head = found.head
            result = {
                "changed": False,
                "failed": found.broken,
                "msg": _audit_text.verdict(found),
                "run": run_id,
                "run_dir": folder,
                "files": list(paths.values()),
                "verdict": head["verdict"],
                "counts": head["counts"],
                "broken": [{**one, "names": one["names"][:_NAMES]} for one in head["broken"]],
                "notes": head["notes"],
                "baseline": head["baseline"],
            }
            return {**result, "ansible_stats": _headline.audit_stats(result)}

    @staticmethod
    def _baseline(named: str | None, report_dir: str, run: _run.Run, book: _rules.Book) -> _previous.Previous | None:
        """Return the run that is named, or else the one before; StorageError where what is named is of other hosts."""
        if not named:
            path = _previous.find(report_dir, run)
        elif os.path.sep in named or os.path.exists(_path(named)):
            path = _path(named)
        else:
            path = _run.run_folder(report_dir, named)
        if path is None:
            return None
        found = _previous.read(path, _judge.past_values(book))
        if named and run.hosts and not any(host.host in found.hosts for host in run.hosts):
            raise StorageError(
                "The baseline %s is of another inventory: none of its %d hosts is among the %d of the run %s."
                % (named, len(found.hosts), len(run.hosts), run.run)
            )
        return found


def _path(named: str) -> str:
    return os.path.abspath(os.path.expanduser(named))


def _no_fate(_host: str) -> Fate | None:
    """Know nothing of hosts without a record: they count as failed."""
    return None


def _write(found: Audit, paths: t.Mapping[str, str]) -> None:
    """Write all files; each takes its name only when all of them are on the disk."""
    with contextlib.ExitStack() as stack:
        for name, write in _FILES.items():
            stream = stack.enter_context(_files.replacing(paths[name]))
            write(found, stream)
            stream.flush()
            os.fsync(stream.fileno())
