# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""One result per collector, in the one shape that docs/architecture.md gives it, whichever tier answered."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason


class Attempt(t.NamedTuple):
    """A tier that was tried, or ruled out, before."""

    tier: int
    source: str
    reason: Reason

    def as_dict(self) -> dict[str, t.Any]:
        """The shape of a result's `attempts`."""
        return {"tier": self.tier, "source": self.source, "reason": self.reason.as_dict()}


def _result(collector: Collector, attempts: t.Sequence[Attempt], **fields: t.Any) -> dict[str, t.Any]:
    return {
        "collector": collector.name,
        "category": collector.category,
        "question": collector.question,
        "kind": collector.kind,
        "unit": collector.unit,
        "tier": None,
        "source": None,
        "status": "failed",
        "reason": None,
        "attempts": [attempt.as_dict() for attempt in attempts],
        "lost": None,
        "window": None,
        "data": None,
        "notes": [],
        "cost": None,
        **fields,
    }


def answered(
    collector: Collector,
    attempts: t.Sequence[Attempt],
    answer: Answer,
    tier: int,
    source: str,
    span: tuple[float, float] | None,
    cost: dict[str, t.Any] | None,
) -> dict[str, t.Any]:
    """Return the result of a tier that answered: ok, idle when nothing happened, truncated when something was lost."""
    status, reason = "ok", None
    omitted = max(answer.data.get("omitted") or 0, answer.left_out)
    if answer.lost or answer.truncated:
        status = "truncated"
        reason = Reason(
            "lost", "events found no room, or no program free, and were not kept in full: %d" % (answer.lost or 0)
        )
        if answer.truncated:
            reason = Reason("capped", answer.truncated)
    elif omitted:
        status = "truncated"
        reason = Reason("omitted", "%d rows beyond the limit were left out; the count is complete" % omitted)
    elif answer.data.get("count") == 0:
        status = "idle"
    return _result(
        collector,
        attempts,
        tier=tier,
        source=source,
        status=status,
        reason=reason and reason.as_dict(),
        lost=answer.lost,
        window=span and {"start": round(span[0], 3), "seconds": round(span[1], 6)},
        data=answer.data,
        notes=list(answer.notes),
        cost=cost,
    )


def failed(collector: Collector, attempts: t.Sequence[Attempt]) -> dict[str, t.Any]:
    """Return the result of a collector that no tier could answer: unsupported when none was worth trying, else failed.

    The reason is the lowest tier's; of its two sources of tools the one's that is there.
    """
    lowest = [attempt.reason for attempt in attempts if attempt.tier == attempts[-1].tier]
    there = [reason for reason in lowest if reason.code != "no_tool"] or lowest
    last = there[-1] if there else Reason("unsupported", "no tier can answer this")
    hopeless = all(attempt.reason.code in ("unsupported", "no_file") for attempt in attempts)
    return _result(collector, attempts, status="unsupported" if hopeless else "failed", reason=last.as_dict())
