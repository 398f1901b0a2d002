# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""hardirqs: how long do the handlers of devices' interrupts keep a CPU?"""

from __future__ import annotations

import functools
import re

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _decode, _per_cpu
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_sections import TABLE_SIZE, labelled
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, shared
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import histogram, series
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import hardirqs as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

_NAME_MAX = 31  # bytes of a handler's name that tiers 3 and 2 keep
_SCOPE_NOTE = (
    "interrupts of devices; those without a handler of their own (timer ticks, calls between CPUs) are not in it"
)

# --- tier 3 -----------------------------------------------------------------------------------------------------------


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one distribution for each handler."""
    rows = [_decode.series([raw], {"handler": c_string(key)}) for key, raw in maps.items("hists")]
    return histogram(rows, limits, lost=maps.variable("lost"), notes=(_SCOPE_NOTE,))


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Tracing hard irq event time"


def parse(text: str, _elapsed: float, limits: Limits, room: int | None = TABLE_SIZE) -> Answer:
    """Read the histograms that bcc's hardirqs -d prints at its end, in microseconds."""
    answer = labelled(text_after(text, _READY), "hardirq", "handler", _name, limits, room)
    return answer._replace(notes=(*answer.notes, _SCOPE_NOTE))


def _name(value: str) -> str:
    """Return the name in a section's value: old versions print Python's form of it, b'eth0'."""
    quoted = re.fullmatch(r"b(['\"])(.*)\1", value)
    return clean(quoted.group(2) if quoted else value.rstrip("\0 "), 64)


# --- tier 1 -----------------------------------------------------------------------------------------------------------

_INTERRUPTS = "/proc/interrupts"
_NOTE = "how often a line was raised, and not how long it took: a line that several handlers share is theirs together"
# Two spaces stand before the handlers, whatever the chip's name and its trigger are: show_interrupts() of kernel/irq/proc.c.
_HANDLERS = re.compile(r".*\s\s(\S.*)")


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract the counters of each numbered line, and add up those with the same handlers."""
    first, last = (_per_cpu.table(text) for text in both(_INTERRUPTS, before, after))
    cpus, notes = shared(_per_cpu.cpus(first), _per_cpu.cpus(last))
    counts: dict[str, int] = {}
    for number, line in last.items():
        earlier = first.get(number)
        grown = _per_cpu.grown(earlier if earlier is not None and earlier.text == line.text else None, line, cpus)
        if number.isdigit() and grown:
            name = handlers(number, line.text)
            counts[name] = counts.get(name, 0) + grown
    rows = [series({"handler": name}, count, None, None) for name, count in counts.items()]
    return histogram(rows, limits, notes=(_NOTE, _SCOPE_NOTE, *notes))


def handlers(number: str, text: str) -> str:
    """Return the names at a line's end, cut as those of the other tiers are; "irq N" where they cannot be told.

    >>> handlers("36", "PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0")
    'virtio1-req.0'
    """
    match = _HANDLERS.fullmatch(text)
    if not match:
        return "irq %s" % number
    raws = [name.encode("utf-8", "surrogateescape")[:_NAME_MAX] for name in match.group(1).split(", ")]
    return clean(b", ".join(raws), 200)


_COMMAND = Command(tool="hardirqs", args=("-d",), ready=_READY, parse=parse)

COLLECTOR = Collector(
    name="hardirqs",
    category="cpu",
    question="How long do the handlers of devices' interrupts keep a CPU?",
    kind="histogram",
    unit="us",
    native=Native(program=program, read=read),
    bcc=_COMMAND,
    libbpf_tools=_COMMAND._replace(parse=functools.partial(parse, room=None)),
    procfs=Procfs(files=(_INTERRUPTS,), difference=difference),
)
