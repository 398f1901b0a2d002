# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""oomkill at all tiers."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import oomkill
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits


def test_native_events() -> None:
    event = oomkill.native_event((3_000_000, 9, 0, b"ch\xffrome\0\0", b"sh\0"), 12, 1_000_000)
    assert event == {"t_ms": 2, "pid": 12, "comm": "ch\ufffdrome", "trigger_pid": 9, "trigger_comm": "sh"}
    assert oomkill.native_event((3_000_000, 9, 0, bytes(16), b"sh\0"), 12, 1_000_000)["comm"] == "unknown"


# By the format string of oomkill-bpfcc 0.26, whose loadavg ends without the file's line end.
READY = "Tracing OOM kills... Ctrl-C to stop.\n"
LINE = '21:03:39 Triggered by PID %d ("%s"), OOM kill of PID %d ("%s"), 3850642 pages, loadavg: 0.99 0.39 0.30 3/282 3724\n'


def test_lines_are_kills() -> None:
    text = READY + LINE % (3297, "ntpd", 22516, "perl") + LINE % (1, 'a"\n b', 2, '"), OOM')
    answer = oomkill.parse(text, 0, Limits())
    assert [(event["trigger_comm"], event["pid"], event["comm"]) for event in answer.data["events"]] == [
        ("ntpd", 22516, "perl"),
        ('a"\n b', 2, '"), OOM'),
    ]
    assert (answer.data["count"], answer.lost) == (2, 0)


@pytest.mark.parametrize("line", ["garbage", "21:03:39 Triggered by PID 3297"])
def test_a_line_that_cannot_be_read_is_lost(line: str) -> None:
    answer = oomkill.parse(READY + line + "\n" + LINE % (1, "a", 2, "b"), 0, Limits())
    assert (answer.data["count"], answer.lost) == (1, 1)


def test_the_kernels_counter() -> None:
    before, after = ({"/proc/vmstat": "pgfault 1\noom_kill %d\n" % number} for number in (3, 5))
    assert oomkill.difference(before, after, 1.0, Limits()).data == {
        "count": 2,
        "items": [],
        "events": [],
        "omitted": 0,
    }
