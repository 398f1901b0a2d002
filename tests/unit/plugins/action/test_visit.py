# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A visit never fails the play: whatever happens, there is a record and an outcome."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files

from .conftest import AnsibleActionFail, Play, sent

try:
    from ansible._internal._errors._task_timeout import TaskTimeoutError

    TIMEOUT: BaseException = TaskTimeoutError(7)
except ImportError:  # ansible-core 2.18
    from ansible.executor.task_executor import TaskTimeoutError

    TIMEOUT = TaskTimeoutError()


@pytest.mark.parametrize(
    ("answer", "outcome", "part"),
    [
        ({"changed": False, "record": sent("tier3")}, "ok", None),
        ({"changed": False, "record": sent("tier1")}, "ok", None),
        ({"changed": False, "record": sent("tier2")}, "partial", "execsnoop failed: it had not attached after 30 s"),
        (
            {"failed": True, "msg": "the collection ended early", "record": sent("tier3")},
            "partial",
            "the collection ended early",
        ),
        ({"failed": True, "msg": "no tier 3", "record": {**sent("tier3"), "results": []}}, "failed", "no tier 3"),
        ({"failed": True, "msg": "duration must be from 1 to 3600"}, "failed", "duration must be from 1 to 3600"),
        ({"changed": False}, "failed", "The host sent no record"),
        ({"changed": False, "record": "x"}, "failed", "its answer is of type str"),
        (
            {"changed": False, "record": {"schema": "ebpf.fleet.record/7"}},
            "failed",
            "ebpf.fleet.record/7, and this ebpf.fleet reads",
        ),
        ({"changed": False, "record": {**sent("tier3"), "x": "y" * (17 << 20)}}, "failed", "more than 16 MiB"),
        ({"changed": False, "record": {**sent("tier3"), "x": float("nan")}}, "failed", "what JSON cannot carry"),
        ({"module_stdout": "", "module_stderr": "/bin/sh: 1: python3: not found"}, "failed", "No Python was found"),
        (
            {"module_stdout": "", "module_stderr": "Traceback (most recent call last):\nMemoryError"},
            "failed",
            "crashed",
        ),
        (AnsibleConnectionFailure("Connection refused"), "unreachable", "Connection refused"),
        (AnsibleError("template is wrong"), "failed", "template is wrong"),
        (RuntimeError("a defect"), "failed", "a defect"),
        (RecursionError("too deep"), "failed", "too deep"),
        (TIMEOUT, "timed_out", "not answered after 7 s"),
    ],
)
def test_whatever_happens_there_is_a_record(play: Play, answer: t.Any, outcome: str, part: str | None) -> None:
    play.run("open_run")
    result = play.run("visit", answer=answer)
    assert result["outcome"] == outcome
    assert not result.get("failed")
    assert not result.get("unreachable")
    stored = play.record("web-01")
    assert (stored["outcome"], stored["host"], stored["fleets"]) == (outcome, "web-01", ["prod"])
    assert stored["message"] == result["message"]
    assert (part is None) == (stored["message"] is None)
    assert part is None or part in stored["message"]
    assert result["record_path"] == str(play.folder / "hosts" / "web-01.json")
    assert result["ansible_facts"]["ebpf"]["outcome"] == outcome
    assert play.printed[-1].startswith("web-01: " + outcome.replace("_", " "))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_who_ends_the_play_ends_it(play: Play, error: BaseException) -> None:
    play.run("open_run")
    with pytest.raises(type(error)):
        play.run("visit", answer=error)
    assert os.listdir(play.folder / "hosts") == []


def test_the_module_gets_what_was_asked(play: Play) -> None:
    play.run("open_run")
    play.run("visit", answer={"record": sent("tier3")}, duration=3, collectors=["runqlat"], tier="1")
    defaults = {"max_items": 200, "max_events": 1000, "max_output": 4194304, "startup_limit": 30}
    assert play.calls == [
        ("ebpf.fleet.collect", {"duration": 3, "collectors": ["runqlat"], "tier": "1", **defaults}, False)
    ]


@pytest.mark.parametrize(
    "first",
    [
        AnsibleError("Missing sudo password"),
        AnsibleConnectionFailure("Timeout (12s) waiting for privilege escalation prompt: "),
        {"module_stdout": "", "module_stderr": "sudo: a password is required"},
        {"module_stdout": "", "module_stderr": "/bin/sh: 1: sudo: not found"},
    ],
)
def test_where_become_fails_the_host_is_visited_without(play: Play, first: t.Any) -> None:
    play.run("open_run")
    result = play.run("visit", answer=[first, {"record": sent("tier1")}], become=True)
    assert [become for _name, _arguments, become in play.calls] == [True, False]
    assert (result["outcome"], result["ansible_facts"]["ebpf"]["tier"]) == ("ok", 1)
    (warning,) = play.record("web-01")["warnings"]
    assert warning.startswith("The host was visited without sudo, which failed: ")


@pytest.mark.parametrize(
    ("answers", "outcome", "part"),
    [
        ([AnsibleError("Missing sudo password"), AnsibleConnectionFailure("gone")], "failed", "Missing sudo password"),
        ([AnsibleConnectionFailure("Connection refused")], "unreachable", "Connection refused"),
        (
            [{"module_stdout": "", "module_stderr": "Traceback (most recent call last):\nKeyError: 1"}],
            "failed",
            "KeyError",
        ),
        ([{"failed": True, "msg": "no tier 3"}], "failed", "no tier 3"),
        ([TIMEOUT], "timed_out", "not answered"),
    ],
)
def test_become_is_given_up_only_where_it_may_be_the_reason(
    play: Play, answers: list[t.Any], outcome: str, part: str
) -> None:
    play.run("open_run")
    number = len(answers)
    result = play.run("visit", answer=answers, become=True)
    assert len(play.calls) == number
    assert result["outcome"] == outcome
    assert part in result["message"]
    assert play.record("web-01")["warnings"] == []


def test_what_was_refused_is_kept_beside(play: Play) -> None:
    play.run("open_run")
    newer = {"schema": "ebpf.fleet.record/2", "more": ["\ud800", "<script>"]}
    play.run("visit", answer={"record": newer})
    assert play.record("web-01.refused") == newer
    assert play.record("web-01")["capability"] is None


def test_a_full_disk_reaches_the_play_and_harms_no_other_record(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    play.run("open_run")
    play.run("visit", "db-01", answer={"record": sent("tier1")})
    before = play.record("db-01")

    def full(_descriptor: int) -> t.NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_files.os, "fsync", full)
    result = play.run("visit", answer={"record": sent("tier3")})
    assert (result["outcome"], result["record_path"]) == ("failed", None)
    assert "its record is lost. Cannot write " in result["message"]
    assert "the disk is full" in result["message"]
    assert result["ansible_facts"]["ebpf"]["outcome"] == "failed"
    assert os.listdir(play.folder / "hosts") == ["db-01.json"]
    assert play.record("db-01") == before


def test_a_timeout_ends_what_was_awaited(play: Play) -> None:
    """Ansible's ssh connection waits for its client in a local variable, and leaves it running."""
    play.run("open_run")
    started: list[subprocess.Popen[bytes]] = []

    def bare_run(*_arguments: t.Any) -> t.NoReturn:
        p = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        started.append(p)
        raise TIMEOUT

    assert play.run("visit", answer=bare_run)["outcome"] == "timed_out"
    assert started[0].wait(timeout=10) == -signal.SIGTERM


def test_a_visit_that_could_not_begin(play: Play) -> None:
    play.run("open_run")
    result = play.run("visit", failure="the connection plugin 'x' was not found")
    assert play.calls == []
    assert (result["outcome"], play.record("web-01")["message"]) == (
        "failed",
        "the connection plugin 'x' was not found",
    )


def test_check_mode_asks_for_the_plan_and_writes_nothing(play: Play) -> None:
    plan = [
        {"collector": "runqlat", "tiers": [3, 1], "passed": []},
        {"collector": "biolatency", "tiers": [], "passed": []},
    ]
    record = {**sent("tier3"), "results": [], "window": None, "cost": None}
    result = play.run("visit", answer={"record": record, "plan": plan}, check=True)
    assert (result["outcome"], result["record_path"], result["plan"]) == ("planned", None, plan)
    assert result["ansible_facts"]["ebpf"]["tier"] == 3
    assert not play.report_dir.exists()
    assert play.printed == ["web-01: planned; tier 3; runqlat by tier 3, then 1; biolatency by tier none"]


def test_of_many_collectors_a_line_has_the_statuses(play: Play) -> None:
    play.run("open_run")
    record = sent("tier3")
    first = record["results"][0]
    record["results"] = [{**first, "collector": "c%d" % n} for n in range(8)]
    play.run("visit", answer={"record": record})
    assert "c7 " in play.printed[-1]
    idle = {**first, "status": "idle", "data": {**first["data"], "count": 0, "series": []}}
    record["results"] += [{**idle, "collector": "i%d" % n} for n in range(3)]
    play.run("visit", answer={"record": record})
    assert play.printed[-1] == "web-01: ok; tier 3; 11 collectors: 8 ok, 3 idle"


def test_wrong_arguments_are_the_playbook_s_fault(play: Play) -> None:
    with pytest.raises(Exception, match="tier"):
        play.run("visit", answer={}, tier="9")
    with pytest.raises(AnsibleActionFail, match="cannot name a folder"):
        play.run("visit", answer={}, run="../x")
    assert play.calls == []
