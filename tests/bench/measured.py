# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command's wall time, processor time and memory, those of all processes that it started included."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import threading
import time
import typing as t


class Cost(t.NamedTuple):
    """What a command took. `largest_mib` is that of its largest process, `together_mib` of all at once, shared pages once."""

    seconds: float
    cpu_seconds: float
    largest_mib: float
    together_mib: float
    code: int


def run(command: t.Sequence[str], folder: pathlib.Path, watch: bool = False, **environment: str) -> Cost:
    """Run a command in a folder; its output is kept in the folder. `watch` looks at the memory of all its processes."""
    seen = [0.0]
    with open(folder / "output.txt", "wb") as output:
        begun = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, ended, seen))
        if watch:
            watcher.start()
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        if watch:
            watcher.join()
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(seconds, cpu, usage.ru_maxrss / 1024, seen[0], process.returncode)


def _watch(first: int, ended: threading.Event, seen: list[float]) -> None:
    """Keep the largest sum of the proportional memory (PSS) of a process and its descendants."""
    while not ended.wait(0.5):
        seen[0] = max(seen[0], sum(map(_pss_mib, _tree(first))))


def _tree(first: int) -> list[int]:
    """Return a process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(entry.name))
    found = [first]
    for process in found:  # grows while it is walked
        found += children.get(process, [])
    return found


def _pss_mib(process: int) -> float:
    try:
        lines = pathlib.Path("/proc/%d/smaps_rollup" % process).read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
