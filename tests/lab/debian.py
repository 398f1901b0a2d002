# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's packages from the mirror that this machine is set up with: found by pattern, downloaded, unpacked.

Every set of suites has an apt state of its own below CACHE/apt, so that the machine's own apt is only read.
"""

from __future__ import annotations

import fcntl
import functools
import os
import pathlib
import re
import shutil
import subprocess
import time
import typing as t

import needs
import store

LISTS_SECONDS = 86400  # package lists are read again when they are older
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Package(t.NamedTuple):
    """A package that the mirror has."""

    name: str
    version: str
    architecture: str


def run(command: t.Sequence[str], purpose: str, **options: t.Any) -> str:
    """Run a command, return what it printed; raise LabError with its last words where it fails."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    if done.returncode:
        raise needs.LabError("%s failed: %s: %s" % (purpose, command[0], last_words(done)))
    return done.stdout


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Return why a command failed: the first error as apt, dpkg and mmdebstrap mark it, else the end of what was printed."""
    said = done.stderr.strip() or done.stdout.strip() or "exit code %d" % done.returncode
    errors = [line for line in said.splitlines() if line.startswith("E: ")]
    return " ".join((errors[0] if errors else said[-1500:]).split())


def sources(text: str) -> list[tuple[str, list[str]]]:
    """Return address and suites of each archive in an apt source file, of either format."""
    found = []
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)", line)
        if match:
            found.append((match[1], [match[2]]))
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^(URIs|Suites|Enabled|Types):[ \t]*(.*)$", stanza, re.MULTILINE))
        if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes").lower() not in ("no", "false"):
            found += [(address, fields.get("Suites", "").split()) for address in fields.get("URIs", "").split()]
    return found


@functools.cache
def mirror() -> str:
    """Return the address of the Debian archive: $LAB_MIRROR, or what this machine's apt is set up with."""
    if os.environ.get("LAB_MIRROR"):
        return os.environ["LAB_MIRROR"]
    etc = pathlib.Path("/etc/apt")
    files = [
        etc / "sources.list",
        *sorted(etc.glob("sources.list.d/*.list")),
        *sorted(etc.glob("sources.list.d/*.sources")),
    ]
    for file in files:
        for address, suites in sources(file.read_text()) if file.exists() else []:
            if address.rstrip("/").endswith("/debian") and any(re.fullmatch("[a-z]+", suite) for suite in suites):
                return address
    raise needs.LabError("No Debian mirror: this machine's apt sources name none; name one in LAB_MIRROR.")


def source_line(suite: str) -> str:
    """Return the apt source of one suite."""
    return "deb [signed-by=%s] %s %s main" % (KEYRING, mirror(), suite)


class Archive:
    """The packages of some suites for one architecture."""

    def __init__(self, suites: t.Sequence[str], architecture: str) -> None:
        """Read the package lists, unless they were read today."""
        self.architecture = architecture
        self._state = needs.CACHE / "apt" / ("%s-%s" % ("+".join(suites), architecture))
        lists = self._state / "lists"
        self._options = [
            word
            for option in (
                "Dir::Etc::sourcelist=%s" % (self._state / "sources.list"),
                "Dir::Etc::sourceparts=/dev/null",
                "Dir::State::lists=%s" % lists,
                "Dir::State::status=%s" % (self._state / "status"),
                "Dir::Cache::pkgcache=%s" % (self._state / "pkgcache.bin"),
                "Dir::Cache::srcpkgcache=",
                "APT::Architecture=%s" % architecture,
                "APT::Architectures=%s" % architecture,
                "APT::Sandbox::User=root",
                "Acquire::Languages=none",
                "Acquire::Retries=3",
            )
            for word in ("-o", option)
        ]
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        (self._state / "status").touch()
        with (self._state / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._update("".join(source_line(suite) + "\n" for suite in suites))

    def _update(self, wanted: str) -> None:
        """Read the package lists of these sources, unless that was done today."""
        listed, fresh = self._state / "sources.list", self._state / "fresh"
        young = fresh.exists() and time.time() - fresh.stat().st_mtime < LISTS_SECONDS
        if young and listed.exists() and listed.read_text() == wanted:
            return
        listed.write_text(wanted)
        update = ["apt-get", *self._options, "-qq", "--error-on=any", "update"]
        run(update, "The package mirror %s gives no package lists: reading them" % mirror())
        fresh.touch()

    def digest(self) -> str:
        """Return a digest of the signed index of these suites: it changes when any package does."""
        return store.digest(*sorted((self._state / "lists").glob("*Release")))

    def newest(self, pattern: str) -> Package:
        """Return the package with the highest version among those whose whole name matches the pattern."""
        names = [
            line.split()[0]
            for line in run(
                ["apt-cache", *self._options, "search", "--names-only", "^%s$" % pattern], "Searching packages"
            ).splitlines()
        ]
        if not names:
            raise needs.LabError("The mirror has no %s package named like %s." % (self.architecture, pattern))
        return max((self.named(name) for name in names), key=lambda package: natural(package.version + package.name))

    def named(self, name: str) -> Package:
        """Return the newest version of the package of this name."""
        shown = run(["apt-cache", *self._options, "show", "--no-all-versions", name], "Looking for package " + name)
        fields = dict(re.findall(r"^(Version|Architecture): (.*)$", shown, re.MULTILINE))
        return Package(name, fields["Version"], fields["Architecture"])

    def depends(self, package: Package, pattern: str) -> list[Package]:
        """Return the direct dependencies of a package whose names match the pattern."""
        listed = run(
            ["apt-cache", *self._options, "depends", "--important", package.name],
            "Reading what %s needs" % package.name,
        )
        names = re.findall(r"^[ |]+(?:Pre)?Depends: (\S+)$", listed, re.MULTILINE)
        return [self.named(name) for name in names if re.fullmatch(pattern, name)]

    def unpack(self, wanted: t.Sequence[Package], target: pathlib.Path) -> None:
        """Download packages and unpack them, without running anything of theirs."""
        work = target.with_name(target.name + ".debs")
        work.mkdir()
        names = ["%s=%s" % (package.name, package.version) for package in wanted]
        run(["apt-get", *self._options, "-qq", "download", *names], "Downloading " + " ".join(names), cwd=work)
        target.mkdir(exist_ok=True)
        for deb in sorted(work.glob("*.deb")):
            run(["dpkg-deb", "--extract", str(deb), str(target)], "Unpacking " + deb.name)
        shutil.rmtree(work)

    def fetch(self, names: t.Sequence[str], status: pathlib.Path, target: pathlib.Path) -> None:
        """Download packages to a folder, with all that they need on a machine whose dpkg has this status file."""
        (target / "partial").mkdir(parents=True)
        options = ["-o", "Dir::State::status=%s" % status, "-o", "Dir::Cache::archives=%s" % target]
        command = ["apt-get", *self._options, *options, "-qq", "--yes", "--no-install-recommends", "--download-only"]
        run([*command, "install", *names], "Downloading " + " ".join(names))


@functools.cache
def archive(suites: tuple[str, ...], architecture: str) -> Archive:
    """Return the archive of these suites, its lists read once in a process."""
    return Archive(suites, architecture)


def natural(text: str) -> list[tuple[int, str]]:
    """Return a sort key in which 6.12.117 comes after 6.12.99."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]
