# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every program of every collector, by every loader, on the real verifier of every kernel; and the page about it."""

from __future__ import annotations

import concurrent.futures
import typing as t

import matrix
import pytest
from conftest import VARIANTS, Surveyed
from remote import Remote

Rows = t.List[t.Dict[str, t.Any]]
ROUNDS = "3"
HOSTS = ("deb11-bcc", "deb12", "deb12-arm64", "deb13", "newest")

# What a kernel refuses, each with its reason; everything else must load, attach and be read back.
EVERYTHING = frozenset({"*"})
REFUSED: dict[tuple[str, str], frozenset[str]] = {
    ("deb11-bcc", "light"): EVERYTHING,  # 5.10 has no programs of type syscall
    # page_fault_user is a tracepoint of x86 alone.
    # 6.1 on arm64 has no way for fentry to call into BPF (5.5 on x86_64, 6.4 and later on arm64); the kprobe variant is there
    ("deb12-arm64", "light"): frozenset({"pagefaults", "vfsstat"}),
    ("deb12-arm64", "libbpf"): frozenset({"pagefaults", "vfsstat"}),
}


# Ways to attach, each made to fire: those that a guest's kernel refuses, with the errno.
WAYS = ("tp_btf", "fentry", "kprobe", "uprobe", "perf_event", "iterator")
CANNOT: dict[str, dict[str, str]] = {
    "deb12-arm64": {"fentry": "ENOTSUPP"},
    "deb12-locked": {"kprobe": "EPERM"},
}


@pytest.fixture(scope="module")
def ways(source: str) -> dict[str, dict[str, t.Any]]:
    """Attach in every way, on two guests at a time."""
    assert source
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        asked = {host: pool.submit(Remote(host).ask, "attach") for host in VARIANTS}
        return {host: rows.result() for host, rows in asked.items()}


@pytest.mark.parametrize("host", VARIANTS)
def test_every_way_to_attach_fires_or_its_refusal_is_known(ways: dict[str, dict[str, t.Any]], host: str) -> None:
    for way in WAYS:
        found, refused = ways[host][way], CANNOT.get(host, {}).get(way)
        assert (found["state"], found["errno"]) == (("unmet", refused) if refused else ("met", None)), (way, found)
        if not refused:
            assert "fired and read back" in found["evidence"], (way, found)


@pytest.mark.parametrize("host", VARIANTS)
def test_a_variant_that_the_kernel_refuses_falls_to_the_next_by_itself(survey: Surveyed, host: str) -> None:
    (result,) = [row for row in survey.records[host]["results"] if row["collector"] == "vfsstat"]
    loader, attach = VARIANTS[host]
    assert (result["tier"], result["status"]) == (3, "ok"), result
    assert (result["cost"]["loader"], result["cost"]["attach"]) == (loader, attach), result["cost"]
    assert {row["labels"]["operation"] for row in result["data"]["items"]} >= {"read", "open"}
    assert bool(result["cost"]["variants_refused"]) == (attach == "kprobe"), result["cost"]


@pytest.mark.parametrize(("host", "library"), [("deb11", "libbpf.so.0"), ("deb12-locked", "libbpf.so.1")])
def test_either_version_of_libbpf_is_the_second_loader(survey: Surveyed, host: str, library: str) -> None:
    capability = survey.records[host]["capability"]
    assert library in capability["userland"]["libbpf"]["path"]
    assert capability["proof"]["loader"] == "libbpf"
    assert capability["proof"]["loader_reason"]


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
    measured: dict[str, Rows],
    survey: Surveyed,
    compared: dict[str, dict[str, t.Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = matrix.render(survey.records, measured, compared)
    with capsys.disabled():
        matrix.PAGE.check(page)
