# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a guest: collect again and again in one process, and say after each time what it holds.

    repeat.py TIMES COLLECTOR...    prints {"descriptors", "resident_kib": a number for each time,
                                            "kernel_kib": [before the first, after the last],
                                            "answered": [[tier, status], ..] of all results, "loaders": [..],
                                            "objects": what bpf(2) lists that was not there before}

Each time is a whole visit as the module makes it: assess, prove, plan, start, window (shorter than the option allows), read,
close. The process is the same all the time and still runs at the end, so that what it does not give back adds up.
`kernel_kib` is what the kernel has for programs and maps, of everybody: VmallocUsed and Percpu of /proc/meminfo, read when
the kernel has freed what was closed, which takes it some time.
"""

from __future__ import annotations

import json
import os
import sys
import time

import kernel_objects
from ansible_collections.ebpf.fleet.plugins.module_utils import _survey

WINDOW_SECONDS = 0.05
SETTLED_SECONDS = 20
FREED_SECONDS = 3


def resident_kib() -> int:
    """Return what is resident of this process now: proc_pid_statm(5)."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def settled_kib() -> int:
    """Return the sum of VmallocUsed and Percpu: BPF programs and hash maps are in the one, per-CPU maps in the other."""
    time.sleep(FREED_SECONDS)
    with open("/proc/meminfo", encoding="ascii") as file:
        fields = dict(line.split(":") for line in file)
    return sum(int(fields[name].split()[0]) for name in ("VmallocUsed", "Percpu"))


def main() -> int:
    """Collect."""
    options = {name: spec.get("default") for name, spec in _survey.argument_spec().items()}
    options["collectors"] = sys.argv[2:]
    wanted = _survey.settings(options)._replace(duration=WINDOW_SECONDS)
    _survey.Survey(wanted).run()  # the kernel loads what it has as modules
    kernel = [settled_kib()]
    before = kernel_objects.present()
    rows: dict[str, list[int]] = {"descriptors": [], "resident_kib": []}
    answered, loaders = set(), set()
    for _ in range(int(sys.argv[1])):
        survey = _survey.Survey(wanted)
        trouble = survey.run()
        assert trouble is None, trouble
        for result in survey.record["results"]:
            answered.add((result["tier"], result["status"]))
            loaders.add((result["cost"] or {}).get("loader"))
        rows["descriptors"].append(len(os.listdir("/proc/self/fd")))
        rows["resident_kib"].append(resident_kib())
    end = time.monotonic() + SETTLED_SECONDS
    while kernel_objects.present() - before and time.monotonic() < end:
        time.sleep(0.2)
    left = sorted(kernel_objects.present() - before)
    kernel.append(settled_kib())
    said = {"kernel_kib": kernel, "answered": sorted(answered), "loaders": sorted(loaders, key=str), "objects": left}
    print(json.dumps({**rows, **said}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
