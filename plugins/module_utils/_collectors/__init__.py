# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The registry: every collector's name. A collector's module is imported when it is asked for: a host pays for no other.

Those that are a tool of bcc and nothing else are rows of a table (_tools.py), and part of no profile.
"""

from __future__ import annotations

import importlib

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Collector

# What runs when neither collectors nor a profile are named, in the order of what is asked first.
STANDARD = ("runqlat", "biolatency", "tcpretrans", "execsnoop")

# Of every collector the smallest profile that has it; the larger ones have it, too. In the order in which they are reported.
PROFILE = {
    "runqlat": "quick",
    "biolatency": "quick",
    "tcpretrans": "quick",
    "execsnoop": "quick",
    "biotop": "standard",
    "bitesize": "standard",
    "compactsnoop": "standard",
    "cpudist": "standard",
    "cpustat": "quick",
    "diskstats": "quick",
    "drsnoop": "standard",
    "exitsnoop": "quick",
    "gethostlatency": "deep",
    "hardirqs": "standard",
    "killsnoop": "quick",
    "listendrop": "quick",
    "netdev": "quick",
    "netstat": "quick",
    "numa": "quick",
    "offcputime": "deep",
    "oomkill": "quick",
    "opensnoop": "standard",
    "pagefaults": "deep",
    "pressure": "quick",
    "profile": "deep",
    "reclaim": "quick",
    "runqslower": "quick",
    "skbdrop": "standard",
    "softirqs": "standard",
    "switches": "quick",
    "syscount": "deep",  # it costs on every call
    "tcpconnlat": "quick",
    "tcplife": "standard",
    "tcprtt": "deep",
    "tcpstates": "standard",
    "thp": "quick",
    "throttling": "quick",
    "vfsstat": "deep",
}


def by_name(name: str) -> Collector:
    """Import a collector; ValueError names the nearest right word, or all of them when none is near."""
    if name in PROFILE:
        found: Collector = importlib.import_module("%s.%s" % (__name__, name)).COLLECTOR
        return found
    # Only who asks for one of bcc's tools pays for their table, and only a mistake for what is near.
    from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _tools  # noqa: PLC0415

    if name in _tools.TOOLS:
        return _tools.collector(name)
    import difflib  # noqa: PLC0415

    near = difflib.get_close_matches(name, [*PROFILE, *_tools.TOOLS], n=1)
    there = "there are %s, and %d tools of bcc (docs/tools.md)." % (", ".join(PROFILE), len(_tools.TOOLS))
    raise ValueError("there is no collector named %.60r: %s" % (name, "did you mean %s?" % near[0] if near else there))


def every() -> tuple[Collector, ...]:
    """Import all that have a module of their own."""
    return tuple(by_name(name) for name in PROFILE)


def of_tools() -> tuple[Collector, ...]:
    """Return those that are a tool of bcc and nothing else, which no profile has."""
    from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _tools  # noqa: PLC0415

    return tuple(_tools.collector(name) for name in _tools.TOOLS)
