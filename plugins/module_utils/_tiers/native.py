# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Tier 3: load a collector's own CO-RE programs, attach them, let the kernel count, read the maps once at the end."""

from __future__ import annotations

import struct
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _text
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import loader, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.loaded import Loaded
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import loading
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing, standing
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Native
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context, Running
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._filter import Narrowing
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window

TIER = 3


def program_run_time(fd: int) -> tuple[int, int]:
    """Return run_time_ns and run_cnt of a program: offsets 192 and 200 of struct bpf_prog_info."""
    time_ns, count = struct.unpack_from("=QQ", syscall.object_info(fd), 192)
    return time_ns, count


def _memory_of_programs(fds: t.Iterable[int]) -> int | None:
    total = 0
    for fd in fds:
        said = [line for line in (_text.read_text("/proc/self/fdinfo/%d" % fd) or "").split("\n") if "memlock:" in line]
        if not said:
            return None
        total += int(said[0].split()[1])
    return total


class _NativeRun(Running):
    cost: dict[str, t.Any]

    def __init__(
        self, spec: Native, loaded: Loaded, limits: Limits, stands: Standing, narrowing: Narrowing | None
    ) -> None:
        self.source = "native:" + loaded.loader
        self._spec, self._loaded, self._limits, self._stands = spec, loaded, limits, stands
        self._narrowing = narrowing
        self._window: Window | None = None
        self._ran = (0, 0)  # nanoseconds, and times, before the window
        self.span = None
        self.cost = {
            "loader": loaded.loader,
            "loader_reason": loaded.because,
            "blob_sha256": loaded.sha256,
            "attach": None,
            "variants_refused": [],
            "load_ms": None,
            "attach_ms": None,
            "map_bytes": None,
            "program_bytes": None,
            "run_ns": None,
            "run_count": None,
            "sampled_seconds": None,
        }

    def open(self, window: Window) -> None:
        """Tell the programs when to count: one write."""
        self._window = window
        try:
            self._loaded.maps.set_variable("window", struct.pack("=QQ", window.start, window.end))
        except syscall.BpfError as error:
            raise TierFailure(loading.denied(error.what, error, self._stands).reason, self.source) from None
        if window.measured:
            self._ran = self._run_times()
        late = max(time.monotonic_ns() - window.start, 0)
        self.span = (window.unix + late / 1e9, window.seconds - late / 1e9)

    def _run_times(self) -> tuple[int, int]:
        times = [program_run_time(fd) for fd in self._loaded.programs.values()]
        return sum(ns for ns, _count in times), sum(count for _ns, count in times)

    def sample(self) -> None:
        """Note what the programs have cost until now, and what that is of all of the window."""
        if self._window is None:
            return
        seconds = min(max(time.monotonic_ns() - self._window.start, 1) / 1e9, self._window.seconds)
        ran = [now - before for now, before in zip(self._run_times(), self._ran)]
        self.cost["run_ns"], self.cost["run_count"] = (round(one * self._window.seconds / seconds) for one in ran)
        self.cost["sampled_seconds"] = round(seconds, 3)

    def end(self) -> None:
        """Detach the programs. They have stopped counting by themselves."""
        self._loaded.detach()
        self.cost["map_bytes"] = self._loaded.maps.bytes_in_kernel()
        self.cost["program_bytes"] = _memory_of_programs(self._loaded.programs.values())

    def finish(self, deadline: float) -> Answer:
        """Read the maps."""
        try:
            answer = self._spec.read(self._loaded.maps, self._limits)
        except syscall.BpfError as error:
            raise TierFailure(loading.denied(error.what, error, self._stands).reason, self.source) from None
        return answer._replace(notes=self._narrowing.notes + answer.notes) if self._narrowing else answer

    def close(self) -> None:
        """Give everything back to the kernel."""
        self._loaded.close()


def start(collector: Collector, limits: Limits, context: Context) -> Running:
    """Load and attach a collector's programs; they count nothing until the window opens. Raise TierFailure.

    Variants are tried in their order; when all fail, the failure names each.
    """
    spec: Native | None = collector.native
    if spec is None:
        raise TierFailure(Reason("unsupported", "%s has no native program" % collector.name), "native")
    stands = standing(context.capability["kernel"], context.capability["privilege"])
    failures: list[TierFailure] = []
    while spec is not None:
        try:
            run = _start(spec, collector.name, limits, stands, context.narrowing)
        except TierFailure as failure:
            failures.append(failure)
            spec = spec.instead
        else:
            run.cost["variants_refused"] = [failure.reason.message for failure in failures]
            return run
    last = failures[-1]
    message = "; ".join(failure.reason.message for failure in failures)
    raise TierFailure(last.reason._replace(message=message), last.source)


def _start(spec: Native, name: str, limits: Limits, stands: Standing, narrowing: Narrowing | None) -> _NativeRun:
    kinds = sorted({section.partition("/")[0] for _program, section in spec.program.PROGRAMS})
    what, kind = "the programs of %s (%s)" % (name, ", ".join(kinds)), kinds[0]
    begun = time.perf_counter()
    targets = spec.targets() if spec.targets else {}
    try:
        constants = {"filter": narrowing.raw} if narrowing else None
        loaded = loader.load(spec.program, spec.sizes(limits) if spec.sizes else None, constants)
    except loader.Refused as refusal:
        raise TierFailure(loading.refused(what, refusal, stands, kind).reason, "native:" + refusal.loader) from None
    between = time.perf_counter()
    try:
        loaded.attach(targets)
    except syscall.BpfError as error:
        loaded.close()
        reason = loading.denied(what + ", to be attached", error, stands, kind).reason
        raise TierFailure(reason, "native:" + loaded.loader) from None
    run = _NativeRun(spec, loaded, limits, stands, narrowing)
    run.cost.update(
        attach="+".join(kinds),
        load_ms=round((between - begun) * 1e3, 3),
        attach_ms=round((time.perf_counter() - between) * 1e3, 3),
    )
    return run
