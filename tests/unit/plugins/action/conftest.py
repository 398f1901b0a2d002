# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action of this collection, run over a host that is made up."""

from __future__ import annotations

import json
import pathlib
import types
import typing as t

import pytest
from ansible import constants as C  # noqa: N812
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.template import Templar
from ansible_collections.ebpf.fleet.plugins.action import audit, open_run, report, settle, visit

ACTIONS: dict[str, t.Any] = {"audit": audit, "open_run": open_run, "visit": visit, "report": report, "settle": settle}
RECORDS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "records"
GROUPS = {"all": ["web-01", "web-02", "db-01"], "ungrouped": [], "prod": ["web-01", "web-02"], "db": ["db-01"]}


def sent(name: str) -> dict[str, t.Any]:
    """Return what a host sent."""
    return json.loads((RECORDS / ("%s.json" % name)).read_text(encoding="utf-8"))


class Become:
    """As much of a become plugin as an action asks for."""

    name = "sudo"


class Connection:
    """As much of a connection as an action asks for."""

    def __init__(self, become: Become | None) -> None:
        self.become = become
        self._shell = types.SimpleNamespace(tmpdir=None)

    def set_become_plugin(self, plugin: Become | None) -> None:
        """Use another one."""
        self.become = plugin


class Play:
    """A play over a few hosts: keeps their facts and what was printed."""

    def __init__(self, report_dir: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.report_dir = report_dir
        self.printed: list[str] = []
        self.facts: dict[str, dict[str, t.Any]] = {host: {} for host in GROUPS["all"]}
        self.calls: list[tuple[str, dict[str, t.Any], bool]] = []
        self.asleep: list[str] = []
        self._patch = monkeypatch

    def run(
        self,
        name: str,
        host: str = "web-01",
        answer: t.Any = None,
        check: bool = False,
        become: bool = False,
        **arguments: t.Any,
    ) -> dict[str, t.Any]:
        """Run an action on a host; `answer` is what its module returns, raises or calls, in turn where it is a list."""
        task = Task.load({"action": "ebpf.fleet." + name, "timeout": 7, "check_mode": check})
        task.args = {"report_dir": str(self.report_dir), **arguments}
        connection = Connection(Become() if become else None)
        action: ActionBase = ACTIONS[name].ActionModule(
            task, connection, PlayContext(), DataLoader(), Templar(DataLoader()), None
        )
        answers = list(answer) if isinstance(answer, list) else [answer]

        def execute(module_name: str, module_args: dict[str, t.Any], task_vars: t.Any) -> t.Any:
            self.calls.append((module_name, module_args, connection.become is not None))
            found = answers.pop(0)
            if isinstance(found, BaseException):
                raise found
            return found() if callable(found) else found

        self._patch.setattr(action, "_execute_module", execute)
        self._patch.setattr(action._display, "display", lambda line, **_: self.printed.append(line))
        variables = {
            "inventory_hostname": host,
            "groups": GROUPS,
            "ansible_play_hosts_all": ["web-01", "db-01"],
            "ansible_play_hosts": ["web-01", "db-01"],
            "ansible_facts": self.facts[host],
            "hostvars": {one: {"ansible_facts": facts} for one, facts in self.facts.items()},
        }
        result = action.run(task_vars=variables)
        self.facts[host].update(result.get("ansible_facts", {}))
        return result

    def record(self, host: str) -> dict[str, t.Any]:
        """Return a host's stored record."""
        return json.loads((self.folder / "hosts" / (host + ".json")).read_text())

    @property
    def folder(self) -> pathlib.Path:
        """Return the folder of the only run."""
        return next(path for path in self.report_dir.iterdir() if path.is_dir() and not path.is_symlink())


@pytest.fixture
def play(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Return a play in a process of its own."""
    (tmp_path / "process").mkdir()
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path / "process"))
    return Play(tmp_path / "reports", monkeypatch)


__all__ = ["AnsibleActionFail", "Play", "play", "sent"]
