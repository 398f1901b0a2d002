# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a guest: bring every program of every collector into its kernel by each loader, and attach it.

    measure.py [ROUNDS]    prints one JSON list

Each row: object, loader, attach (the kinds of its sections), ms (lowest of the rounds, load to attached) or null, peak
resident KiB of a process of its own that did it, SHA-256 of the bytes loaded, and the kernel's or verifier's words if
it was refused.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import libbpf, light, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import memlock
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import every
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

LOADERS = {"light": light.load, "libbpf": libbpf.load}


def variants() -> t.Iterator[t.Any]:
    """Yield the native specs of all collectors, in the order in which they are tried."""
    for collector in every():
        spec = collector.native
        while spec is not None:
            yield spec
            spec = spec.instead


def measure(name: str, loader: str, rounds: int) -> dict[str, t.Any]:
    """Return the row of one object and loader."""
    (spec,) = (spec for spec in variants() if name == spec.program.NAME)
    blob, sizes = spec.program, spec.sizes(Limits()) if spec.sizes else None
    row: dict[str, t.Any] = {
        "object": name,
        "loader": loader,
        "attach": "+".join(sorted({section.partition("/")[0] for _program, section in blob.PROGRAMS})),
        "ms": None,
        "sha256": None,
        "refused": None,
    }
    for _round in range(rounds):
        begun = time.perf_counter()
        try:
            loaded = LOADERS[loader](blob, sizes, None)
            loaded.attach(spec.targets() if spec.targets else None)
        except (syscall.BpfError, libbpf.Absent, ValueError) as error:
            row["refused"] = "%s %s" % (error, getattr(error, "log", "")[-1500:])
            break
        taken = (time.perf_counter() - begun) * 1e3
        row["ms"] = round(min(taken, row["ms"] or taken), 3)
        row["sha256"] = loaded.sha256
        loaded.close()
    row["peak_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return row


def main() -> int:
    """Measure each in a process of its own."""
    if len(sys.argv) > 2:
        memlock.lift()
        print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
        return 0
    rounds = sys.argv[1] if len(sys.argv) > 1 else "1"
    rows = []
    for name in [spec.program.NAME for spec in variants()]:
        for loader in LOADERS:
            command = [sys.executable, os.path.abspath(__file__), name, loader, rounds]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            rows.append(json.loads(done.stdout))
    print(json.dumps(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
