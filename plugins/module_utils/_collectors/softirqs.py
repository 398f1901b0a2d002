# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""softirqs: how long do soft interrupts keep a CPU?"""

from __future__ import annotations

import functools
import re

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _decode, _per_cpu
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_sections import TABLE_SIZE, labelled
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, shared
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, histogram, series
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import softirqs as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

# softirq_to_name[] of kernel/softirq.c, in lower case as bcc has them.
VECTORS = ("hi", "timer", "net_tx", "net_rx", "block", "irq_poll", "tasklet", "sched", "hrtimer", "rcu")

# --- tier 3 -----------------------------------------------------------------------------------------------------------


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one distribution for each vector that was handled."""
    found: list[Row] = []
    for number in range(maps["hists"].max_entries):
        name = VECTORS[number] if number < len(VECTORS) else "vector %d" % number
        found.append(_decode.series(maps.per_cpu("hists", number), {"vector": name}))
    return histogram([row for row in found if row["count"]], limits, lost=maps.variable("lost"))


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Tracing soft irq event time"


def parse(text: str, _elapsed: float, limits: Limits, room: int | None = TABLE_SIZE) -> Answer:
    """Read the histograms that bcc's softirqs -d prints at its end, in microseconds."""
    return labelled(text_after(text, _READY), "softirq", "vector", _name, limits, room)


def _name(value: str) -> str:
    return clean(value.strip(), 32)


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_SOFTIRQS = "/proc/softirqs"
_NOTE = "how often, and not how long: the kernel does not add up the time of soft interrupts by vector"
_NAME = re.compile(r"[A-Z0-9_]{1,32}")


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract the counters of each vector."""
    first, last = (_per_cpu.table(text) for text in both(_SOFTIRQS, before, after))
    if not last or not all(_NAME.fullmatch(name) for name in last):
        raise ValueError("%s does not name vectors" % _SOFTIRQS)
    cpus, notes = shared(_per_cpu.cpus(first), _per_cpu.cpus(last))
    grown = {name: _per_cpu.grown(first.get(name), line, cpus) for name, line in last.items()}
    rows = [series({"vector": name.lower()}, count, None, None) for name, count in grown.items() if count]
    return histogram(rows, limits, notes=(_NOTE, *notes))


_COMMAND = Command(tool="softirqs", args=("-d",), ready=_READY, parse=parse)

COLLECTOR = Collector(
    name="softirqs",
    category="cpu",
    question="How long do soft interrupts keep a CPU?",
    kind="histogram",
    unit="us",
    native=Native(program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND._replace(parse=functools.partial(parse, room=None)),
    procfs=Procfs(files=(_SOFTIRQS,), difference=difference),
)
