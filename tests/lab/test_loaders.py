# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every program of every collector, by every loader, on the real verifier of every kernel; and the page about it."""

from __future__ import annotations

import concurrent.futures
import typing as t

import matrix
import pytest
from conftest import Surveyed
from remote import Remote

Rows = t.List[t.Dict[str, t.Any]]
ROUNDS = "3"
HOSTS = ("deb11", "deb12", "deb12-arm64", "deb13", "newest")

# What a kernel refuses, each with its reason; everything else must load, attach and be read back.
EVERYTHING = frozenset({"*"})
REFUSED: dict[tuple[str, str], frozenset[str]] = {
    ("deb11", "light"): EVERYTHING,  # 5.10 has no programs of type syscall
    # page_fault_user is a tracepoint of x86 alone.
    # 6.1 on arm64 has no way for fentry to call into BPF (5.5 on x86_64, 6.4 and later on arm64); the kprobe variant is there
    ("deb12-arm64", "light"): frozenset({"pagefaults", "vfsstat"}),
    ("deb12-arm64", "libbpf"): frozenset({"pagefaults", "vfsstat"}),
}


@pytest.fixture(scope="module")
def measured(survey: Surveyed) -> dict[str, Rows]:
    """Measure on each guest, two at a time, after the survey."""
    assert survey.records
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        asked = {host: pool.submit(Remote(host).ask, "measure", ROUNDS) for host in HOSTS}
        return {host: rows.result() for host, rows in asked.items()}


@pytest.mark.parametrize("loader", ["light", "libbpf"])
@pytest.mark.parametrize("host", HOSTS)
def test_every_program_is_taken_or_its_refusal_is_known(measured: dict[str, Rows], host: str, loader: str) -> None:
    known = REFUSED.get((host, loader), frozenset())
    for row in measured[host]:
        if row["loader"] == loader:
            refused = known == EVERYTHING or row["object"] in known
            assert (row["ms"] is None) == refused, row


def test_each_loader_uses_the_same_bytes_everywhere(measured: dict[str, Rows]) -> None:
    for loader in ("light", "libbpf"):
        for name in {row["object"] for row in measured["deb12"]}:
            taken = {
                row["sha256"]
                for rows in measured.values()
                for row in rows
                if (row["object"], row["loader"]) == (name, loader)
            }
            assert len(taken - {None}) == 1, (loader, name)


def test_the_published_page_says_what_was_found(
    measured: dict[str, Rows], survey: Surveyed, capsys: pytest.CaptureFixture[str]
) -> None:
    page = matrix.render(survey.records, measured)
    matrix.NEW.write_text(page)
    with capsys.disabled():
        print("\n" + page)
    assert matrix.PUBLISHED.exists(), "publish the page: python tests/lab matrix"
    assert matrix.masked(matrix.PUBLISHED.read_text()) == matrix.masked(page), (
        "look at it and publish it: python tests/lab matrix"
    )
