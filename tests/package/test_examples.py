# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module's EXAMPLES run, from the installed collection, and what they return is what RETURN says."""

from __future__ import annotations

import json
import pathlib
import typing as t

import ansible_cli
import pytest
import returned
import yaml

MODULES = ansible_cli.documentation("module")
FILTERS = ansible_cli.documentation("filter")
AFTER_A_VISIT = ("ebpf.fleet.audit", "ebpf.fleet.report", "ebpf.fleet.settle")  # need a run with records


def plays(examples: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return a module's examples as plays: they are plays already, or the tasks of one."""
    if examples and "hosts" in examples[0]:
        return examples
    return [{"hosts": "localhost", "gather_facts": False, "tasks": examples}]


def keep_results(play: dict[str, t.Any], module: str, folder: pathlib.Path) -> int:
    """Have each task of `module` in the play leave its result in a file of the folder; return how many there are."""
    tasks: list[dict[str, t.Any]] = []
    kept = 0
    for task in play["tasks"]:
        tasks.append(task)
        if module in task:
            variable = task.setdefault("register", "kept_result")
            name = str(folder / ("%d.json" % kept))
            # A copy on the controller, whatever the host; a template would be a second chance for hostile text.
            copy = {"content": "{{ %s | to_json }}" % variable, "dest": name, "mode": "0600"}
            tasks.append({"ansible.builtin.copy": copy, "delegate_to": "localhost"})
            kept += 1
    play["tasks"] = tasks
    return kept


@pytest.mark.parametrize("module", MODULES)
def test_examples_run_and_return_what_is_documented(module: str, tmp_path: pathlib.Path) -> None:
    examples = yaml.safe_load(MODULES[module]["examples"])
    if module in AFTER_A_VISIT:
        examples = yaml.safe_load(MODULES["ebpf.fleet.visit"]["examples"]) + examples
    book = plays(examples)
    results = tmp_path / "results"
    results.mkdir()
    wanted = sum(keep_results(play, module, results) for play in book)
    assert wanted, "%s has no example of its own" % module
    (tmp_path / "inventory").write_text(ansible_cli.INVENTORY, encoding="utf-8")
    (tmp_path / "examples.yml").write_text(yaml.safe_dump(book, sort_keys=False), encoding="utf-8")
    done = ansible_cli.ansible("ansible-playbook", "-i", "inventory", "examples.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = sorted(results.glob("*.json"))
    assert len(found) == wanted, done.stdout
    for path in found:
        result = json.loads(path.read_text(encoding="utf-8"))
        assert returned.differences(MODULES[module].get("return") or {}, result) == [], path.name


@pytest.mark.parametrize("name", FILTERS)
def test_examples_of_filters_run(name: str, tmp_path: pathlib.Path) -> None:
    examples = FILTERS[name]["examples"]
    assert name in examples
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": yaml.safe_load(examples)}]
    (tmp_path / "inventory").write_text(ansible_cli.INVENTORY, encoding="utf-8")
    (tmp_path / "examples.yml").write_text(yaml.safe_dump(play, sort_keys=False), encoding="utf-8")
    done = ansible_cli.ansible("ansible-playbook", "-i", "inventory", "examples.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_filter_s_mistake_is_one_sentence(tmp_path: pathlib.Path) -> None:
    (tmp_path / "inventory").write_text(ansible_cli.INVENTORY, encoding="utf-8")
    message = "msg={{ [[2, 4, 3]] | ebpf.fleet.quantile(99) }}"
    done = ansible_cli.ansible("ansible", "-i", "inventory", "localhost", "-m", "debug", "-a", message, cwd=tmp_path)
    assert done.returncode == 2
    said = "ebpf.fleet.quantile: A quantile is a number above 0 and at most 1, such as 0.99, not 99."
    assert said in " ".join((done.stdout + done.stderr).split())


def test_all_that_is_promised_is_there() -> None:
    assert {"ebpf.fleet.capability_facts", "ebpf.fleet.collect"} <= set(MODULES)
    names = ("draw_histogram", "flame_graph", "folded_stacks", "merge_histograms", "quantile")
    assert set(FILTERS) == {"ebpf.fleet." + name for name in names}
    assert set(ansible_cli.documentation("callback")) == {"ebpf.fleet.progress"}
