# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that makes its own event happen while it runs: the kernel passes over it, says how often, and that is lost.

It is attached to the faults that the kernel meets, and reads from where nothing is mapped, which is another one.
"""

from __future__ import annotations

import collections.abc
import ctypes
import os
import platform
import struct
import sys
import time

import collecting
import pytest

sys.path.insert(0, str(collecting.COLLECTIONS))

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import links, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import bytecode
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.assess import assess
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import by_name
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import native
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._result import answered
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="page_fault_kernel is a tracepoint of x86 alone")

RAW_TRACEPOINT = 17  # BPF_PROG_TYPE_RAW_TRACEPOINT
PROBE_READ_USER = 112
TIMES = 50


@pytest.fixture
def faulty() -> collections.abc.Iterator[int]:
    """The program, attached."""
    nowhere = 8
    code = bytecode.stack_address(1, -8) + bytecode.move(2, 8) + bytecode.move(3, nowhere)
    program = syscall.load_program(RAW_TRACEPOINT, code + bytecode.call(PROBE_READ_USER) + bytecode.leave(0))
    name = ctypes.create_string_buffer(b"page_fault_kernel")
    link = syscall.bpf(syscall.RAW_TRACEPOINT_OPEN, struct.pack("=QIIQ", ctypes.addressof(name), program, 0, 0))
    yield program
    links.close(link)
    os.close(program)


def misses(program: int) -> int:
    found = native.program_counters(program)[2]
    assert found is not None
    return found


def test_the_kernel_s_count_is_read(faulty: int) -> None:
    before = misses(faulty)
    for _ in range(TIMES):
        syscall.run_program(faulty)
    after = misses(faulty)
    # Each time it is run it faults, which runs it a second time, and that one faults again; so do the faults of others.
    assert TIMES <= after - before < 20 * TIMES


def test_what_is_passed_over_in_the_window_is_lost(faulty: int) -> None:
    collector = by_name("oomkill")
    run = native.start(collector, Limits(), Context(assess()))
    try:
        run._loaded.programs["faulty"] = os.dup(faulty)  # type: ignore[attr-defined]
        for _ in range(TIMES):
            syscall.run_program(faulty)  # before the window
        begun = misses(faulty)
        run.open(Window.beginning(60))
        between = misses(faulty)
        for _ in range(TIMES):
            syscall.run_program(faulty)
        first = misses(faulty)
        run.end()
        last = misses(faulty)
        answer = run.finish(time.monotonic() + 10)
    finally:
        run.close()
    assert run.cost is not None
    assert TIMES <= first - between <= run.cost["recursion_misses"] <= last - begun
    assert answer.lost == run.cost["recursion_misses"]
    assert any(note.startswith("%d times the kernel did not run a program" % answer.lost) for note in answer.notes)
    result = answered(collector, [], answer, 3, run.source, run.span, run.cost)
    assert (result["status"], result["reason"]["code"]) == ("truncated", "lost")
