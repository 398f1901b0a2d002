# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as Ansible runs it, and its documentation against what it really returns."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
import yaml
from ansible_collections.ebpf.fleet.plugins.modules import capability_facts

COLLECTIONS = pathlib.Path(__file__).resolve().parents[4] / ".cache" / "collections"
TYPES = {"dict": dict, "list": list, "str": str, "int": int, "float": (int, float), "bool": bool}


def run(check: bool = False, **options: t.Any) -> dict[str, t.Any]:
    """Run the module in a process of its own, given its arguments on standard input, and return its result."""
    arguments = dict(options, _ansible_check_mode=check)
    code = (
        "import sys, types\n"
        "from ansible.module_utils import basic\n"
        "basic._ANSIBLE_ARGS = sys.stdin.buffer.read()\n"
        "basic._ANSIBLE_PROFILE = 'legacy'\n"
        "from ansible_collections.ebpf.fleet.plugins.modules import capability_facts\n"
        "capability_facts.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode(),
        capture_output=True,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join([str(COLLECTIONS), *sys.path])),
        check=False,
    )
    assert done.stdout, done.stderr.decode()
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def result() -> dict[str, t.Any]:
    return run()


def differences(documented: dict[str, t.Any], value: t.Any, where: str) -> list[str]:
    """Return where a value is not what its documentation says: the type, a key too many or too few."""
    if value is None:
        return []
    kind = documented["type"]
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "bool"):
        return ["%s is %r, documented as %s" % (where, value, kind)]
    found: list[str] = []
    contains = documented.get("contains")
    if kind == "dict" and contains:
        found += ["%s.%s is not documented" % (where, key) for key in value if key not in contains]
        found += ["%s.%s is documented and missing" % (where, key) for key in contains if key not in value]
        for key in contains:
            found += differences(contains[key], value.get(key), "%s.%s" % (where, key))
    if kind == "list":
        element = {"type": documented["elements"], "contains": contains}
        for at, one in enumerate(value):
            found += differences(element, one, "%s[%d]" % (where, at))
    return found


def test_return_is_what_is_returned(result: dict[str, t.Any]) -> None:
    documented = yaml.safe_load(capability_facts.RETURN)
    assert differences(documented["ansible_facts"], result["ansible_facts"], "ansible_facts") == []
    assert set(result) - {"invocation"} == {"ansible_facts", "changed"}
    assert set(result["ansible_facts"]) == {"ebpf"}
    assert result["changed"] is False


def test_the_samples_have_their_documented_types() -> None:
    def walk(documented: dict[str, t.Any], where: str) -> list[str]:
        found = []
        for key, entry in documented.items():
            assert entry.get("description"), where + key
            found += walk(entry.get("contains", {}), where + key + ".")
            if entry.get("sample") is not None:
                found += differences(dict(entry, contains=None), entry["sample"], where + key)
        return found

    assert walk(yaml.safe_load(capability_facts.RETURN), "") == []


def test_check_mode_is_no_different(result: dict[str, t.Any]) -> None:
    checked = run(check=True)
    assert checked["ansible_facts"]["ebpf"]["tier"] == result["ansible_facts"]["ebpf"]["tier"]
    assert checked["changed"] is False


def test_what_attaches_was_promised_without_attaching(result: dict[str, t.Any]) -> None:
    quick = {probe["name"]: probe["state"] for probe in run(thorough=False)["ansible_facts"]["ebpf"]["probes"]}
    thorough = {probe["name"]: probe["state"] for probe in result["ansible_facts"]["ebpf"]["probes"]}
    assert list(quick) == list(thorough)
    assert [name for name, state in thorough.items() if state == "met" and quick[name] != "met"] == []


def test_an_unknown_option_is_refused() -> None:
    found = run(thorough=True, nonsense=1)
    assert found["failed"]
    assert "nonsense" in found["msg"]
