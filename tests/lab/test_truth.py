# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The truth tests of tests/integration, run within guests: every collector on every kernel that supports it, none skipped silently.

`make lab` runs those that take little, on the oldest kernel and the newest; `make truth` (LAB_TRUTH=all) all of them, and makes the page.
"""

from __future__ import annotations

import concurrent.futures
import os
import typing as t

import guest_tests
import pytest
import table
import truth_page
from remote import Remote

ALL = os.environ.get("LAB_TRUTH") == "all"
# Which tiers are asked where.
ASKED = {
    "deb11": (3, 1),
    "deb11-bcc": (2,),
    "deb12": (3, 2),
    "deb12-arm64": (3, 1),
    "deb13": (3,),
    "newest": (3, 1),
}
# Where not all collectors are asked: a tool of bcc takes half a minute or more to be compiled, and libbpf-tools answer on 6.1.
ASKED_ONLY = {"deb11-bcc": ("biolatency", "biotop", "execsnoop", "runqlat", "tcplife")}
SHORT = {"deb11": (3,), "newest": (3,)}
# What `make lab` asks there, and how many times longer windows are: what takes little, and most ways to attach and to count.
SHORT_COLLECTORS = (
    *("biolatency", "biotop", "bitesize", "cpudist", "exitsnoop", "gethostlatency", "killsnoop"),
    *("offcputime", "opensnoop", "profile", "runqlat", "softirqs", "vfsstat"),
)
SHORT_SLOW = 1.25


class Refusal(t.NamedTuple):
    """`said` is in what the test says, `because` on the page."""

    said: str
    because: str


# What a kernel refuses, by host, collector and tier; everything else must run and pass.
REFUSED: dict[tuple[str, str, int], Refusal] = {
    ("deb12-arm64", "pagefaults", 3): Refusal("on x86 alone", "only x86_64 has this tracepoint"),
    ("deb12", "biotop", 2): Refusal(
        "blk_account_io_start", "bcc's tool attaches to a function that this kernel does not have"
    ),
    ("deb11-bcc", "biotop", 2): Refusal("of 0 bytes", "bcc's tool reads no sizes here, and is not believed"),
}

Rows = t.Dict[str, t.List[guest_tests.Row]]
WANTED = ASKED if ALL else SHORT
# Which collectors are asked, by host; none named means all.
ONLY = {host: ASKED_ONLY.get(host, ()) if ALL else SHORT_COLLECTORS for host in WANTED}


@pytest.fixture(scope="module")
def ran(source: str) -> Rows:
    """Run them in two guests at a time."""
    assert source
    guests = table.load().guests
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        asked = {}
        for host, tiers in WANTED.items():
            architecture = guests[host].kernel.architecture
            slow = guest_tests.SLOW[architecture] if ALL else SHORT_SLOW
            asked[host] = pool.submit(guest_tests.run, host, architecture, slow, tiers, ONLY[host])
        return {host: rows.result() for host, rows in asked.items()}


@pytest.mark.parametrize("host", WANTED)
def test_what_is_found_out_is_true_or_its_refusal_is_known(ran: Rows, host: str) -> None:
    assert ran[host]
    wrong = []
    for row in ran[host]:
        refusal = REFUSED.get((host, row["collector"], row["tier"]))
        passed = row["outcome"] == "passed" and row.get("answered", row["tier"]) == row["tier"]
        as_expected = not passed and refusal.said in (row["message"] or "") if refusal else passed
        if not as_expected:
            wrong.append("%(collector)s at tier %(tier)s: %(test)s %(outcome)s: %(message)s" % row)
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("host", WANTED)
def test_every_collector_is_asked(ran: Rows, host: str) -> None:
    asked = {(row["collector"], row["tier"]) for row in ran[host]}
    marked = {(name, tier) for name, tier in guest_tests.marked() if tier in WANTED[host]}
    assert asked == {(name, tier) for name, tier in marked if name in (ONLY[host] or (name,))}


def test_each_collector_has_a_row_on_the_published_page() -> None:
    marked = guest_tests.marked()
    assert truth_page.listed(truth_page.PAGE.published.read_text()) == set(marked)
    names = {name for name, _tier in marked}
    from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import every

    for collector in every():
        assert collector.name in names
        if collector.native:
            assert (collector.name, 3) in marked, collector.name


def test_the_published_page_says_what_was_found(ran: Rows, capsys: pytest.CaptureFixture[str]) -> None:
    assert ALL, "the page is about all guests: make truth"
    releases = {host: Remote(host).run("uname -r").strip() for host in ran}
    page = truth_page.render(ran, releases, {key: refusal.because for key, refusal in REFUSED.items()})
    with capsys.disabled():
        truth_page.PAGE.check(page)
