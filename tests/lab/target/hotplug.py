# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a guest: collect while a CPU goes offline and comes back.

    hotplug.py               prints {case: {"native": results, "proc": results, "kernel": {counter: by}, "seconds"}}
    hotplug.py TIER          collects once at a tier, and prints the results

In each case natively and from /proc at the same time, while RUNS times each a program is started and a file is looked for that
is not there, on the first CPU, and on the last one as long as it is online. `kernel` is how far the kernel's own counters have
grown meanwhile, over all CPUs that are possible; `seconds`, for how long.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors, _survey
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import ONLINE, cpus
from ansible_collections.ebpf.fleet.plugins.module_utils._text import first_line

SECONDS, RUNS = 4, 10
PATH = "/nonesuch/hotplug"
LAST = 1
SWITCH = "/sys/devices/system/cpu/cpu%d/online" % LAST
# Whether the CPU is online when the window opens, and what becomes of it then.
CASES: dict[str, tuple[bool, tuple[bool, ...]]] = {
    "goes": (True, (False,)),
    "comes": (False, (True,)),
    "goes and comes back": (True, (False, True)),
    "is not there": (False, ()),
}
# Left out: it takes the kernel most of a second to detach its uprobes.
NATIVE = [name for name in _collectors.PROFILE if name != "gethostlatency"]
PROC = ["cpudist", "cpustat", "execsnoop", "hardirqs", "netstat", "runqlat", "skbdrop", "softirqs", "switches"]


def collect(tier: str) -> None:
    """Collect, and say when the window opens."""
    options = {name: spec.get("default") for name, spec in _survey.argument_spec().items()}
    options.update(duration=SECONDS, collectors=NATIVE if tier == "auto" else PROC, tier=tier, max_items=10000)
    survey = _survey.Survey(_survey.settings(options))
    message = survey.run(lambda: print("attached", flush=True))
    print(json.dumps({"message": message, "results": survey.record["results"]}))


def counters() -> dict[str, int]:
    """Return what the kernel has counted on all CPUs that are possible."""
    with open("/proc/stat", encoding="ascii") as file:
        rows = {words[0]: words[1:] for words in map(str.split, file)}
    return {name: int(rows[name][0]) for name in ("ctxt", "intr", "softirq", "processes")}


def switch(online: bool) -> None:
    """Bring the last CPU online, or take it away."""
    if (LAST in cpus(first_line(ONLINE) or "")) != online:
        with open(SWITCH, "w", encoding="ascii") as file:
            file.write(str(int(online)))


def work() -> int:
    """Do a known number of things on each of the two CPUs that is online; return on how many."""
    there = {0, LAST} & set(cpus(first_line(ONLINE) or ""))
    for cpu in there:
        os.sched_setaffinity(0, {cpu})
        for _ in range(RUNS):
            subprocess.run(["/bin/true"], check=True)
            with contextlib.suppress(FileNotFoundError):
                os.open(PATH, os.O_RDONLY)
    os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))
    return len(there)


def case(first: bool, then: t.Sequence[bool]) -> dict[str, t.Any]:
    """Let one case happen."""
    switch(first)
    begun, before = time.monotonic(), counters()
    running = [
        subprocess.Popen([sys.executable, "-B", __file__, tier], stdout=subprocess.PIPE, text=True)
        for tier in ("auto", "1")
    ]
    outputs = [one.stdout for one in running if one.stdout is not None]
    for output in outputs:
        assert output.readline() == "attached\n"
    time.sleep(0.2)
    worked = work()
    for online in then:
        time.sleep(0.3)
        switch(online)
        worked += work()
    native, proc = (json.loads(output.read()) for output in outputs)
    assert (native["message"], proc["message"]) == (None, None)
    after = counters()
    return {
        "worked": worked * RUNS,
        "native": {one["collector"]: one for one in native["results"]},
        "proc": {one["collector"]: one for one in proc["results"]},
        "kernel": {name: after[name] - before[name] for name in after},
        "seconds": time.monotonic() - begun,
    }


def main() -> int:
    """Try all cases."""
    if sys.argv[1:]:
        collect(sys.argv[1])
        return 0
    try:
        found = {name: case(*what) for name, what in CASES.items()}
    finally:
        switch(True)
    print(json.dumps({"possible": first_line("/sys/devices/system/cpu/possible"), "cases": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
