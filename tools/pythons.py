# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the Pythons of this machine that really start, and put them side by side in one folder.

The checks look for `python3.X` on PATH. A pyenv shim by that name may be there and refuse to run; the folder that
`gather` fills holds links to the real interpreters instead.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

MINORS = range(8, 15)  # 3.8 to 3.14: what a host may have


def gather(folder: pathlib.Path) -> dict[int, pathlib.Path]:
    """Fill `folder` with links `python3.X`; return {X: link}, ascending.."""
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[int, pathlib.Path] = {}
    for minor in MINORS:
        link = folder / ("python3.%d" % minor)
        executable = _interpreter(minor)
        if executable is None:
            link.unlink(missing_ok=True)
            continue
        if not link.is_symlink() or link.readlink() != executable:
            link.unlink(missing_ok=True)
            link.symlink_to(executable)
        found[minor] = link
    return found


def _interpreter(minor: int) -> pathlib.Path | None:
    """Return the real file of Python 3.`minor`, or None where there is none that starts."""
    candidates = [shutil.which("python3.%d" % minor), *_of_pyenv(minor)]
    for candidate in filter(None, candidates):
        code = "import os, sys; print(sys.version_info[1], os.path.realpath(sys.executable))"
        done = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False)
        said, _space, executable = done.stdout.strip().partition(" ")
        if done.returncode == 0 and said == str(minor):
            return pathlib.Path(executable)
    return None


def _of_pyenv(minor: int) -> list[str]:
    """Return the interpreters of 3.`minor` that pyenv manages, newest first."""
    if not shutil.which("pyenv"):
        return []
    listed = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True, check=False).stdout.split()
    versions = [version for version in listed if version.startswith("3.%d." % minor)]
    versions.sort(
        key=lambda version: [int(part) if part.isdigit() else -1 for part in version.split(".")], reverse=True
    )
    prefixes = [
        subprocess.run(["pyenv", "prefix", version], capture_output=True, text=True, check=False).stdout.strip()
        for version in versions
    ]
    return [prefix + "/bin/python3" for prefix in prefixes if prefix]


if __name__ == "__main__":
    for _link in gather(pathlib.Path(sys.argv[1])).values():
        print(_link, "->", _link.readlink())
