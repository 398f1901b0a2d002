# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundle that hosts get: fresh, whole, on this Python, and clear about what it lacks."""

from __future__ import annotations

import ast
import importlib
import json
import pathlib
import subprocess
import sys
import typing as t

import pytest
import reach
from ansible_collections.ebpf.fleet.plugins.module_utils import _bundle
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import libbpf, light

FILES = reach.reach("_survey")
MAKERS = [reach.CHECKOUT / "tools" / name for name in ("bundle.py", "shrink.py")]

# In a process of its own, as here the plain modules are imported.
PRELUDE = """
import json, sys
sys.path.insert(0, %r)
from ansible_collections.ebpf.fleet.plugins.module_utils import _bundle
"""


def run(script: str) -> str:
    collections = pathlib.Path(_bundle.__file__).parents[5]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE % str(collections) + script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def plain(name: str) -> t.Any:
    return importlib.import_module(reach.PREFIX + name)


def test_it_is_made_of_the_files_beside_it() -> None:
    assert reach.sha256([*FILES.values(), *MAKERS]) == _bundle.SOURCES_SHA256, "run `make bundle`"


def used() -> dict[str, list[str]]:
    """Return what the plain sources use of each other's modules: attribute by module, by the modules' names."""
    found: dict[str, set[str]] = {name: set() for name in FILES}
    for path in FILES.values():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = {
            alias.asname or alias.name: (node.module + "." + alias.name)[len(reach.PREFIX) :]
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                name = modules.get(node.value.id)
                if name in found:
                    found[name].add(node.attr)
    return {name: sorted(attributes) for name, attributes in found.items()}


def test_every_module_is_there_and_has_what_the_others_use() -> None:
    expected = used()
    assert sum(map(len, expected.values())) > 50
    found = json.loads(
        run(
            """
import importlib
expected = json.loads(%r)
_bundle.load("_survey")
print(json.dumps([
    name + "." + attribute
    for name, attributes in expected.items()
    for module in [importlib.import_module(_bundle.ROOM + name)]
    for attribute in ["__loader__"] + attributes
    if not hasattr(module, attribute) or "/_bundle.py/" not in module.__file__
]))
"""
            % json.dumps(expected)
        )
    )
    assert found == []


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("_programs.")])
def test_the_programs_are_those_that_were_built(name: str) -> None:
    blob = plain(name)
    found = run(
        """
import importlib
_bundle.load("_survey")
blob = importlib.import_module(_bundle.ROOM + %r)
from hashlib import sha256
assert blob.LIGHT and blob.OBJECT
print(json.dumps([blob.NAME, blob.SHA256, blob.OBJECT_SHA256, sha256(blob.LIGHT).hexdigest(),
    sha256(blob.OBJECT).hexdigest(), blob.MAPS, blob.PROGRAMS, blob.VARIABLES]))
"""
        % name
    )
    wanted = [blob.NAME, *[blob.SHA256, blob.OBJECT_SHA256] * 2, blob.MAPS, blob.PROGRAMS, blob.VARIABLES]
    assert json.loads(found) == json.loads(json.dumps(wanted))
    assert light.unpack(blob)
    assert libbpf.unpack(blob)


def test_it_does_what_the_plain_module_does() -> None:
    params = {"duration": 5, "collectors": ["runqlat"], "tier": "auto", "max_items": 1, "max_events": 2}
    params.update({"max_output": 4096, "startup_limit": 3})
    found = run(
        """
survey = _bundle.load("_survey")
settings = survey.settings(json.loads(%r))
print(json.dumps([settings.duration, [c.name for c in settings.collectors], settings.limits, survey.argument_spec()]))
"""
        % json.dumps(params)
    )
    survey = plain("_survey")
    assert json.loads(found) == [5, ["runqlat"], [1, 2, 4096], json.loads(json.dumps(survey.argument_spec()))]


def test_a_traceback_shows_the_file_and_the_line() -> None:
    found = run(
        """
import traceback
survey = _bundle.load("_survey")
try:
    survey.settings({})
except KeyError:
    print(traceback.format_exc())
"""
    )
    assert "_bundle.py/_survey.py" in found
    assert "must be from %d to %d" in found  # the line, which holds the whole loop


FAILURE = """
try:
    _bundle.load("_survey")
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize("change", ["packed[:-9]", "packed.replace('A', 'B', 1)", "''"])
def test_a_damaged_bundle_says_so(change: str) -> None:
    found = run("packed = _bundle.PACKED\n_bundle.PACKED = %s\n" % change + FAILURE)
    assert found == "%s is damaged: install the collection again\n" % _bundle.__file__


@pytest.mark.parametrize("name", ["bz2", "lzma"])
def test_a_python_without_its_compressors_is_named(name: str) -> None:
    found = run("sys.modules[%r] = None\n" % name + FAILURE)
    assert found.startswith(sys.executable + " lacks a part of its standard library that this module is packed with: ")
    assert name in found
