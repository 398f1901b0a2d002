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
    found = {}
    for suite, version in VERSIONS.items():
        folder = unpacked("tools", suite, version, PACKAGES)
        found[suite] = Unpacked(version, folder, next(folder.rglob("bcc/table.py")))
    return found


def unpacked(place: str, suite: str, version: str, packages: t.Sequence[str]) -> pathlib.Path:
    """Return the folder of a suite's packages, the first of which has this version. Where they cannot be had, CI fails, and others skip."""
    try:
        return unpack(place, suite, version, packages)
    except needs.LabError as error:
        if IN_CI:
            pytest.fail("%s must be had under CI. %s" % (packages[0], error), pytrace=False)
        pytest.skip("Nothing of %s was tried (tests/tools). %s" % (packages[0], error))


def unpack(place: str, suite: str, version: str, packages: t.Sequence[str]) -> pathlib.Path:
    """Fetch packages and unpack them, unless they are here."""
    needs.CACHE.mkdir(parents=True, exist_ok=True)
    archive = debian.archive((suite,), "amd64")
    wanted = [archive.named(name) for name in packages]
    assert wanted[0].version.startswith(version + ".")
    folder = needs.CACHE / place / ("%s-%s" % (suite, wanted[0].version))
    if not folder.exists():
        work = folder.with_name(folder.name + ".new")
        for left in (work, work.with_name(work.name + ".debs")):
            shutil.rmtree(left, ignore_errors=True)
        work.parent.mkdir(parents=True, exist_ok=True)
        archive.unpack(wanted, work)
        work.rename(folder)
    return folder
