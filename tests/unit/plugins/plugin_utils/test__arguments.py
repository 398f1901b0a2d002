# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the actions are those that are documented, and those of the module that they serve."""

from __future__ import annotations

import importlib
import pathlib
import typing as t

import pytest
import yaml
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _arguments

BASE = "ansible_collections.ebpf.fleet.plugins."
SPECS = {
    "open_run": _arguments.visit_spec(),
    "visit": {**_arguments.visit_spec(), "failure": {"type": "str"}},
    "audit": _arguments.audit_spec(),
    "report": _arguments.report_spec(),
    "settle": _arguments.run_spec(),
    "collect": {name: one for name, one in _arguments.visit_spec().items() if name not in _arguments.run_spec()},
}


def documented(name: str) -> dict[str, t.Any]:
    """Return a module's documented options, those of its fragments included."""
    source = importlib.import_module(BASE + "modules." + name)
    beside = pathlib.Path(str(source.__file__)).with_suffix(".yml")
    read = yaml.safe_load(beside.read_text(encoding="utf-8")) if beside.exists() else {}
    module = read.get("DOCUMENTATION") or yaml.safe_load(source.DOCUMENTATION)
    options: dict[str, t.Any] = {}
    for fragment in module.get("extends_documentation_fragment", ()):
        words = fragment.removeprefix("ebpf.fleet.").split(".")
        part = words[1].upper() if len(words) > 1 else "DOCUMENTATION"
        doc = getattr(importlib.import_module(BASE + "doc_fragments." + words[0]).ModuleDocFragment, part)
        options.update(yaml.safe_load(doc).get("options") or {})
    for option, found in (module.get("options") or {}).items():
        options[option] = {**options.get(option, {}), **found}
    return options


@pytest.mark.parametrize("name", SPECS)
def test_documentation_says_what_is_taken(name: str) -> None:
    options = documented(name)
    assert set(options) == set(SPECS[name])
    for option, spec in SPECS[name].items():
        same = {key: options[option].get(key) for key in ("type", "default", "choices", "elements", "required")}
        assert same == {key: spec.get(key) for key in same}, option


def test_asked_leaves_what_is_not_given_to_the_module() -> None:
    given = {
        "report_dir": "r",
        "run": "x",
        "duration": 5,
        "collectors": [],
        "tier": None,
        "failure": "f",
        "max_items": 3,
    }
    assert _arguments.asked(given) == {"duration": 5, "max_items": 3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"duration": 0}, "duration must be from 1 to 3600, not 0"),
        ({"duration": -1}, "duration must be from 1 to 3600, not -1"),
        ({"duration": 86400}, "duration must be from 1 to 3600, not 86400"),
        ({"collectors": ["runqlot"]}, "did you mean runqlat"),
        ({"max_items": 0}, "max_items must be from"),
    ],
)
def test_what_no_host_could_be_asked(change: dict[str, t.Any], message: str) -> None:
    defaults = {name: spec.get("default") for name, spec in _arguments.visit_spec().items()}
    _arguments.check(defaults)
    with pytest.raises(ValueError, match=message):
        _arguments.check({**defaults, **change})
