# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The registry: every collector, in the order in which they are reported."""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Collector
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.biolatency import COLLECTOR as BIOLATENCY
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.biotop import COLLECTOR as BIOTOP
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.bitesize import COLLECTOR as BITESIZE
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.compactsnoop import COLLECTOR as COMPACTSNOOP
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.cpudist import COLLECTOR as CPUDIST
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.drsnoop import COLLECTOR as DRSNOOP
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.execsnoop import COLLECTOR as EXECSNOOP
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.exitsnoop import COLLECTOR as EXITSNOOP
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.hardirqs import COLLECTOR as HARDIRQS
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.killsnoop import COLLECTOR as KILLSNOOP
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.listendrop import COLLECTOR as LISTENDROP
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.oomkill import COLLECTOR as OOMKILL
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.opensnoop import COLLECTOR as OPENSNOOP
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.pagefaults import COLLECTOR as PAGEFAULTS
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.runqlat import COLLECTOR as RUNQLAT
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.runqslower import COLLECTOR as RUNQSLOWER
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.skbdrop import COLLECTOR as SKBDROP
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.softirqs import COLLECTOR as SOFTIRQS
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.syscount import COLLECTOR as SYSCOUNT
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.tcpconnlat import COLLECTOR as TCPCONNLAT
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.tcplife import COLLECTOR as TCPLIFE
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.tcpretrans import COLLECTOR as TCPRETRANS
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.tcprtt import COLLECTOR as TCPRTT
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors.vfsstat import COLLECTOR as VFSSTAT

COLLECTORS: tuple[Collector, ...] = (
    # The standard set, in the order of what is asked first.
    RUNQLAT,
    BIOLATENCY,
    TCPRETRANS,
    EXECSNOOP,
    # On request.
    BIOTOP,
    BITESIZE,
    COMPACTSNOOP,
    CPUDIST,
    DRSNOOP,
    EXITSNOOP,
    HARDIRQS,
    KILLSNOOP,
    LISTENDROP,
    OOMKILL,
    OPENSNOOP,
    PAGEFAULTS,
    RUNQSLOWER,
    SKBDROP,
    SOFTIRQS,
    SYSCOUNT,
    TCPCONNLAT,
    TCPLIFE,
    TCPRTT,
    VFSSTAT,
)


def by_name(name: str) -> Collector:
    """Return a collector; ValueError names the nearest right word, or all of them when none is near."""
    for collector in COLLECTORS:
        if collector.name == name:
            return collector
    import difflib  # noqa: PLC0415  # only a mistake pays for it

    names = [collector.name for collector in COLLECTORS]
    near = difflib.get_close_matches(name, names, n=1)
    hint = "did you mean %s?" % near[0] if near else "there are %s." % ", ".join(names)
    raise ValueError("there is no collector named %.60r: %s" % (name, hint))
