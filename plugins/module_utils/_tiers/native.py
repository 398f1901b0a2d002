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


_MISSED = (
    "%d times the kernel did not run a program, because it was at work already on the same CPU when the next event came;"
    " these are among the lost"
)


def program_counters(fd: int) -> tuple[int, int, int | None]:
    """Return run_time_ns, run_cnt and recursion_misses of a program: from offset 192 of struct bpf_prog_info on.

    The last is None before Linux 5.12 (9ed9e9ba2337), whose struct ends there.
    """
    info = syscall.object_info(fd)
    time_ns, count = struct.unpack_from("=QQ", info, 192)
    return time_ns, count, struct.unpack_from("=Q", info, 208)[0] if len(info) >= 216 else None


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
        self._ran: tuple[int, int, int | None] = (0, 0, None)  # nanoseconds, times, misses, before the window
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
            "recursion_misses": None,
        }

    def open(self, window: Window) -> None:
        """Tell the programs when to count: one write."""
        self._window = window
        try:
            self._loaded.maps.set_variable("window", struct.pack("=QQ", window.start, window.end))
        except syscall.BpfError as error:
            raise TierFailure(loading.denied(error.what, error, self._stands).reason, self.source) from None
        self._ran = self._counters()
        late = max(time.monotonic_ns() - window.start, 0)
        self.span = (window.unix + late / 1e9, window.seconds - late / 1e9)

    def _counters(self) -> tuple[int, int, int | None]:
        found = [program_counters(fd) for fd in self._loaded.programs.values()]
        misses = [missed for _ns, _count, missed in found if missed is not None]
        known = sum(misses) if len(misses) == len(found) else None
        return sum(ns for ns, _count, _missed in found), sum(count for _ns, count, _missed in found), known

    def sample(self) -> None:
        """Note what the programs have cost until now, and what that is of all of the window."""
        if self._window is None:
            return
        seconds = min(max(time.monotonic_ns() - self._window.start, 1) / 1e9, self._window.seconds)
        now, before = self._counters(), self._ran
        ran = (now[0] - before[0], now[1] - before[1])
        self.cost["run_ns"], self.cost["run_count"] = (round(one * self._window.seconds / seconds) for one in ran)
        self.cost["sampled_seconds"] = round(seconds, 3)

    def end(self) -> None:
        """Detach the programs. They have stopped counting by themselves."""
        self._loaded.detach()
        now, before = self._counters()[2], self._ran[2]
        if self._window is not None and now is not None and before is not None:
            self.cost["recursion_misses"] = now - before
        self.cost["map_bytes"] = self._loaded.maps.bytes_in_kernel()
        self.cost["program_bytes"] = _memory_of_programs(self._loaded.programs.values())

    def finish(self, deadline: float) -> Answer:
        """Read the maps."""
        try:
            answer = self._spec.read(self._loaded.maps, self._limits)
        except syscall.BpfError as error:
            raise TierFailure(loading.denied(error.what, error, self._stands).reason, self.source) from None
        missed = self.cost["recursion_misses"]
        if missed:
            answer = answer._replace(lost=(answer.lost or 0) + missed, notes=(*answer.notes, _MISSED % missed))
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
