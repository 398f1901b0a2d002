# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry, and what every collector must declare."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import by_name
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._tools import TOOLS as BY_TOOL_ONLY

STANDARD = ["runqlat", "biolatency", "tcpretrans", "execsnoop"]
ON_REQUEST = [
    "biotop",
    "bitesize",
    "compactsnoop",
    "cpudist",
    "cpustat",
    "diskstats",
    "drsnoop",
    "exitsnoop",
    "gethostlatency",
    "hardirqs",
    "killsnoop",
    "listendrop",
    "netdev",
    "netstat",
    "numa",
    "offcputime",
    "oomkill",
    "opensnoop",
    "pagefaults",
    "pressure",
    "profile",
    "reclaim",
    "runqslower",
    "skbdrop",
    "softirqs",
    "switches",
    "syscount",
    "tcpconnlat",
    "tcplife",
    "tcprtt",
    "tcpstates",
    "thp",
    "throttling",
    "vfsstat",
]
NAMES = STANDARD + ON_REQUEST
ROOT = _collectors.__file__.partition("ansible_collections")[0]
# Where bcc's tool has another name.
TOOLS = {"skbdrop": "tcpdrop"}
# What a tier cannot answer honestly.
_FROM_PROC = (
    "cpustat",
    "diskstats",
    "listendrop",
    "netdev",
    "netstat",
    "numa",
    "pressure",
    "reclaim",
    "switches",
    "thp",
    "throttling",
)
WITHOUT = {
    "gethostlatency": {"procfs"},
    "killsnoop": {"procfs"},
    "listendrop": {"native", "bcc"},
    "offcputime": {"procfs"},
    **{name: {"native", "bcc"} for name in _FROM_PROC},
    "opensnoop": {"procfs"},
    "pagefaults": {"bcc"},
    "profile": {"procfs"},
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
def test_a_collector_is_documented_with_its_question(name: str) -> None:
    checkout = pathlib.Path(__file__).resolve().parents[5]
    question = by_name(name).question
    assert "| `%s` | %s |" % (name, question) in (checkout / "README.md").read_text(encoding="utf-8")
    sections = (checkout / "docs" / "collectors.md").read_text(encoding="utf-8").split("\n## ")
    (section,) = [one for one in sections if one.startswith(name + "\n")]
    assert question in " ".join(section.split())


@pytest.mark.parametrize("name", NAMES)
def test_a_collector_is_complete(name: str) -> None:
    collector = by_name(name)
    assert collector.kind in ("histogram", "counts", "events", "stacks")
    assert collector.category in ("cpu", "disk", "filesystem", "memory", "network", "process")
    assert collector.question.endswith("?")
    assert {tier for tier in ("native", "bcc", "procfs") if getattr(collector, tier) is None} == WITHOUT.get(
        name, set()
    )
    if collector.bcc is not None:
        assert collector.bcc.tool == TOOLS.get(name, name)
        assert "-m" not in collector.bcc.args  # milliseconds
    if collector.libbpf_tools is not None:
        assert collector.bcc is not None, "bcc has every tool that libbpf-tools have"
        assert collector.libbpf_tools.tool == {"killsnoop": "sigsnoop"}.get(name, name)
        assert "-m" not in collector.libbpf_tools.args
        assert collector.libbpf_tools.stream == collector.bcc.stream


def test_whatever_libbpf_tools_can_be_asked_they_are_asked() -> None:
    unasked = {"compactsnoop", "skbdrop", "tcpretrans"}  # they have no such tool
    unasked |= {"cpudist", "profile"}  # docs/tiers.md says why
    collectors = [collector for collector in _collectors.every() if collector.bcc is not None]
    assert {collector.name for collector in collectors if collector.libbpf_tools is None} == unasked


def test_a_tool_is_a_collector_of_its_own_and_no_other_is_it() -> None:
    assert [collector.name for collector in _collectors.of_tools()] == list(BY_TOOL_ONLY) == sorted(BY_TOOL_ONLY)
    taken = {collector.bcc.tool for collector in _collectors.every() if collector.bcc is not None}
    assert not taken & set(BY_TOOL_ONLY)
    assert not set(NAMES) & set(BY_TOOL_ONLY)


@pytest.mark.parametrize("name", BY_TOOL_ONLY)
def test_a_tool_is_complete(name: str) -> None:
    collector = by_name(name)
    assert (collector.name, collector.native, collector.procfs) == (name, None, None)
    assert collector.kind in ("histogram", "counts", "events")
    assert collector.category in ("cpu", "disk", "filesystem", "memory", "network", "process")
    assert collector.question.endswith("?")
    assert collector.bcc is not None
    assert collector.bcc.tool == name
    assert "-m" not in collector.bcc.args  # milliseconds
    # A histogram is printed at the end, and cannot be cut where the window begins.
    assert not (collector.kind == "histogram" and collector.bcc.stream)
    assert ("1" in collector.bcc.args) <= collector.bcc.tables <= collector.bcc.stream


def test_who_asks_for_no_tool_does_not_pay_for_their_table() -> None:
    script = "import sys; from %s import by_name; by_name('runqlat'); print([n for n in sys.modules if n.endswith('._tools')])"
    command = [sys.executable, "-c", script % _collectors.__name__]
    assert (
        subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, "PYTHONPATH": ROOT}).stdout
        == b"[]\n"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("runqlatt", "did you mean runqlat?"),
        ("exec-snoop", "did you mean execsnoop?"),
        ("Biolatency", "did you mean biolatency?"),
        ("ext4dst", "did you mean ext4dist?"),
        ("zzz", "there are %s, and %d tools of bcc (docs/tools.md)." % (", ".join(NAMES), len(BY_TOOL_ONLY))),
        ("", "there are runqlat"),
    ],
)
def test_an_unknown_name_is_answered_with_the_right_one(name: str, words: str) -> None:
    with pytest.raises(ValueError, match="no collector named") as error:
        by_name(name)
    assert words in str(error.value)
