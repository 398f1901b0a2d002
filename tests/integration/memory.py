# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A memory cgroup of a test's own, of either version, and the kernel's counts."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import time

_FIRST, _SECOND = pathlib.Path("/sys/fs/cgroup/memory"), pathlib.Path("/sys/fs/cgroup")


class Limited:
    """A cgroup with a limit; `close` removes it."""

    def __init__(self, tag: str, limit: int) -> None:
        """`limit` is in bytes."""
        self._second = (_SECOND / "cgroup.controllers").exists()
        self._folder = (_SECOND if self._second else _FIRST) / ("ebpffleet-" + tag)
        if self._second:
            (_SECOND / "cgroup.subtree_control").write_text("+memory", encoding="ascii")
        self._folder.mkdir()
        self._write("memory.max" if self._second else "memory.limit_in_bytes", str(limit))
        if self._second:
            self._write("memory.swap.max", "0", missing=True)

    def _write(self, name: str, value: str, missing: bool = False) -> None:
        if not missing or (self._folder / name).exists():
            (self._folder / name).write_text(value, encoding="ascii")

    def failed_charges(self) -> int:
        """Return how often the limit was hit."""
        if self._second:
            text = (self._folder / "memory.events").read_text(encoding="ascii")
            return int(dict(line.split() for line in text.splitlines())["max"])
        return int((self._folder / "memory.failcnt").read_text(encoding="ascii"))

    def python(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program within."""
        enter = "import os; open(%r, 'w').write(str(os.getpid()))\n" % str(self._folder / "cgroup.procs")
        command = [sys.executable, "-c", enter + program, *arguments]
        return subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        """Remove it, when the last process in it has gone."""
        deadline = time.monotonic() + 10
        while True:
            try:
                os.rmdir(self._folder)
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def vmstat(*names: str) -> list[int]:
    """Return counters of /proc/vmstat."""
    text = pathlib.Path("/proc/vmstat").read_text(encoding="ascii")
    found = dict(line.split() for line in text.splitlines())
    return [int(found[name]) for name in names]
