# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Why something could not be done, in one shape wherever it is said."""

from __future__ import annotations

import typing as t


class Reason(t.NamedTuple):
    """A cause and its cure.

    `code` is an errno's name or a short word (lockdown, no_tool, timeout, ...), `message` one sentence that names the
    cause, `remedy` what a person can do about it, or None when nothing is known to help.
    """

    code: str
    message: str
    remedy: str | None = None

    def as_dict(self) -> dict[str, t.Any]:
        """The shape `reason` of docs/architecture.md."""
        return dict(self._asdict())


class TierFailure(Exception):
    """A tier could not answer a collector's question on this host; the next tier is to be tried."""

    def __init__(self, reason: Reason, source: str | None = None) -> None:
        """`source` is what was tried, in the form of a result's `source`."""
        super().__init__(reason.message)
        self.reason = reason
        self.source = source
