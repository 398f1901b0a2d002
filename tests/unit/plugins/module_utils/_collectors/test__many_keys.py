# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""100,000 different keys in what a tool prints: the count is complete, the rows are as many as the limit, the rest is told."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import by_name, diskstats, netdev
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._result import answered

KEYS = 100_000
LIMITS = Limits()

# Of each collector: the greeting, and what the tool prints of one key.
PRINTED: dict[str, tuple[str, t.Callable[[int], str]]] = {
    "opensnoop": (
        "PID    COMM               FD ERR PATH\n",
        lambda n: "%-6d %-16s %4d %3d /nonesuch/%d\n" % (n, "ef", -1, 2, n),
    ),
    "execsnoop": (
        "PCOMM            PID     PPID    RET ARGS\n",
        lambda n: "%-16s %-7d %-7d %3d /bin/x\n" % ("ef-%d" % n, n, 1, 0),
    ),
    "killsnoop": (
        "TIME      PID    COMM             SIG  TPID   RESULT\n",
        lambda n: "%-9s %-6d %-16s %-4d %-6d %d\n" % ("09:09:11", n, "ef-%d" % n, 9, n, 0),
    ),
    "runqslower": (
        "Tracing run queue latency higher than 10000 us\nTIME     COMM             TID           LAT(us)\n",
        lambda n: "%-8s %-16s %-6d %14d\n" % ("09:04:46", "ef-%d" % n, n, 12000),
    ),
    "hardirqs": (
        "Tracing hard irq event time... Hit Ctrl-C to end.\n",
        lambda n: "\nhardirq = ef-%d\n     usecs               : count     distribution\n         0 -> 1          : 1        |****|\n" % n,
    ),
    "profile": (
        "Sampling at 49 Hertz of all threads by user + kernel stack... Hit Ctrl-C to end.\n",
        lambda n: "\n    main\n    start\n    -                ef-%d (%d)\n        1\n" % (n, n + 1),
    ),
    "offcputime": (
        "Tracing off-CPU time (us) of all threads by user + kernel stack... Hit Ctrl-C to end.\n",
        lambda n: "\n    f%d\n    schedule\n    --\n    main\n    -                ef (%d)\n        1\n" % (n, n + 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PRINTED)
def test_what_a_tool_prints(name: str) -> None:
    collector = by_name(name)
    assert collector.bcc is not None
    head, one = PRINTED[name]
    answer = collector.bcc.parse(head + "".join(map(one, range(KEYS))), 0.0, LIMITS)
    assert answer.data["count"] == KEYS
    assert not answer.lost
    _bounded(answer)
    result = answered(collector, [], answer, 2, "bcc:x", None, None)
    assert result["status"] == "truncated"
    if answer.truncated:  # no tool of bcc has a table with so much room
        assert (name, result["reason"]["code"]) == ("hardirqs", "capped")
        return
    said = "%d rows beyond the limit were left out; the count is complete"
    rows = [len(answer.data[part]) for part in ("items", "series", "events", "stacks") if part in answer.data]
    assert result["reason"]["code"] == "omitted"
    assert result["reason"]["message"] in [said % (KEYS - listed) for listed in rows if listed > 1]


@pytest.mark.parametrize("collector", [netdev, diskstats])
def test_what_proc_lists(collector: t.Any) -> None:
    lines = {
        netdev: ("a\nb\n", " ef%d: 60 %d 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", "/proc/net/dev"),
        diskstats: ("", "   7 %d loopx %d 0 8 1 0 0 0 0 0 1 1\n", "/proc/diskstats"),
    }[collector]
    head, line, path = lines
    before, after = (
        {path: head + "".join((line % (n, more)).replace("loopx", "loop%dx" % n) for n in range(KEYS))}
        for more in (7, 8)
    )
    answer = collector.difference(before, after, 1.0, LIMITS)
    assert (answer.data["count"], answer.data["omitted"]) == (KEYS, KEYS - LIMITS.max_items)
    _bounded(answer)


def _bounded(answer: Answer) -> None:
    """A result of so many keys is no larger than its limits allow."""
    for part, limit in (("items", LIMITS.max_items), ("series", LIMITS.max_items)):
        assert len(answer.data.get(part, ())) in (0, 1, limit), part
    for part in ("events", "stacks"):
        assert len(answer.data.get(part, ())) in (0, LIMITS.max_events), part
    assert len(json.dumps(answer.data)) < 512 << 10
    assert all(len(note) < 1000 for note in answer.notes)
