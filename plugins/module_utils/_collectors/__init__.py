# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The registry: every collector's name. A collector's module is imported when it is asked for: a host pays for no other."""

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
    "drsnoop": "standard",
    "exitsnoop": "quick",
    "gethostlatency": "standard",
    "hardirqs": "standard",
    "killsnoop": "quick",
    "listendrop": "quick",
    "oomkill": "quick",
    "opensnoop": "standard",
    "pagefaults": "deep",
    "runqslower": "quick",
    "skbdrop": "standard",
    "softirqs": "standard",
    "syscount": "deep",  # it costs on every call
    "tcpconnlat": "quick",
    "tcplife": "standard",
    "tcprtt": "deep",
    "tcpstates": "standard",
    "vfsstat": "deep",
}


def by_name(name: str) -> Collector:
    """Import a collector; ValueError names the nearest right word, or all of them when none is near."""
    if name in PROFILE:
        found: Collector = importlib.import_module("%s.%s" % (__name__, name)).COLLECTOR
        return found
    import difflib  # noqa: PLC0415  # only a mistake pays for it

    near = difflib.get_close_matches(name, PROFILE, n=1)
    hint = "did you mean %s?" % near[0] if near else "there are %s." % ", ".join(PROFILE)
    raise ValueError("there is no collector named %.60r: %s" % (name, hint))


def every() -> tuple[Collector, ...]:
    """Import all of them."""
    return tuple(by_name(name) for name in PROFILE)
