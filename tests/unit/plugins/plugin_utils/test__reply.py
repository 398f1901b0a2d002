# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies of hosts told apart; the texts are those of ansible-core 2.18 to 2.21."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _reply

TRACEBACK = 'Traceback (most recent call last):\n  File "x", line 1\nMemoryError: \x1b[31mno room'


@pytest.mark.parametrize(
    ("reply", "outcome", "part", "become"),
    [
        (
            {"module_stderr": "/bin/sh: 1: /usr/bin/python3: not found\n", "module_stdout": "", "rc": 127, "failed": True, "msg": "x"},
            "failed", "No Python was found on the host (/bin/sh: 1: /usr/bin/python3: not found): install Python 3.8", True,
        ),
        (
            {"module_stderr": "", "module_stdout": "/bin/sh: line 1: /opt/python3.9: No such file or directory\r\n", "msg": "x"},
            "failed", "No Python was found", True,
        ),
        (
            {"module_stderr": "Shared connection to x closed.", "module_stdout": "", "msg": "The interpreter '/x/python3' was not found."},
            "failed", "No Python was found", True,
        ),
        ({"module_stderr": TRACEBACK, "module_stdout": ""}, "failed", "crashed on the host: MemoryError: \ufffd[31mno room.", False),
        ({"module_stderr": "", "module_stdout": TRACEBACK}, "failed", "crashed on the host: MemoryError", False),
        ({"module_stderr": "", "module_stdout": "", "exception": TRACEBACK}, "failed", "crashed", False),
        (
            {"module_stderr": "sudo: a password is required\n", "module_stdout": "", "rc": 1},
            "failed", "The host's answer is not the module's: sudo: a password is required.", True,
        ),
        ({"module_stderr": "/bin/sh: 1: sudo: not found", "module_stdout": ""}, "failed", "sudo: not found", True),
        ({"module_stderr": "", "module_stdout": "Welcome!\nShared connection to x closed."}, "failed", "Welcome!", True),
        ({"module_stderr": "", "module_stdout": ""}, "failed", "it is empty", True),
        ({"module_stderr": "Killed\n", "module_stdout": "", "rc": 137}, "failed", "was killed on the host by SIGKILL: ", False),
        ({"module_stderr": "", "module_stdout": "", "rc": 139}, "failed", "was killed on the host by SIGSEGV: ", False),
        ({"module_stderr": "", "module_stdout": "", "rc": 128}, "failed", "it is empty", True),
        ({"module_stderr": "", "module_stdout": "", "rc": 255}, "failed", "it is empty", True),
        ({"unreachable": True, "msg": "no route"}, "unreachable", "no route.", False),
        ({"unreachable": True, "msg": "reached over ssh: "}, "unreachable", "reached over ssh.", False),
    ],
)  # fmt: skip
def test_silence(reply: dict[str, t.Any], outcome: str, part: str, become: bool) -> None:
    assert not _reply.spoke(reply)
    trouble = _reply.of_silence(reply)
    assert (trouble.outcome, trouble.become) == (outcome, become)
    assert part in trouble.message
    assert "\n" not in trouble.message


def test_a_flood_of_output_is_capped() -> None:
    trouble = _reply.of_silence({"module_stderr": "x" * 10_000_000, "module_stdout": "y\n" * 1_000_000})
    assert len(trouble.message) <= 2000


@pytest.mark.parametrize(
    ("text", "unreachable", "outcome", "become"),
    [
        ("Incorrect sudo password", False, "failed", True),
        ("Missing sudo password", False, "failed", True),
        ("Timeout (12s) waiting for privilege escalation prompt: ", True, "unreachable", True),
        ("Timed out waiting for become success or become password prompt.", True, "unreachable", True),
        ("Failed to connect to the host via ssh: Connection refused", True, "unreachable", False),
    ],
)
def test_errors(text: str, unreachable: bool, outcome: str, become: bool) -> None:
    trouble = _reply.of_error(RuntimeError(text), unreachable)
    assert (trouble.outcome, trouble.become) == (outcome, become)
    assert trouble.message == text.rstrip(" :.") + "."


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        ({"changed": False, "record": {}}, None),
        ({"failed": True, "msg": "there is no collector named 'x'"}, "there is no collector named 'x'."),
        ({"failed": True}, "the module failed without a message."),
    ],
)
def test_the_module_speaks(reply: dict[str, t.Any], failure: str | None) -> None:
    assert _reply.spoke(reply)
    assert _reply.failure_of(reply) == failure
