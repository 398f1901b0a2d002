# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The window that all collectors of a run share."""

from __future__ import annotations

import time
import typing as t


class Window(t.NamedTuple):
    """From `start` to `end`, in nanoseconds of the monotonic clock, which is bpf_ktime_get_ns's; `unix` is when it began.

    `measured`: the kernel takes the run time of programs, at first.
    """

    start: int
    end: int
    unix: float
    measured: bool = False

    @classmethod
    def beginning(cls, seconds: float, lead: float = 0.002, measured: bool = False) -> Window:
        """Return a window that begins in `lead` seconds, so that every program can be told of it before."""
        start = time.monotonic_ns() + int(lead * 1e9)
        return cls(start, start + int(seconds * 1e9), time.time() + lead, measured)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start) / 1e9

    def left(self) -> float:
        """Seconds until it ends, never negative."""
        return max(self.end - time.monotonic_ns(), 0) / 1e9
