# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install the distribution's packages that are named and not there yet, as root or through sudo, asking nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import typing as t


class Missing(Exception):
    """Packages are not there and cannot be installed; the message is one sentence for the user."""


def absent(packages: t.Sequence[str]) -> list[str]:
    """Return those of `packages` that dpkg does not know as installed."""
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *packages]
    listed = subprocess.run(query, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    installed = {line.partition(" ")[2] for line in listed.stdout.splitlines() if line.startswith("installed ")}
    return [package for package in packages if package not in installed]


def as_root() -> list[str] | None:
    """Return what to put before a command to run it as root without a question; None where there is no way."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def install(packages: t.Sequence[str], purpose: str) -> None:
    """Install what is absent of `packages`; raise Missing where that cannot be done. Does nothing the second time."""
    if not shutil.which("apt-get"):
        raise Missing(
            "%s: this machine has no apt; install the equivalents of %s by hand." % (purpose, " ".join(packages))
        )
    wanted = absent(packages)
    if not wanted:
        return
    root = as_root()
    if root is None:
        raise Missing(
            "%s: %s must be installed, which needs root or sudo without a password; ask for: apt-get install %s"
            % (purpose, " ".join(wanted), " ".join(wanted))
        )
    print("%s: installing %s" % (purpose, " ".join(wanted)), flush=True)
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    command = [*apt, "install", "-y", "--no-install-recommends", *wanted]
    if _quiet(command):  # a fresh machine has no package lists, an old one may have stale ones
        _quiet([*apt, "update"])
        error = _quiet(command)
        if error:
            raise Missing("%s: apt-get could not install %s: %s" % (purpose, " ".join(wanted), error))


def _quiet(command: t.Sequence[str]) -> str:
    """Run a command; return apt's first error, or the end of what it printed, if it failed; else an empty text."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if not done.returncode:
        return ""
    errors = [line for line in done.stdout.splitlines() if line.startswith("E: ")]
    return errors[0] if errors else done.stdout[-2000:] or "exit code %d" % done.returncode


def main(arguments: t.Sequence[str]) -> int:
    """`packages.py PURPOSE PACKAGE...`"""
    try:
        install(arguments[1:], arguments[0])
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
