# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Probes of what the kernel can hold: program types, map types, helpers. Each is made and given back at once."""

from __future__ import annotations

import ctypes
import struct

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import ringbuf, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import bytecode, core_relocation
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.bench import NAME, Bench
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.probe import Probe, Silent
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.refusal import Wanted

SOCKET_FILTER, KPROBE, RAW_TRACEPOINT = 1, 2, 17  # enum bpf_prog_type
RINGBUF = 27  # enum bpf_map_type
_RING_BYTES = 64 << 10  # a multiple of every architecture's page size
_RECORD = 0x5EB9F

# name, number, expected attach type (only where the kernel asks for one), flags, Linux release, build options
_PROGRAMS = (
    ("socket_filter", SOCKET_FILTER, 0, 0, "3.19", ("CONFIG_NET",)),
    ("kprobe", KPROBE, 0, 0, "4.1", ("CONFIG_BPF_EVENTS",)),
    ("sched_cls", 3, 0, 0, "4.1", ("CONFIG_NET",)),
    ("tracepoint", 5, 0, 0, "4.7", ("CONFIG_BPF_EVENTS",)),
    ("xdp", 6, 0, 0, "4.8", ("CONFIG_NET",)),
    ("perf_event", 7, 0, 0, "4.9", ("CONFIG_BPF_EVENTS",)),
    ("cgroup_skb", 8, 0, 0, "4.10", ("CONFIG_CGROUP_BPF",)),
    ("raw_tracepoint", RAW_TRACEPOINT, 0, 0, "4.17", ("CONFIG_BPF_EVENTS",)),
    ("cgroup_sock_addr", 18, 8, 0, "4.17", ("CONFIG_CGROUP_BPF",)),  # BPF_CGROUP_INET4_BIND
    ("sk_lookup", 30, 36, 0, "5.9", ("CONFIG_INET",)),  # BPF_SK_LOOKUP
    ("syscall", syscall.PROG_TYPE_SYSCALL, 0, syscall.F_SLEEPABLE, "5.14", ()),
)

# name, number, key bytes, value bytes, entries, flags, Linux release, build options
_MAPS = (
    ("hash", 1, 4, 8, 1, 0, "3.19", ()),
    ("array", 2, 4, 8, 1, 0, "3.19", ()),
    ("prog_array", 3, 4, 4, 1, 0, "4.2", ()),
    ("perf_event_array", 4, 4, 4, 1, 0, "4.3", ("CONFIG_PERF_EVENTS",)),
    ("percpu_hash", 5, 4, 8, 1, 0, "4.6", ()),
    ("percpu_array", 6, 4, 8, 1, 0, "4.6", ()),
    ("stack_trace", 7, 4, 128, 1, 0, "4.6", ("CONFIG_PERF_EVENTS",)),
    ("lru_hash", 9, 4, 8, 1, 0, "4.10", ()),
    ("lru_percpu_hash", 10, 4, 8, 1, 0, "4.10", ()),
    ("lpm_trie", 11, 8, 8, 1, 1, "4.11", ()),  # BPF_F_NO_PREALLOC, which it insists on
    ("queue", 22, 0, 8, 1, 0, "4.20", ()),
    ("ringbuf", RINGBUF, 0, 0, _RING_BYTES, 0, "5.8", ()),
    ("bloom_filter", 30, 0, 8, 1, 0, "5.16", ()),
    ("user_ringbuf", 31, 0, 0, _RING_BYTES, 0, "6.1", ()),
)


def _program(row: tuple[str, int, int, int, str, tuple[str, ...]]) -> Probe:
    name, number, attach_type, flags, since, options = row

    def run(bench: Bench) -> str:
        bench.load(number, bytecode.leave(0), attach_type, flags=flags)
        return "a program of type %s was loaded" % name

    return Probe("program:" + name, "a program of type %s" % name, Wanted(since, options), run)


def _map(row: tuple[str, int, int, int, int, int, str, tuple[str, ...]]) -> Probe:
    name, number, key, value, entries, flags, since, options = row

    def run(bench: Bench) -> str:
        bench.hold(syscall.create_map(number, key, value, entries, flags, NAME))
        return "a map of type %s was created" % name

    return Probe("map:" + name, "a map of type %s" % name, Wanted(since, options), run)


def _read_kernel(bench: Bench) -> str:
    bench.load(RAW_TRACEPOINT, bytecode.read_kernel())
    return "a tracing program that calls bpf_probe_read_kernel was loaded"


def _ring_buffer(bench: Bench) -> str:
    ring = bench.hold(syscall.create_map(RINGBUF, 0, 0, _RING_BYTES, 0, NAME))
    program = bench.load(SOCKET_FILTER, bytecode.write_ring(ring, _RECORD))
    _run_on_packet(program)
    records = ringbuf.read(ring, _RING_BYTES)
    if records != [struct.pack("=Q", _RECORD)]:
        raise Silent("a record was written and %d other ones were read" % len(records))
    return "a program wrote a record and it was read back"


def _run_on_packet(program: int) -> None:
    """Run a socket filter once over an empty packet of 64 bytes, which goes nowhere (BPF_PROG_TEST_RUN)."""
    packet = ctypes.create_string_buffer(64)
    attr = struct.pack("=IIIIQQIIIIQQ", program, 0, 64, 0, syscall.address(packet), 0, 1, 0, 0, 0, 0, 0)
    syscall.bpf(syscall.PROG_TEST_RUN, attr, "run a program")


def _relocation(_bench: Bench) -> str:
    offset = core_relocation.offset_of_pid()
    if offset <= 0:
        raise Silent("a CO-RE relocation was accepted and not applied")
    return "the kernel relocated a field access: task_struct.pid is at byte %d" % offset


PROBES = (
    *map(_program, _PROGRAMS),
    *map(_map, _MAPS),
    Probe("ring_buffer", "a ring buffer", Wanted("5.8"), _ring_buffer),
    Probe("read_kernel", "reading kernel memory", Wanted("5.5", ("CONFIG_BPF_EVENTS",), True), _read_kernel),
    Probe(
        "core_relocation",
        "CO-RE relocation by the kernel",
        Wanted("5.17 (RHEL 9: 5.14)", ("CONFIG_DEBUG_INFO_BTF",)),
        _relocation,
    ),
)
