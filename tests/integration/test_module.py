# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules by themselves, in every way that Ansible runs a module."""

from __future__ import annotations

import json
import pathlib
import typing as t

import kernel_objects
import playing
import pytest
import returned
import sshd
import yaml
from collecting import NATIVE

# host: how it is reached
WAYS = {
    "local-pipelined": ("local", True, False),
    "local-copied-become": ("local", False, True),
    "ssh-copied": ("root", False, False),
    "ssh-pipelined-become": ("root", True, True),
    "ssh-copied-sudo": ("admin", False, True),
    "ssh-copied-plain": ("plain", False, False),
}
TASKS: dict[str, dict[str, t.Any]] = {
    "collected": {"ebpf.fleet.collect": {"duration": 1, "collectors": NATIVE}},
    "planned": {"ebpf.fleet.collect": {"duration": 3600, "collectors": NATIVE}, "check_mode": True},
    "assessed": {"ebpf.fleet.capability_facts": {}},
    "assessed_in_check_mode": {"ebpf.fleet.capability_facts": {"thorough": False}, "check_mode": True},
    "polled": {"ebpf.fleet.collect": {"duration": 1, "collectors": NATIVE}, "async": 60, "poll": 1},
    "begun": {"ebpf.fleet.collect": {"duration": 2, "collectors": NATIVE}, "async": 60, "poll": 0},
    "assessment_begun": {"ebpf.fleet.capability_facts": {"thorough": False}, "async": 60, "poll": 0},
}
ASYNC = ("begun", "assessment_begun")
CLEANED = "cleaned"


def book(folder: pathlib.Path) -> list[dict[str, t.Any]]:
    """Return a playbook that runs each task on each host and leaves all results in a file for each host."""
    tasks: list[dict[str, t.Any]] = [{**task, "register": name} for name, task in TASKS.items()]
    for name in ASYNC:
        status = {"jid": "{{ %s.ansible_job_id }}" % name}
        tasks += [
            {
                "ansible.builtin.async_status": status,
                "register": name + "_done",
                "until": "%s_done is finished" % name,
                "retries": 60,
                "delay": 1,
            },
            {"ansible.builtin.async_status": {**status, "mode": "cleanup"}},
        ]
    wanted = [*TASKS, *(name + "_done" for name in ASYNC)]
    content = "{{ {%s} | to_json }}" % ", ".join("'%s': %s" % (name, name) for name in wanted)
    keep = {"content": content, "dest": str(folder) + "/{{ inventory_hostname }}.json", "mode": "0600"}
    local = {"ansible_connection": "local", "ansible_python_interpreter": playing.LOCAL["ansible_python_interpreter"]}
    tasks.append({"ansible.builtin.copy": keep, "delegate_to": "localhost", "become": False, "vars": local})
    return [{"hosts": "all", "gather_facts": False, "tasks": tasks}]


@pytest.fixture(scope="module")
def results(server: sshd.Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, t.Any]]:
    """Return what each task returned on each host: {host: {task: result}}."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "results").mkdir()
    users = {"root": "root", "admin": server.admin.name, "plain": server.plain.name}
    pythons = {"root": playing.LOCAL["ansible_python_interpreter"]}
    pythons.update(admin=server.admin.python(), plain=server.plain.python())
    hosts = {}
    for name, (how, pipelined, become) in WAYS.items():
        own: dict[str, t.Any] = {"ansible_pipelining": pipelined, "ansible_become": become}
        if how == "local":
            own.update(
                playing.LOCAL,
                ansible_remote_tmp=str(server.remote(name) / "tmp"),
                ansible_async_dir=str(server.remote(name) / "async"),
            )
        else:
            own = server.host(users[how], tag=name, ansible_python_interpreter=pythons[how], **own)
        hosts[name] = own
    (folder / "book.yml").write_text(yaml.safe_dump(book(folder / "results"), sort_keys=False), encoding="utf-8")
    before = kernel_objects.ours()
    played = playing.ansible("ansible-playbook", "-i", playing.hosts(folder, **hosts), "book.yml", folder=folder)
    assert played.code == 0, played.out
    assert played.recap == dict.fromkeys(WAYS, "ok")
    assert kernel_objects.left_of(kernel_objects.ours() - before) == frozenset()
    assert server.left_processes() == {}
    assert server.left_files() == []
    return {name: json.loads((folder / "results" / (name + ".json")).read_text(encoding="utf-8")) for name in WAYS}


def tier(way: str) -> int:
    """Return the tier that a host of WAYS has."""
    return 1 if WAYS[way][0] == "plain" else 3


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("task", "seconds"), [("collected", 1), ("polled", 1), ("begun_done", 2)])
def test_collects(results: dict[str, dict[str, t.Any]], way: str, task: str, seconds: int) -> None:
    result = results[way][task]
    assert (result["changed"], result.get("failed", False)) == (False, False)
    assert "plan" not in result
    record = result["record"]
    assert (record["schema"], record["capability"]["tier"]) == ("ebpf.fleet.record/1", tier(way))
    assert [one["collector"] for one in record["results"]] == NATIVE
    assert {(one["tier"], one["status"] in ("ok", "idle")) for one in record["results"]} == {(tier(way), True)}
    assert record["window"]["requested"] == seconds
    assert record["window"]["seconds"] == pytest.approx(seconds, abs=0.2)


@pytest.mark.parametrize("way", WAYS)
def test_check_mode_returns_the_plan_at_once(results: dict[str, dict[str, t.Any]], way: str) -> None:
    result = results[way]["planned"]
    assert result["changed"] is False
    record = result["record"]
    assert (record["results"], record["window"], record["cost"]) == ([], None, None)
    assert record["capability"]["tier"] == tier(way)
    assert [one["collector"] for one in result["plan"]] == NATIVE
    for one in result["plan"]:
        assert one["tiers"][0] == tier(way)
        assert {passed["tier"] for passed in one["passed"]} | set(one["tiers"]) == {1, 2, 3}
        assert all(passed["reason"]["message"] for passed in one["passed"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("task", ["assessed", "assessed_in_check_mode", "assessment_begun_done"])
def test_assesses(results: dict[str, dict[str, t.Any]], way: str, task: str) -> None:
    result = results[way][task]
    assert (result["changed"], result.get("failed", False)) == (False, False)
    facts = result["ansible_facts"]["ebpf"]
    assert (facts["tier"], facts["privilege"]["euid"] == 0) == (tier(way), tier(way) == 3)
    assert bool(facts["unseen"]) == (tier(way) == 1), "it says what it could not see without root"
    assert (facts["proof"]["state"] == "met") == (tier(way) == 3)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("task", ["collected", "planned", "assessed"])
def test_returns_what_is_documented(results: dict[str, dict[str, t.Any]], way: str, task: str) -> None:
    module = next(name for name in TASKS[task] if name.startswith("ebpf."))
    assert returned.differences(documented(module), results[way][task]) == []


def documented(module: str) -> dict[str, t.Any]:
    """Return a module's RETURN."""
    text = (playing.CHECKOUT / "plugins" / "modules" / (module.rpartition(".")[2] + ".py")).read_text(encoding="utf-8")
    beside = (playing.CHECKOUT / "plugins" / "modules" / module.rpartition(".")[2]).with_suffix(".yml")
    if beside.exists():  # a module that travels to every host has its documentation beside it
        return t.cast("dict[str, t.Any]", yaml.safe_load(beside.read_text(encoding="utf-8"))["RETURN"])
    built = text.partition('RETURN = r"""')[2].partition('"""')[0]
    return t.cast("dict[str, t.Any]", yaml.safe_load(built))


def test_all_of_the_plan_is_documented(results: dict[str, dict[str, t.Any]]) -> None:
    assert "plan" in documented("ebpf.fleet.collect")
    assert {key for one in results["ssh-copied"]["planned"]["plan"] for key in one} == set(
        documented("ebpf.fleet.collect")["plan"]["contains"]
    )


def test_ad_hoc(server: sshd.Server, tmp_path: pathlib.Path) -> None:
    python = playing.LOCAL["ansible_python_interpreter"]
    source = playing.hosts(tmp_path, web=server.host(tag="adhoc", ansible_python_interpreter=python))
    result = playing.ask(tmp_path, source, "web", "collect", duration=1, collectors=["execsnoop", "execsnoop"])
    (found,) = result["record"]["results"]
    assert (found["collector"], found["tier"]) == ("execsnoop", 3)
    assert playing.ask(tmp_path, source, "web", "capability_facts")["ansible_facts"]["ebpf"]["tier"] == 3
    assert server.left_files() == []
