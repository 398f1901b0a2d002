# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make an apt repository of packages, and of all that they need on a guest, and print the name of its tar file.

`repository.py SUITE ARCHITECTURE STATUS PACKAGE...`: STATUS is the guest's /var/lib/dpkg/status. A guest reaches no
network, so the repository is carried there. What was made for the same guest and archive is there already.
"""

from __future__ import annotations

import functools
import hashlib
import pathlib
import shutil
import sys
import tarfile
import typing as t

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tests" / "lab"))

import debian
import needs
import store


def entry(deb: pathlib.Path) -> str:
    """Return a package's part of the index `Packages` (wiki.debian.org/DebianRepository/Format)."""
    control = debian.run(["dpkg-deb", "--field", str(deb)], "Reading " + deb.name).rstrip("\n")
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    return "%s\nFilename: ./%s\nSize: %d\nSHA256: %s\n" % (control, deb.name, deb.stat().st_size, digest)


def repack(deb: pathlib.Path) -> None:
    """Pack a package again by gzip, which an emulated processor unpacks in a third of the time that xz takes."""
    tree = deb.with_name("tree")
    debian.run(["dpkg-deb", "--raw-extract", str(deb), str(tree)], "Unpacking " + deb.name)
    debian.run(["dpkg-deb", "-Zgzip", "-z6", "--build", str(tree), str(deb)], "Packing " + deb.name)
    shutil.rmtree(tree)


def build(archive: debian.Archive, names: t.Sequence[str], status: pathlib.Path, work: pathlib.Path) -> None:
    """Write repository.tar: packages, their index."""
    folder = work / "packages"
    archive.fetch(names, status, folder)
    packages = sorted(folder.glob("*.deb"))
    for deb in packages:
        repack(deb)
    (folder / "Packages").write_text("\n".join(map(entry, packages)))
    with tarfile.open(work / "repository.tar", "w") as tar:
        for file in [folder / "Packages", *packages]:
            tar.add(file, file.name)
    shutil.rmtree(folder)


def main(arguments: t.Sequence[str]) -> int:
    suite, architecture, status, *names = arguments
    try:
        archive = debian.archive((suite,), architecture)
        inputs = {
            "archive": archive.digest(),
            "names": sorted(names),
            "files": store.digest(pathlib.Path(status), pathlib.Path(__file__)),
        }
        print(
            store.entry("repositories", inputs, functools.partial(build, archive, names, pathlib.Path(status)))
            / "repository.tar"
        )
    except needs.LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
