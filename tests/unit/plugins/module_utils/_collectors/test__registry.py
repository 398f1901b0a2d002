# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry, and what every collector must declare."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import COLLECTORS, by_name

STANDARD = ["runqlat", "biolatency", "tcpretrans", "execsnoop"]
ON_REQUEST = [
    "cpudist",
    "exitsnoop",
    "hardirqs",
    "killsnoop",
    "opensnoop",
    "runqslower",
    "softirqs",
    "syscount",
    "vfsstat",
]
NAMES = STANDARD + ON_REQUEST
# What /proc and /sys say nothing of.
WITHOUT_TIER_1 = {
    "killsnoop",
    "opensnoop",
    "runqslower",
    "syscount",
}


def test_every_collector_is_there_once() -> None:
    assert [collector.name for collector in COLLECTORS] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_collector_is_complete(name: str) -> None:
    collector = by_name(name)
    assert collector.kind in ("histogram", "counts", "events")
    assert collector.category in ("cpu", "disk", "filesystem", "network", "process")
    assert collector.question.endswith("?")
    assert collector.bcc is not None
    assert collector.bcc.tool == name
    assert "-m" not in collector.bcc.args  # milliseconds
    assert (collector.procfs is None) == (name in WITHOUT_TIER_1)
    assert collector.standard == (name in STANDARD)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("runqlatt", "did you mean runqlat?"),
        ("exec-snoop", "did you mean execsnoop?"),
        ("Biolatency", "did you mean biolatency?"),
        ("zzz", "there are %s." % ", ".join(NAMES)),
        ("", "there are runqlat"),
    ],
)
def test_an_unknown_name_is_answered_with_the_right_one(name: str, words: str) -> None:
    with pytest.raises(ValueError, match="no collector named") as error:
        by_name(name)
    assert words in str(error.value)
