# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What the scheduler accounts: how often tasks ran, for how long, and how long they had waited for it.

Of each CPU (/proc/schedstat) or, where the kernel has no such file, of each thread.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import (
    Sample,
    came_or_went,
    growth,
    natural,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure

SCHEDSTAT = "/proc/schedstat"
TASKS = "/proc/*/task/*/schedstat"
_KNOWN_VERSIONS = (15, 16, 17)  # 16 and 17 changed the lines of domains only
_CPU = re.compile(r"cpu[0-9]+")


class Account(t.NamedTuple):
    """Times run, nanoseconds waited, nanoseconds run."""

    runs: int
    waited: int
    ran: int


def cpus(text: str) -> dict[str, Account]:
    """Return the account of each CPU, from /proc/schedstat.

    Fields 9, 8 and 7 of a `cpu` line: Documentation/scheduler/sched-stats.rst and show_schedstat() of
    kernel/sched/stats.c. They do not depend on the sysctl kernel.sched_schedstats. ValueError on an unknown version.
    """
    lines = [line.split() for line in text.splitlines()]
    versions = [words[1:] for words in lines if words[:1] == ["version"]]
    if len(versions) != 1 or [natural(word) for word in versions[0]] not in ([version] for version in _KNOWN_VERSIONS):
        raise ValueError("%s has an unknown version: %.40r" % (SCHEDSTAT, versions))
    found = {words[0]: words[1:] for words in lines if words and _CPU.fullmatch(words[0])}
    if not found or any(len(fields) < 9 for fields in found.values()):
        raise ValueError("%s lacks fields of a cpu" % SCHEDSTAT)
    return {cpu: Account(natural(fields[8]), natural(fields[7]), natural(fields[6])) for cpu, fields in found.items()}


def task(text: str) -> Account:
    """Return the account of one thread's schedstat: "time on a CPU, time waiting, times run"."""
    words = text.split()
    if len(words) != 3:
        raise ValueError("a task's schedstat has %d fields, not 3" % len(words))
    return Account(natural(words[2]), natural(words[1]), natural(words[0]))


def grown(before: Sample, after: Sample, what: str, had: str) -> tuple[Account, tuple[str, ...]]:
    """Return what all CPUs or threads did between two samples, and what is to be noted.

    `what` and `had` are for sentences: "how long tasks wait", "waited". TierFailure where the kernel accounts nothing.
    """
    if SCHEDSTAT in before and SCHEDSTAT in after:
        return _over_cpus(before[SCHEDSTAT], after[SCHEDSTAT])
    return _over_threads(before, after, what, had)


def _over_cpus(before: str, after: str) -> tuple[Account, tuple[str, ...]]:
    first, last = cpus(before), cpus(after)
    total = Account(0, 0, 0)
    unknown = set(first) ^ set(last)
    for cpu in set(first) & set(last):
        numbers = [growth(*pair) for pair in zip(first[cpu], last[cpu])]
        known = [number for number in numbers if number is not None]
        if len(known) < len(numbers):
            unknown.add(cpu)
        else:
            total = _plus(total, known)
    return total, came_or_went(unknown)


def _plus(total: Account, numbers: t.Sequence[int]) -> Account:
    return Account(total.runs + numbers[0], total.waited + numbers[1], total.ran + numbers[2])


def _over_threads(before: Sample, after: Sample, what: str, had: str) -> tuple[Account, tuple[str, ...]]:
    """A thread that is only in the second sample began in the window; one only in the first took its counters along."""
    last = {path: task(text) for path, text in after.items() if path != SCHEDSTAT}
    if not any(account.runs for account in last.values()):
        raise TierFailure(
            Reason(
                "not_accounted",
                "neither %s nor the schedstat of any thread says %s" % (SCHEDSTAT, what),
                "boot a kernel with CONFIG_SCHEDSTATS or CONFIG_SCHED_INFO",
            )
        )
    total = Account(0, 0, 0)
    for path, now in last.items():
        was = task(before[path]) if path in before else Account(0, 0, 0)
        if any(
            later < earlier for earlier, later in zip(was, now)
        ):  # the number of an ended thread, given to a new one
            was = Account(0, 0, 0)
        total = _plus(total, [later - earlier for earlier, later in zip(was, now)])
    ended = sum(path not in after for path in before if path != SCHEDSTAT)
    return (
        total,
        (
            "added up over the %d threads that could be seen at the end, because there is no %s"
            % (len(last), SCHEDSTAT),
            "what threads that ended in the window %s is not in it (%d of those seen at the start ended)"
            % (had, ended),
        ),
    )
