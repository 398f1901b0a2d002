# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What the three engines have in common: the contract between an engine and the run of a window.

Each engine has `start(collector, limits, context) -> Running`, which begins what must begin before the window and raises
TierFailure when its tier cannot answer here.
"""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._filter import Narrowing
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window


class Context(t.NamedTuple):
    """What an engine may know of the host and of the run."""

    capability: t.Mapping[str, t.Any]  # the shape `capability` of docs/architecture.md
    startup_limit: float = 30.0  # seconds that a tool may take until it is attached
    narrowing: Narrowing | None = None


class Running:
    """A collector at work at one tier, from its start to its end. The defaults suit an engine that needs no waiting.

    `source` is what a result's `source` says, `span` (unix start, seconds) what was really covered, `cost` a result's
    `cost`; the last two are to be read after `finish`.
    """

    source: str
    span: tuple[float, float] | None = None
    cost: dict[str, t.Any] | None = None

    def ready(self) -> bool:
        """Say, without waiting, whether it counts by now; raise TierFailure if it never will."""
        return True

    def open(self, window: Window) -> None:
        """The shared window begins."""
        raise NotImplementedError

    def sample(self) -> None:
        """The kernel stops to take the run time of programs now."""

    def descriptors(self) -> list[int]:
        """Return what is to be watched for input; `pump` is called when there is some."""
        return []

    def pump(self) -> None:
        """Read what is there, without waiting."""

    def end(self) -> None:
        """The shared window is over: stop counting, quickly."""

    def finish(self, deadline: float) -> Answer:
        """Return what was found out, by `deadline` of the monotonic clock; raise TierFailure."""
        raise NotImplementedError

    def close(self) -> None:
        """Release everything, whatever happened before; may be called twice."""
