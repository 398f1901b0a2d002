# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles' documented options are their defaults, and they hand over every option of the actions."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml
from ansible_collections.ebpf.fleet.plugins.module_utils import _survey
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _arguments

ROLES = pathlib.Path(__file__).resolve().parents[3] / "roles"
NAMES = sorted(path.name for path in ROLES.iterdir() if (path / "meta" / "argument_specs.yml").exists())


def load(*parts: str) -> t.Any:
    """Return the content of a file of a role."""
    return yaml.safe_load(ROLES.joinpath(*parts).read_text(encoding="utf-8"))


def tasks_of(found: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Yield tasks, those in blocks included."""
    for task in found:
        yield task
        for section in ("block", "rescue", "always"):
            yield from tasks_of(task.get(section, ()))


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_those_that_are_documented(name: str) -> None:
    entries = load(name, "meta", "argument_specs.yml")["argument_specs"]
    defaults = load(name, "defaults", "main.yml")
    assert {option: spec["default"] for option, spec in entries["main"]["options"].items()} == defaults
    for entry in entries.values():
        assert {option: spec["default"] for option, spec in entry["options"].items()}.items() <= defaults.items()


@pytest.mark.parametrize("name", NAMES)
def test_public_variables_have_the_role_s_name(name: str) -> None:
    assert all(option.startswith(name + "_") for option in load(name, "defaults", "main.yml"))


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_point_has_its_tasks(name: str) -> None:
    entries = set(load(name, "meta", "argument_specs.yml")["argument_specs"])
    assert entries == {path.stem for path in (ROLES / name / "tasks").glob("*.yml")}


@pytest.mark.parametrize("action", ["open_run", "visit"])
def test_survey_hands_over_every_option(action: str) -> None:
    tasks = [
        task["ebpf.fleet." + action]
        for task in tasks_of(load("survey", "tasks", "visit.yml"))
        if "ebpf.fleet." + action in task
    ]
    assert set(tasks[0]) == set(_arguments.visit_spec())


def test_report_hands_over_every_option() -> None:
    (task,) = (task["ebpf.fleet.report"] for task in tasks_of(load("report", "tasks", "main.yml")))
    assert set(task) == set(_arguments.report_spec())
    defaults = load("report", "defaults", "main.yml")
    for option, spec in _arguments.report_spec().items():
        if option not in ("report_dir", "run"):
            assert defaults["report_" + option] == spec.get("default", ""), option


def test_audit_hands_over_every_option() -> None:
    tasks = tasks_of(load("audit", "tasks", "main.yml"))
    (task,) = (task["ebpf.fleet.audit"] for task in tasks if "ebpf.fleet.audit" in task)
    assert set(task) == set(_arguments.audit_spec())


def test_survey_defaults_are_those_of_the_module() -> None:
    defaults = load("survey", "defaults", "main.yml")
    for option, spec in _arguments.visit_spec().items():
        if option not in ("report_dir", "run", "collectors"):
            assert (defaults["survey_" + option] or None) == spec.get("default"), option
    assert defaults["survey_collectors"] == []  # no list is all of them


def test_the_windows_of_the_profiles() -> None:
    durations = load("survey", "vars", "main.yml")["__survey_durations"]
    assert durations == {name: _survey.duration({"profile": name}) for name in ("", *_survey.PROFILES)}
    choices = load("survey", "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]["survey_profile"][
        "choices"
    ]
    assert choices == list(durations)
