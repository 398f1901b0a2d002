# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's usual output, with the progress of a survey instead of a line for each of its hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: stdout
short_description: Ansible's usual output, with the progress of a survey instead of a line for each host
version_added: 0.1.0
author:
  - ebpf.fleet developers (@ebpf-fleet)
description:
  - The output of P(ansible.builtin.default#callback) for everything but the tasks of this collection that run once for each
    host, M(ebpf.fleet.visit) and M(ebpf.fleet.settle). Where these end well, nothing is printed for the host.
  - On a terminal, one line that is written again each second tells how many hosts are done, have failed and are left, and how
    many seconds of the window are left. It disappears at the end.
  - Where the output is no terminal, as in the log of a CI server, there is no such line. A survey that takes long writes a
    plain line now and then, see O(log_interval).
  - The recap of more than 50 hosts names those that failed or were unreachable, and counts the others.
  - With C(-v) every result is printed, as by P(ansible.builtin.default#callback).
extends_documentation_fragment:
  - default_callback
  - result_format_callback
options:
  log_interval:
    description:
      - Where the output is no terminal, at least this number of seconds lies between two lines about the progress; V(0) is for
        none at all.
    type: int
    default: 60
    env:
      - name: EBPF_FLEET_LOG_INTERVAL
    ini:
      - section: ebpf_fleet
        key: log_interval
requirements:
  - set as stdout in configuration
"""

import copy
import os
import shutil
import sys
import threading
import time
import typing as t

from ansible import constants as C  # noqa: N812 -- the name that Ansible gives it
from ansible.plugins.callback.default import CallbackModule as Default
from ansible_collections.ebpf.fleet.plugins.plugin_utils._progress import Progress, outcome_of

_OPEN = "ebpf.fleet.open_run"
_VISIT = "ebpf.fleet.visit"
_SETTLE = "ebpf.fleet.settle"
_CLEAR = "\r\x1b[K"
_TICK = 1.0
_RECAP = 50  # hosts that the recap names


class CallbackModule(Default):
    """Prints as the default does, and counts the visits."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "ebpf.fleet.progress"

    def __init__(self) -> None:
        """Begin with no play."""
        super().__init__()
        self._progress = Progress()
        self._line: Line | None = None
        self._logged = time.monotonic()

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        """Leave the visits of the play before."""
        self._end()
        super().v2_playbook_on_play_start(play)

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        """Leave the visits when another task begins."""
        self._end()
        super().v2_playbook_on_task_start(task, is_conditional)

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        """Begin a visit."""
        if task.action == _VISIT:
            if self._line is None:
                self._line = Line(self._display, self._progress.line)
                self._logged = time.monotonic()
            self._progress.begin(host.get_name(), time.monotonic())
        super().v2_runner_on_start(host, task)

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """Print a result, or count it."""
        task, found = _of(result, "task"), _of(result, "result")
        if task.action == _OPEN and isinstance(found.get("duration"), int):
            self._progress.opened(found["hosts_in_play"], found["duration"])
        if task.action == _VISIT:
            now = time.monotonic()
            self._progress.end(_of(result, "host").get_name(), outcome_of(found), now)
            self._log(now)
        if task.action in (_VISIT, _SETTLE) and not self._display.verbosity:
            self._warn(result, found)
        else:
            super().v2_runner_on_ok(result)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """Leave the visits, and print the recap; of very many hosts only those that are not well."""
        self._end()
        whole = list(stats.processed)
        bad = [host for host in whole if stats.failures.get(host) or stats.dark.get(host)]
        if len(whole) <= _RECAP or self._display.verbosity:
            super().v2_playbook_on_stats(stats)
            return
        shown = copy.copy(stats)
        shown.processed = {host: stats.processed[host] for host in bad}
        super().v2_playbook_on_stats(shown)
        well = len(whole) - len(bad)
        hosts = "host" if well == 1 else "hosts"
        self._display.display("%d %s%s: nothing failed\n" % (well, "other " if bad else "", hosts), color=C.COLOR_OK)

    def _warn(self, result: t.Any, found: t.Any) -> None:
        """Print a result's warnings, as ansible-core's own callbacks do."""
        if hasattr(self, "_handle_warnings_and_exception"):
            self._handle_warnings_and_exception(result)
        else:  # ansible-core 2.18
            self._handle_warnings(found)

    def _log(self, now: float) -> None:
        """Print a plain line, where there is no terminal and it is long since the last one."""
        interval = self.get_option("log_interval")
        if self._line and not self._line.drawn_on_terminal and interval and now - self._logged >= interval:
            self._logged = now
            self._display.display(self._progress.line(now), color=C.COLOR_VERBOSE)

    def _end(self) -> None:
        if self._line:
            self._line.close()
            self._line = None


class Line:
    """A line at the end of a terminal, written again each second, that gives way to whatever else is printed."""

    def __init__(self, display: t.Any, text: t.Callable[[float], str]) -> None:
        """Begin to draw, if there is a terminal to draw on."""
        self.drawn_on_terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._display, self._text = display, text
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._shown = False
        self._ended = threading.Event()
        if self.drawn_on_terminal:
            self._print = display.display
            display.display = self._give_way
            self._ticker = threading.Thread(target=self._tick, name="ebpf.fleet.progress", daemon=True)
            self._ticker.start()

    def close(self) -> None:
        """End it, and leave nothing of it."""
        if self.drawn_on_terminal:
            self._ended.set()
            self._ticker.join()
            self._clear()
            del self._display.display

    def _give_way(self, *arguments: t.Any, **options: t.Any) -> None:
        """Print what somebody else has to say where the line was."""
        if os.getpid() != self._process:  # a worker: what it prints is sent to the process that draws
            self._print(*arguments, **options)
            return
        with self._lock:
            self._clear()
            self._print(*arguments, **options)

    def _clear(self) -> None:
        with self._lock:
            if self._shown:
                self._print(_CLEAR, screen_only=True, newline=False)
                self._shown = False

    def _tick(self) -> None:
        while not self._ended.wait(_TICK):
            width = shutil.get_terminal_size().columns - 1
            with self._lock:
                text = self._text(time.monotonic())[:width]
                self._print(_CLEAR + text, screen_only=True, newline=False)
                self._shown = True


def _of(result: t.Any, name: str) -> t.Any:
    """Return a part of a task's result; ansible-core 2.18 has it under another name."""
    return getattr(result, name) if hasattr(result, name) else getattr(result, "_" + name)
