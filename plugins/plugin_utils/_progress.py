# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a survey is, in one line: hosts done, failed, left, and the seconds of the window that are left."""

from __future__ import annotations

import math
import typing as t

_WELL = ("ok", "partial", "planned")
_MINUTE = 60


class Progress:
    """What is known of the visits of a play; times are seconds of a clock that only goes forward."""

    def __init__(self) -> None:
        """Begin with no host."""
        self.hosts: int | None = None
        self.window = 0.0
        self._began: dict[str, float] = {}
        self._outcomes: dict[str, str] = {}
        self._visit = 0.0  # the mean time of a visit, of those that have ended
        self._most = 1  # visits that were under way at once

    @property
    def under_way(self) -> int:
        """How many hosts are being visited."""
        return len(self._began)

    @property
    def done(self) -> int:
        """How many hosts have been visited."""
        return len(self._outcomes)

    def opened(self, hosts: int, window: float) -> None:
        """Know how many hosts the play has, and how long each is watched."""
        self.hosts, self.window = hosts, window

    def begin(self, host: str, now: float) -> None:
        """Begin a visit."""
        self._began[host] = now
        self._most = max(self._most, len(self._began))

    def end(self, host: str, outcome: str, now: float) -> None:
        """End a visit."""
        began = self._began.pop(host, None)
        if began is not None:
            self._visit += (now - began - self._visit) / (len(self._outcomes) + 1)
        self._outcomes[host] = outcome

    def line(self, now: float) -> str:
        """Return how far it is.

        >>> p = Progress()
        >>> p.opened(4, 10)
        >>> p.begin("a", 0); p.begin("b", 1); p.end("a", "unreachable", 2)
        >>> p.line(3.5)
        '1 of 4 hosts done, 1 failed, 3 left; 8 s of the window left, about 18 s in all'
        >>> p.begin("c", 4); p.begin("d", 4); p.line(5.2)
        '1 of 4 hosts done, 1 failed, 3 left; 9 s of the window left'
        >>> p.line(15)
        '1 of 4 hosts done, 1 failed, 3 left; the window is over, answers are coming in'
        """
        whole = self.hosts if self.hosts is not None else self.done + self.under_way
        failed = sum(outcome not in _WELL for outcome in self._outcomes.values())
        left = max(whole - self.done, 0)
        words = "%d of %d hosts done, %d failed, %d left" % (self.done, whole, failed, left)
        return "%s; %s" % (words, self._time(now, left)) if left else words

    def _time(self, now: float, left: int) -> str:
        begun = max(self._began.values(), default=now)
        window = max(math.ceil(begun + self.window - now), 0)
        said = "%d s of the window left" % window if window else "the window is over, answers are coming in"
        waiting = left - self.under_way
        if waiting <= 0:
            return said
        rounds = math.ceil(waiting / self._most)
        rest = window + rounds * max(self._visit, self.window)
        return "%s, about %s in all" % (said, _duration(rest))


def _duration(seconds: float) -> str:
    """Return a duration that is only a guess.

    >>> _duration(31.2), _duration(300)
    ('32 s', '5 min')
    """
    return "%d s" % math.ceil(seconds) if seconds < 2 * _MINUTE else "%d min" % round(seconds / _MINUTE)


def outcome_of(result: t.Mapping[str, t.Any]) -> str:
    """Return the outcome that a result of the action `visit` tells."""
    return str(result.get("outcome") or "failed")
