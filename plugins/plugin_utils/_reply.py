# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came back from a host, told apart: an answer of our module, or the reason why there is none. Pure."""

from __future__ import annotations

import re
import signal
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line, sentence

Reply = t.Mapping[str, t.Any]

_BECOME = re.compile(r"become|privilege escalation", re.IGNORECASE)
_CRASH = re.compile(r"^Traceback \(most recent call last\)", re.MULTILINE)
_NO_PYTHON = re.compile(
    r"(?:python[0-9.]*|interpreter)['\"]?(?:: | was )(?:No such file or directory|not found|command not found)",
    re.IGNORECASE,
)


class Trouble(t.NamedTuple):
    """Why a host gave no answer. `become` says whether becoming another user may be the reason."""

    outcome: str  # failed, unreachable
    message: str
    become: bool


def spoke(reply: Reply) -> bool:
    """Whether our module itself answered: Ansible adds `module_stdout` where it could not read the answer as JSON."""
    return "module_stdout" not in reply and not reply.get("unreachable")


def of_silence(reply: Reply) -> Trouble:
    """Return the trouble of a reply that is not our module's: no Python, a crash, a shell's or sudo's complaint."""
    if reply.get("unreachable"):
        return Trouble("unreachable", sentence(reply.get("msg") or "the host could not be reached", 2000), False)
    output = "\n".join(str(reply.get(key) or "") for key in ("module_stdout", "module_stderr", "exception"))
    crashed = bool(_CRASH.search(output))
    killer = _killer(reply.get("rc"))
    last = next((line for line in reversed(_lines(reply)) if line.strip()), "")
    no_python = next((line for line in [*output.splitlines(), str(reply.get("msg"))] if _NO_PYTHON.search(line)), None)
    if no_python is not None:
        message = (
            "No Python was found on the host (%s): install Python 3.8 or newer there, or set ansible_python_interpreter."
            % (one_line(no_python, 300))
        )
    elif crashed:
        message = "The module crashed on the host: %s" % one_line(last, 1500)
    elif killer is not None:
        message = (
            "The module was killed on the host by %s: the host's log may say why, for example that memory ran out"
            % killer
        )
    else:
        message = "The host's answer is not the module's: %s" % one_line(
            last or reply.get("msg") or "it is empty", 1500
        )
    return Trouble("failed", sentence(message, 2000), not crashed and killer is None)


def of_error(error: BaseException, unreachable: bool) -> Trouble:
    """Return the trouble of an exception that Ansible raised on the way to the host."""
    text = str(error)
    become = bool(_BECOME.search(text)) or not unreachable
    return Trouble("unreachable" if unreachable else "failed", sentence(text or type(error).__name__, 2000), become)


def failure_of(reply: Reply) -> str | None:
    """Return why our module says that it failed, None when it does not."""
    if not reply.get("failed"):
        return None
    return sentence(reply.get("msg") or "the module failed without a message", 2000)


def _killer(code: t.Any) -> str | None:
    """Return the signal that ended the module: a shell's exit code is then 128 and the signal's number."""
    try:
        return signal.Signals(code - 128).name if isinstance(code, int) else None
    except ValueError:
        return None


def _lines(reply: Reply) -> list[str]:
    for key in ("module_stderr", "module_stdout"):
        text = str(reply.get(key) or "")[-20000:]
        lines = [
            line
            for line in text.splitlines()
            if line.strip() and not line.startswith(("Shared connection to", "Connection to"))
        ]
        if lines:
            return lines
    return []
