# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of a run's beginning; the documentation stands in plugins/modules/open_run.py."""

from __future__ import annotations

import typing as t

from ansible import constants as C  # noqa: N812 -- the name that Ansible gives it
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _arguments, _run, _versions
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import sentence

_NO_INVENTORY = (
    "There is no host to survey: no inventory was given. Name one, for example `-i inventory.yml`, "
    "or `-i localhost, -c local` for this machine."
)


class ActionModule(ActionBase):
    """Opens the folder of a run and writes the roll-call."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return the run's id and folder; fail, before any host is touched, where a report could not be written."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _valid, arguments = self.validate_argument_spec(argument_spec=_arguments.visit_spec())
        groups = {str(name): [str(host) for host in hosts] for name, hosts in variables["groups"].items()}
        if not groups.get("all"):
            raise AnsibleActionFail(_NO_INVENTORY)
        try:
            _arguments.check(arguments)
            return self._open(arguments, groups, [str(host) for host in variables["ansible_play_hosts_all"]])
        except ValueError as error:
            raise AnsibleActionFail(sentence("Nothing can be asked of the hosts: %s" % error)) from None
        except StorageError as error:
            raise AnsibleActionFail("No report can be written, and no host was visited. %s" % error) from None

    def _open(
        self, arguments: dict[str, t.Any], groups: dict[str, list[str]], play_hosts: list[str]
    ) -> dict[str, t.Any]:
        run_id = arguments["run"] or _run.process_run(C.DEFAULT_LOCAL_TMP)
        fresh = _run.Run(
            run=run_id,
            started=_run.now(),
            versions=_versions.versions(),
            settings=_arguments.asked(arguments),
            hosts=_run.roll_call(groups, play_hosts),
        )
        if self._task.check_mode:
            folder = _run.run_folder(arguments["report_dir"], run_id)
        else:
            folder, fresh = _run.open_run(arguments["report_dir"], fresh)
        return {
            "changed": False,
            "run": run_id,
            "run_dir": folder,
            "hosts": len(fresh.hosts),
            "hosts_in_play": sum(host.in_play for host in fresh.hosts),
            "duration": arguments["duration"],
        }
