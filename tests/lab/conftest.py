# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab, built and booted once for all tests here, and ended with them; and one survey of all of it."""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import sys
import time
import typing as t

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for room in (HERE.parent / "integration", HERE):
    sys.path.insert(0, str(room))

import comparisons
import guest
import inventory
import lab
import needs
import plan
import playing
import table
from remote import Remote

IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")
WINDOW_SECONDS = 8
# What the lab asks of every host: the standard collectors, and one that is attached to functions, in two variants.
STANDARD = ("runqlat", "biolatency", "tcpretrans", "execsnoop")
COLLECTORS = (*STANDARD, "vfsstat")
# Native programs against bcc's tools. The kernel of Debian 12 has no function that its own biolatency-bpfcc could attach to.
COMPARED = {"deb12": ("runqlat", "tcpretrans", "execsnoop"), "deb11-bcc": ("biolatency",)}
LOAD_SECONDS = "8"
# vfsstat by function entry where the kernel has it, by kprobe where not; and by which loader.
VARIANTS = {
    "deb11": ("libbpf", "fentry"),
    "deb12": ("light", "fentry"),
    "deb12-arm64": ("light", "kprobe"),
    "deb12-locked": ("libbpf", "fentry"),
    "deb13": ("light", "fentry"),
    "newest": ("light", "fentry"),
}
# Emulated, the module is slow to start: this is how long a visit may take beyond the window.
VISIT_SECONDS = 300


class Surveyed(t.NamedTuple):
    """A survey, played to its end."""

    played: playing.Played
    records: dict[str, dict[str, t.Any]]
    report: dict[str, t.Any]
    seconds: float


@pytest.fixture(scope="session")
def source() -> t.Iterator[str]:
    """Boot the lab; yield the file of its inventory."""
    begun = time.monotonic()
    there = guest.started()
    try:
        built = lab.build(lab.choose(()))
        ready = time.monotonic()
        lab.boot(built, bound=True)
    except needs.LabError as error:
        if IN_CI:
            pytest.fail("The lab of real kernels must run under CI. %s" % error, pytrace=False)
        pytest.skip("None of the tests on real kernels (tests/lab) was run. %s" % error)
    print("\nlab: built in %.0f s, up in %.0f s" % (ready - begun, time.monotonic() - ready))
    try:
        yield str(inventory.write(table.load()))
    finally:
        for name in guest.started():
            if name not in there:
                guest.stop(name)


@pytest.fixture(scope="session")
def compared(source: str) -> dict[str, dict[str, t.Any]]:
    """Let native programs and tools count the same time, on both guests at once; what agree.py says, by host."""
    assert source
    with concurrent.futures.ThreadPoolExecutor(len(COMPARED)) as pool:
        asked = {host: pool.submit(Remote(host).ask, "agree", LOAD_SECONDS, *names) for host, names in COMPARED.items()}
        return {host: answer.result() for host, answer in asked.items()}


@pytest.fixture(scope="session")
def beside(source: str) -> dict[str, dict[str, t.Any]]:
    """Let our collectors and independent tools count the same time; what beside.py says, by batch, or why it does not."""
    assert source
    remote = Remote(comparisons.HOST)
    said = {}
    for batch in plan.BATCHES:
        try:
            said[batch] = remote.ask("beside", batch)[batch]
        except AssertionError as error:
            said[batch] = {"failed": str(error)}
    return said


@pytest.fixture(scope="session")
def survey(source: str, tmp_path_factory: pytest.TempPathFactory) -> Surveyed:
    """Survey every host of the lab, once, while files are read on some of them."""
    readers = [Remote(host).read_files() for host in VARIANTS]
    try:
        return play(tmp_path_factory.mktemp("survey"), source)
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()


def play(folder: pathlib.Path, source: str, *arguments: str, **settings: t.Any) -> Surveyed:
    """Survey hosts of the lab; `settings` are the role's variables without their prefix."""
    begun = time.monotonic()
    chosen = {"duration": WINDOW_SECONDS, "collectors": COLLECTORS, "timeout": VISIT_SECONDS, **settings}
    played = playing.survey(folder, source, *arguments, **chosen)
    run = folder / "reports" / "latest"
    assert (run / "survey.json").exists(), played.out
    report = json.loads((run / "survey.json").read_text())
    return Surveyed(played, playing.records(run), report, time.monotonic() - begun)
