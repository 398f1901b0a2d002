# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that Ansible sends to a host for a module, caught as it is sent."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t


class Payload:
    """A module with its arguments, ready to be run as a host would run it."""

    def __init__(self, folder: pathlib.Path, module: str, arguments: str = "") -> None:
        """Let Ansible run the module once and keep what it sent, below `folder`."""
        sent = folder / module
        environment = {**os.environ, "ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_REMOTE_TMP": str(sent)}
        subprocess.run(
            [
                "ansible", "bench", "-i", "bench,", "-c", "local", "-m", module, "-a", arguments,
                "-e", "ansible_python_interpreter=" + sys.executable,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            env=environment,
        )  # fmt: skip
        (self.path,) = sent.glob("*/AnsiballZ_*.py")

    @property
    def size(self) -> int:
        """Bytes on the wire, before SSH's own compression."""
        return self.path.stat().st_size

    def _run(self) -> tuple[str, int]:
        """Run it; return what it printed and the peak of its resident memory in KiB."""
        process = subprocess.Popen([sys.executable, str(self.path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = process.stdout.read()
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, said
        return said, usage.ru_maxrss

    def peak_kib(self) -> int:
        """Run it; return the peak of its resident memory in KiB."""
        return self._run()[1]

    def record(self) -> dict[str, t.Any]:
        """Run it; return the record in its result."""
        return t.cast("dict[str, t.Any]", json.loads(self._run()[0])["record"])
