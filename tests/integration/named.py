# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of the tests' own making that run under a name of their own, so that what they do can be told from all else."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import traceback
import typing as t


def fork(name: bytes, work: t.Callable[[], t.Any]) -> int:
    """Start a child that takes a name (15 bytes, any but NUL), does its work and exits with 0; return its process id."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            faulthandler.disable()
            call_me(name)
            work()
            status = 0
        except BaseException:  # noqa: BLE001 -- whatever it is, the child must not go on as a second pytest
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(status)
    return pid


def call_me(name: bytes) -> None:
    """Give this process a name."""
    with open("/proc/self/comm", "wb") as comm:
        comm.write(name)


def run(name: bytes, work: t.Callable[[], t.Any]) -> int:
    """Run a child to its end; return its status as wait(2) has it."""
    return os.waitpid(fork(name, work), 0)[1]


def kill(pid: int) -> None:
    """End a child."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
