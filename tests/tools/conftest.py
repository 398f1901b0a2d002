# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bcc's own tools, as Debian packages them, fetched and unpacked once; nothing is installed."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys
import typing as t

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for room in (HERE.parent / "lab", HERE):
    sys.path.insert(0, str(room))

import debian
import needs

IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")
VERSIONS = {"bullseye": "0.18", "bookworm": "0.26", "trixie": "0.31"}  # Ubuntu's and RHEL's lie between them
PACKAGES = ("bpfcc-tools", "python3-bpfcc")


class Unpacked(t.NamedTuple):
    """A version of bcc."""

    version: str
    folder: pathlib.Path
    table: pathlib.Path  # bcc's table.py

    def tool(self, name: str) -> pathlib.Path | None:
        """Return a tool's script, None where this version has none."""
        path = self.folder / "usr" / "sbin" / (name + "-bpfcc")
        return path if path.exists() else None


@pytest.fixture(scope="session")
def bcc() -> dict[str, Unpacked]:
    """All versions, by suite."""
    try:
        return {suite: unpack(suite) for suite in VERSIONS}
    except needs.LabError as error:
        if IN_CI:
            pytest.fail("bcc's tools must be had under CI. %s" % error, pytrace=False)
        pytest.skip("None of bcc's tools was tried (tests/tools). %s" % error)


def unpack(suite: str) -> Unpacked:
    """Fetch a suite's packages, unless they are here."""
    needs.CACHE.mkdir(parents=True, exist_ok=True)
    archive = debian.archive((suite,), "amd64")
    wanted = [archive.named(name) for name in PACKAGES]
    folder = needs.CACHE / "tools" / ("%s-%s" % (suite, wanted[0].version))
    if not folder.exists():
        work = folder.with_name(folder.name + ".new")
        for left in (work, work.with_name(work.name + ".debs")):
            shutil.rmtree(left, ignore_errors=True)
        work.parent.mkdir(parents=True, exist_ok=True)
        archive.unpack(wanted, work)
        work.rename(folder)
    assert wanted[0].version.startswith(VERSIONS[suite] + ".")
    return Unpacked(VERSIONS[suite], folder, next(folder.rglob("bcc/table.py")))
