# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry, and what every collector must declare."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import by_name

STANDARD = ["runqlat", "biolatency", "tcpretrans", "execsnoop"]
ON_REQUEST = [
    "biotop",
    "bitesize",
    "compactsnoop",
    "cpudist",
    "drsnoop",
    "exitsnoop",
    "gethostlatency",
    "hardirqs",
    "killsnoop",
    "listendrop",
    "oomkill",
    "opensnoop",
    "pagefaults",
    "runqslower",
    "skbdrop",
    "softirqs",
    "syscount",
    "tcpconnlat",
    "tcplife",
    "tcprtt",
    "tcpstates",
    "vfsstat",
]
NAMES = STANDARD + ON_REQUEST
# Where bcc's tool has another name.
TOOLS = {"skbdrop": "tcpdrop"}
# What a tier cannot answer honestly.
WITHOUT = {
    "gethostlatency": {"procfs"},
    "killsnoop": {"procfs"},
    "listendrop": {"native", "bcc"},
    "opensnoop": {"procfs"},
    "pagefaults": {"bcc"},
    "runqslower": {"procfs"},
    "syscount": {"procfs"},
    "tcpconnlat": {"procfs"},
    "tcprtt": {"procfs"},
    "tcpstates": {"procfs"},
}


def test_every_collector_is_there_once() -> None:
    assert [collector.name for collector in _collectors.every()] == NAMES
    assert list(_collectors.PROFILE) == NAMES
    assert list(_collectors.STANDARD) == STANDARD
    assert set(_collectors.PROFILE.values()) == {"quick", "standard", "deep"}


def test_every_module_of_a_collector_is_registered() -> None:
    files = pathlib.Path(_collectors.__file__).parent.glob("[a-z]*.py")
    assert sorted(file.stem for file in files) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_collector_is_complete(name: str) -> None:
    collector = by_name(name)
    assert collector.kind in ("histogram", "counts", "events")
    assert collector.category in ("cpu", "disk", "filesystem", "memory", "network", "process")
    assert collector.question.endswith("?")
    assert {tier for tier in ("native", "bcc", "procfs") if getattr(collector, tier) is None} == WITHOUT.get(
        name, set()
    )
    if collector.bcc is not None:
        assert collector.bcc.tool == TOOLS.get(name, name)
        assert "-m" not in collector.bcc.args  # milliseconds


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
