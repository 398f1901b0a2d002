# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""offcputime: what do threads wait for?"""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _stacks
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import unread_note
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import stacks
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    TASKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import offcputime as program

_WHOLE = "waits that began and ended in the window, of 1 us and more; also those of threads that were made to yield"

# --- tier 3 -----------------------------------------------------------------------------------------------------------


def read(maps: Maps, limits: Limits) -> Answer:
    """Return the stacks with their microseconds."""
    seen = [one._replace(amount=one.amount // 1000) for one in _stacks.read(maps, "waits")]
    rows, notes = _stacks.rows(maps, seen)
    return stacks(rows, limits, lost=maps.variable("lost"), notes=(_WHOLE, *notes))


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Tracing off-CPU time"


def parse(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Read the stacks that bcc's offcputime prints at its end, with microseconds."""
    rows, unread, notes = _stacks.parse(text_after(text, _READY), marked=False)
    return stacks(rows, limits, lost=unread, notes=(_WHOLE, *notes, *unread_note(unread)))


_LIBBPF_ARGS = ("--stack-storage-size", "16384")  # not -v, which has addresses, and lets 0.26 crash
_ENTRY_NOTE = "the kernel's frames are taken to end with the function by which it was entered: the tool does not tell"


def parse_libbpf(text: str, _elapsed: float, limits: Limits) -> Answer:
    """Read the stacks that the tool of libbpf-tools prints at its end; up to 0.26 it has no greeting."""
    body = text_after(text, _READY) if _READY in text else text
    rows, unread = _stacks.parse_undelimited(body)
    return stacks(rows, limits, lost=unread, notes=(_WHOLE, _ENTRY_NOTE, *unread_note(unread)))


COLLECTOR = Collector(
    name="offcputime",
    category="cpu",
    question="What do threads wait for?",
    kind="stacks",
    unit="us",
    native=Native(narrows=TASKS, program=program, read=read),
    bcc=Command(tool="offcputime", args=("-d",), ready=_READY, parse=parse),
    libbpf_tools=Command(tool="offcputime", args=_LIBBPF_ARGS, ready="", parse=parse_libbpf),
    procfs=None,  # /proc knows for how long threads have waited for a CPU, and not for what else
)
