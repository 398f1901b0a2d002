# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-core's programs with the checkout's collection as a user does, in a folder that holds nothing else."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import typing as t

import yaml
from collecting import COLLECTIONS

BIN = pathlib.Path(sys.executable).parent
CHECKOUT = pathlib.Path(__file__).resolve().parents[2]

# A host that needs no connection.
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}

_RECAP = re.compile(r"(.+?) +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+) [^\n]*\n", re.DOTALL)


class Played(t.NamedTuple):
    """How a program of ansible-core ended. `out` is all that it printed, `flat` the same as one line."""

    code: int
    out: str

    @property
    def flat(self) -> str:
        """What was printed, on one line, so that a sentence is found however it was broken."""
        return " ".join(self.out.split())

    @property
    def recap(self) -> dict[str, str]:
        """By host: ok, failed or unreachable."""
        rows = _RECAP.findall(self.out.partition("PLAY RECAP")[2].partition("\n")[2])
        return {
            host: "unreachable" if int(unreachable) else "failed" if int(failed) else "ok"
            for host, _ok, _changed, unreachable, failed in rows
        }


def environment(folder: pathlib.Path, collections: pathlib.Path, **more: str) -> dict[str, str]:
    """Return the environment for ansible-core's programs: nothing of the caller's settings, everything in `folder`."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_") and name != "REPORT_DIR"
    }
    return {
        **kept,
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_FORKS": "20",
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=2s",
        **more,
    }


def ansible(
    program: str, *arguments: str, folder: pathlib.Path, collections: pathlib.Path = COLLECTIONS, **more: str
) -> Played:
    """Run a program in a folder; `more` goes into its environment."""
    done = subprocess.run(
        [str(BIN / program), *arguments],
        cwd=folder,
        env=environment(folder, collections, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    return Played(done.returncode, done.stdout)


def inventory(folder: pathlib.Path, tree: t.Mapping[str, t.Any]) -> str:
    """Write an inventory; return its name."""
    (folder / "inventory.yml").write_text(yaml.safe_dump({"all": tree}, sort_keys=False), encoding="utf-8")
    return "inventory.yml"


def hosts(folder: pathlib.Path, **variables: t.Mapping[str, t.Any]) -> str:
    """Write an inventory of hosts in no group; return its name."""
    return inventory(folder, {"hosts": {name: dict(own) for name, own in variables.items()}})


def survey(
    folder: pathlib.Path, source: str, *arguments: str, collections: pathlib.Path = COLLECTIONS, **settings: t.Any
) -> Played:
    """Run the playbook `survey`; `settings` are the role's variables without their prefix."""
    chosen = {"survey_" + name: value for name, value in settings.items()}
    return ansible(
        *("ansible-playbook", "ebpf.fleet.survey", "-i", source, "-e", json.dumps(chosen), *arguments),
        folder=folder,
        collections=collections,
    )


def report(folder: pathlib.Path, **settings: t.Any) -> Played:
    """Run the playbook `report`; `settings` are the role's variables without their prefix."""
    chosen = {"report_" + name: value for name, value in settings.items()}
    return ansible("ansible-playbook", "ebpf.fleet.report", "-e", json.dumps(chosen), folder=folder)


def ask(folder: pathlib.Path, source: str, host: str, module: str, **options: t.Any) -> dict[str, t.Any]:
    """Run a module ad hoc on a host; return its result."""
    arguments = ["-a", json.dumps(options)] if options else []
    played = ansible("ansible", "-i", source, host, "-m", "ebpf.fleet." + module, *arguments, folder=folder)
    said = re.search(r"^\S+ \| (SUCCESS|CHANGED|FAILED!) => (\{.*\})\s*\Z", played.out, re.DOTALL | re.MULTILINE)
    assert said, played.out
    failed = said.group(1) == "FAILED!"
    assert played.code == (2 if failed else 0), played.out
    return {**json.loads(said.group(2)), "failed": failed}


def records(run: pathlib.Path) -> dict[str, dict[str, t.Any]]:
    """Return a run's records by host."""
    read = [json.loads(path.read_text(encoding="utf-8")) for path in (run / "hosts").glob("*.json")]
    found = {record["host"]: record for record in read}
    assert len(found) == len(read), "two records of one host"
    return found


def survey_json(run: pathlib.Path) -> dict[str, t.Any]:
    """Return a run's report as data."""
    return t.cast("dict[str, t.Any]", json.loads((run / "survey.json").read_text(encoding="utf-8")))


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    """Return everything in a folder: {path: bytes of a file, or where a link points}."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = os.fsencode(path.readlink())
        elif path.is_file():
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


BUNDLE = "plugins/module_utils/_bundle.py"
# Ansible sends what a module imports as it says in its text; collectors are imported by name.
_IMPORT = "from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import %s\n"
_PLAIN = """
from ansible_collections.ebpf.fleet.plugins.module_utils import _survey


def load(name):
    return _survey
"""


def changed_copy(folder: pathlib.Path, file: str, before: str, after: str) -> pathlib.Path:
    """Copy the collection with a change in one file; return the root of collections to use it from."""
    target = folder / "changed" / "ansible_collections" / "ebpf" / "fleet"
    for part in ("plugins", "roles", "playbooks", "meta", "docs/schemas"):
        shutil.copytree(CHECKOUT / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "galaxy.yml", target)
    text = (target / file).read_text(encoding="utf-8")
    assert text.count(before) == 1, "%s has changed: it has %r %d times" % (file, before, text.count(before))
    (target / file).write_text(text.replace(before, after), encoding="utf-8")
    if file != BUNDLE:  # it holds what was there before the change: let the module have the files themselves
        collectors = sorted((target / BUNDLE).parent.glob("_collectors/[a-z]*.py"))
        imports = "".join(_IMPORT % collector.stem for collector in collectors)
        (target / BUNDLE).write_text(imports + _PLAIN, encoding="ascii")
    return folder / "changed"
