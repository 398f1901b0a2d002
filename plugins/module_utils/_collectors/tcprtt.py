# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""tcprtt: how long is the way to the peers and back?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _decode
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import log2_histograms
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import histogram, series
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    Answer,
    Collector,
    Command,
    Limits,
    Native,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import tcprtt as program

# --- tier 3 -----------------------------------------------------------------------------------------------------------

SCOPES = ("remote", "loopback")  # as bpf/tcprtt.bpf.c orders them
_SEGMENT_NOTE = (
    "the kernel's smoothed estimate at each segment that arrives, so that busy connections count more than others"
)
_SCOPE_NOTE = "loopback: both ends have the same address, or one of 127.0.0.0/8"


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one distribution of what leaves the host, and one of what does not."""
    rows = [_decode.series(maps.per_cpu("hists", at), {"scope": scope}) for at, scope in enumerate(SCOPES)]
    notes = (_SEGMENT_NOTE, _SCOPE_NOTE)
    return histogram((row for row in rows if row["count"]), limits, maps.variable("lost"), notes)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Tracing TCP RTT"
_TOGETHER_NOTE = "loopback and what leaves the host are together"


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Read the one histogram that bcc's tcprtt prints at its end, in microseconds."""
    # "All Addresses = *******" from 0.21 on, "srtt" and nothing before.
    lines = text_after(text, _READY).splitlines(True)
    body = "".join(line for line in lines if not line.startswith("All Addresses = "))
    rows = [
        series({}, sum(n for _lo, _hi, n in found), None, found)
        for _none, found in log2_histograms(body, "usecs", None)
    ]
    return histogram(rows, limits, notes=(_SEGMENT_NOTE, _TOGETHER_NOTE))


_COMMAND = Command(
    tool="tcprtt", args=(), ready=_READY, parse=parse
)  # of bcc and of libbpf-tools, whose forms are the same

COLLECTOR = Collector(
    name="tcprtt",
    category="network",
    question="How long is the way to the peers and back?",
    kind="histogram",
    unit="us",
    native=Native(program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND,
    procfs=None,  # it tells no connection's times
)
