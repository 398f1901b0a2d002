# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print what the collection costs, as ratios from one run. Nothing is judged here: read the figures.

make bench
"""

from __future__ import annotations

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t

import logins
import reporting
from payload import Payload

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
COLLECTIONS = CHECKOUT / ".cache" / "collections"
ROUNDS = 15
PAUSE = 0.1  # longer than the grace period that follows a detachment, so that no side pays for the one before

# Loads and attaches one program by the light loader in a fresh process, and prints the milliseconds.
_LIGHT = """
import importlib, sys, time
sys.path.insert(0, sys.argv[1])
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import light
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import by_name
spec = by_name(sys.argv[2]).native
begun = time.perf_counter()
loaded = light.load(spec.program)
loaded.attach(spec.targets() if spec.targets else None)
print((time.perf_counter() - begun) * 1e3)
"""


def milliseconds(*command: str) -> float:
    """Run a command that prints milliseconds."""
    time.sleep(PAUSE)
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def row(*cells: object) -> None:
    """Print a line of a table."""
    print("  ".join(str(cell).rjust(width) for cell, width in zip(cells, (22, *[14] * (len(cells) - 1)))), flush=True)


def loading(folder: pathlib.Path) -> None:
    """Load and attach: the light loader from Python against libbpf from C, in pairs."""
    from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import libbpf
    from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import every

    rival = folder / "libbpf_load"
    subprocess.run(["gcc", "-O2", "-o", str(rival), str(HERE / "libbpf_load.c"), "-lbpf"], check=True)
    print("\nLoad and attach, milliseconds, median of %d pairs" % ROUNDS)
    row("collector", "light", "libbpf in C", "ratio")
    for collector in every():
        if collector.native is None:
            continue
        if collector.native.targets is not None:
            row(collector.name, "", "cannot attach", "")  # it knows no more than the object's sections say
            continue
        obj = folder / (collector.name + ".o")
        obj.write_bytes(libbpf.unpack(collector.native.program))
        ours = [sys.executable, "-c", _LIGHT, str(COLLECTIONS), collector.name]
        if subprocess.run(ours, check=False, capture_output=True).returncode:
            row(collector.name, "refused here", "", "")
            continue
        pairs = [(milliseconds(*ours), milliseconds(str(rival), str(obj))) for _ in range(ROUNDS)]
        light, native = (statistics.median(side) for side in zip(*pairs))
        ratio = statistics.median(one / other for one, other in pairs)
        row(collector.name, "%.2f" % light, "%.2f" % native, "%.2f" % ratio)


def memory(payloads: dict[str, Payload]) -> None:
    """Peak memory of the process on the host, and what the kernel holds for us."""
    ping, collect = (statistics.median(p.peak_kib() for _ in range(5)) for p in payloads.values())
    print("\nPeak memory of the host's process, KiB, median of 5")
    row("ping", "collect", "difference", "MiB")
    row("%.0f" % ping, "%.0f" % collect, "%.0f" % (collect - ping), "%.2f" % ((collect - ping) / 1024))
    print("\nKernel memory of each collector, KiB")
    row("collector", "maps", "programs", "all")
    for result in payloads["collect"].record()["results"]:
        cost = result["cost"]
        sizes = [cost["map_bytes"] / 1024, cost["program_bytes"] / 1024]
        row(result["collector"], *("%.0f" % size for size in [*sizes, sum(sizes)]))


def sizes(payloads: dict[str, Payload]) -> None:
    """What is sent to a host."""
    ping, collect = (payload.size for payload in payloads.values())
    print("\nPayload as sent to a host, KiB")
    row("ping", "collect", "difference", "ratio")
    row(
        "%.1f" % (ping / 1024), "%.1f" % (collect / 1024), "%.1f" % ((collect - ping) / 1024), "%.2f" % (collect / ping)
    )


def playbook(folder: pathlib.Path, *arguments: str) -> float:
    """Return the seconds that a playbook takes for this machine."""
    begun = time.monotonic()
    inventory = ["-i", "bench,", "-c", "local", "-e", "ansible_python_interpreter=" + sys.executable]
    subprocess.run(["ansible-playbook", *inventory, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begun


def surveying(folder: pathlib.Path, window: int = 2, rounds: int = 7) -> None:
    """A survey beyond its window against a playbook of one ping."""
    ping = folder / "ping.yml"
    ping.write_text("- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.ping:\n", encoding="ascii")
    survey = [
        "ebpf.fleet.survey",
        "-e",
        "survey_duration=%d" % window,
        "-e",
        "survey_report_dir=%s" % (folder / "reports"),
    ]
    pairs = [(playbook(folder, *survey) - window, playbook(folder, str(ping))) for _ in range(rounds)]
    ours, theirs = (statistics.median(side) for side in zip(*pairs))
    print("\nSurvey of one host beyond its window, seconds, median of %d pairs" % rounds)
    row("survey - window", "ping playbook", "ratio")
    row("%.2f" % ours, "%.2f" % theirs, "%.2f" % statistics.median(a / b for a, b in pairs))


def main(chosen: t.Sequence[str]) -> None:
    """Print the figures; `chosen` names some of them."""
    parts: dict[str, t.Callable[[], None]]
    sys.path.insert(0, str(COLLECTIONS))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        payloads = {
            "ping": Payload(folder, "ansible.builtin.ping"),
            "collect": Payload(folder, "ebpf.fleet.collect", "duration=1"),
        }
        parts = {
            "loading": lambda: loading(folder),
            "memory": lambda: memory(payloads),
            "sizes": lambda: sizes(payloads),
            "surveying": lambda: surveying(folder),
            "reporting": lambda: reporting.main(folder, row),
            "logins": logins.main,
        }
        for part in chosen or parts:
            parts[part]()


if __name__ == "__main__":
    print(
        json.dumps({"python": sys.version.split()[0], "kernel": pathlib.Path("/proc/version").read_text().split()[2]})
    )
    main(sys.argv[1:])
