# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cpustat and switches against a child that burns a second, and one that is switched to and from a known number of times."""

from __future__ import annotations

import os
import pathlib
import resource
import subprocess
import sys

import pytest
from collecting import Collection
from truth import SLOW, truth

# Mostly in user mode: the clock is a system call.
_BURN = "import time\nwhile time.process_time() < 1.0:\n    for _ in range(100000): pass"
FORKS, TURNS = 40, 500


def modes() -> dict[str, int]:
    """Return the first columns of /proc/stat in milliseconds."""
    words = pathlib.Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    return dict(zip(("user", "nice", "system", "idle"), (10 * int(word) for word in words)))


def counter(name: str) -> int:
    """Return the first number of a line of /proc/stat."""
    lines = pathlib.Path("/proc/stat").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + " "))


@truth(
    "cpustat",
    "at least the test's second (emulated: seven tenths of it), at most what the kernel counts around the window",
    tier=1,
)
def test_a_second_of_cpu_time() -> None:
    before = modes()
    collection = Collection(duration=8, collectors=["cpustat"])
    subprocess.run([sys.executable, "-c", _BURN], check=True)
    result = collection.result("cpustat")
    outside = {mode: after - before[mode] for mode, after in modes().items()}  # of more than the window
    assert (result["tier"], result["status"]) == (1, "ok")
    found = {row["labels"]["mode"]: row for row in result["data"]["items"]}
    busy = sum(found[mode]["count"] for mode in ("user", "nice", "system") if mode in found)
    # The kernel counts whole ticks, of which an emulated CPU gets some late, and then not for each that it has missed.
    missed = 0 if SLOW == 1 else 300
    assert 1000 - 50 - missed <= busy <= outside["user"] + outside["nice"] + outside["system"]
    assert found["user"]["count"] >= 900 - missed
    # All of the CPUs' time is in it. A CPU that sleeps is brought up to date a tick late.
    whole = 1000 * result["window"]["seconds"] * (os.cpu_count() or 0)
    assert result["data"]["count"] == pytest.approx(whole, rel=0.08 if SLOW == 1 else 0.3)
    assert sum(row["share"] for row in found.values()) == pytest.approx(1, abs=0.001)


@truth("switches", "at least what the test does (getrusage), at most what the kernel counts around the window", tier=1)
def test_switches_and_forks() -> None:
    before = {name: counter(name) for name in ("ctxt", "processes", "intr")}
    collection = Collection(duration=4, collectors=["switches"])
    for _ in range(FORKS):
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)
    there, back = os.pipe(), os.pipe()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    pid = os.fork()
    if not pid:
        for _ in range(TURNS):
            os.read(there[0], 1)
            os.write(back[1], b"x")
        os._exit(0)
    for _ in range(TURNS):
        os.write(there[1], b"x")
        os.read(back[0], 1)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - own
    os.waitpid(pid, 0)
    for end in (*there, *back):
        os.close(end)
    result = collection.result("switches")
    outside = {name: counter(name) - was for name, was in before.items()}
    found = {row["labels"]["counter"]: row["count"] for row in result["data"]["items"]}
    assert FORKS + 1 <= found["processes"] <= outside["processes"]
    assert max(own, TURNS // 2) <= found["ctxt"] <= outside["ctxt"]
    assert 0 < found["intr"] <= outside["intr"]
