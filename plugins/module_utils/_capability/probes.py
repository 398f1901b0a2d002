# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""All live probes, in order, on one bench."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._capability import probes_attach, probes_objects
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.bench import Bench
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts, Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.probe import Probe, perform
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing

PROBES: tuple[Probe, ...] = probes_objects.PROBES + probes_attach.PROBES


def run(host: Host, standing: Standing, thorough: bool = True, probes: t.Iterable[Probe] = PROBES) -> list[Facts]:
    """Make the probes; return `capability.probes`. Nothing of them is left in the kernel.

    `thorough` attaches kprobe, uprobe and fentry too, which takes the kernel some 100 ms to undo; without it they are loaded
    and the kernel is asked whether it would attach them.
    """
    bench = Bench(host, standing, thorough)
    try:
        return [perform(probe, bench) for probe in probes]
    finally:
        bench.close()
