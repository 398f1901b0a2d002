# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of a host's settlement; the documentation stands in plugins/modules/settle.py."""

from __future__ import annotations

import typing as t

from ansible import constants as C  # noqa: N812 -- the name that Ansible gives it
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _arguments, _run, _store
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError
from ansible_collections.ebpf.fleet.plugins.plugin_utils._record import Refused


class ActionModule(ActionBase):
    """Tells Ansible what became of a host, so that its recap and exit code are true."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return an unreachable or failed result where the host's outcome is that."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _valid, arguments = self.validate_argument_spec(argument_spec=_arguments.run_spec())
        host = str(variables["inventory_hostname"])
        run_id = arguments["run"] or _run.process_run(C.DEFAULT_LOCAL_TMP)
        outcome, message = self._outcome(arguments["report_dir"], run_id, host, variables)
        result = {"changed": False, "run": run_id, "outcome": outcome}
        if outcome == "unreachable":
            return {**result, "unreachable": True, "msg": message}
        if outcome in ("failed", "timed_out"):
            return {**result, "failed": True, "msg": message}
        return {**result, "msg": message}

    @staticmethod
    def _outcome(report_dir: str, run_id: str, host: str, variables: t.Mapping[str, t.Any]) -> tuple[str, str | None]:
        """Return the outcome that `visit` told this play, or else that of the stored record."""
        facts = (variables.get("ansible_facts") or {}).get("ebpf") or {}
        if facts.get("run") == run_id and facts.get("outcome"):
            return str(facts["outcome"]), None if facts["message"] is None else str(facts["message"])
        try:
            record = _store.read(_run.run_folder(report_dir, run_id), host)
        except Refused as refused:
            return "failed", str(refused)
        except StorageError as error:
            raise AnsibleActionFail(str(error)) from None
        if record is None:
            return "failed", "The run %s has no record of this host: it was not visited." % run_id
        return record["outcome"], record["message"]
