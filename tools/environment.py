# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a private virtual environment hold exactly what a lock file says; do nothing when it already does.

`environment.py FOLDER LOCK`: the environment of the running Python in FOLDER, its packages from LOCK, by hash.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import typing as t

import packages


def stamp(folder: pathlib.Path, lock: pathlib.Path) -> str:
    """Return what identifies an environment: its place, its Python, and its lock's content."""
    parts = (str(folder), sys.base_prefix, sys.version, hashlib.sha256(lock.read_bytes()).hexdigest())
    return "\n".join(parts) + "\n"


def ensure(folder: pathlib.Path, lock: pathlib.Path) -> None:
    """Bring the environment about. Two runs at once wait for each other; an interrupted one is begun again."""
    done = folder / "environment.stamp"
    wanted = stamp(folder, lock)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(str(folder) + ".lock", "w", encoding="utf-8") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if done.exists() and done.read_text(encoding="utf-8") == wanted:
            return
        if importlib.util.find_spec("ensurepip") is None:  # Debian and Ubuntu ship it in a package of its own
            packages.install(["python%d.%d-venv" % sys.version_info[:2]], "Python's venv module")
        print("Installing %s into %s (once)" % (lock, folder), flush=True)
        if folder.exists():
            shutil.rmtree(folder)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [
            str(folder / "bin" / "python"),
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--no-input",
            "install",
            "--quiet",
        ]
        subprocess.run([*pip, "--require-hashes", "--requirement", str(lock)], check=True)
        done.write_text(wanted, encoding="utf-8")


def main(arguments: t.Sequence[str]) -> int:
    folder, lock = (pathlib.Path(argument) for argument in arguments)
    try:
        ensure(folder.absolute(), lock)
    except packages.Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(
            "%s could not be made: %s failed, see above." % (folder, " ".join(map(str, error.cmd[:4]))), file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
