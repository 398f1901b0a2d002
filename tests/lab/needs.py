# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab needs of this machine, and the one sentence for each thing that it does not have."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("LAB_CACHE") or CHECKOUT / ".cache" / "lab").resolve()
DISK_BYTES = 8 << 30  # all images, kernels and packages: about 5 GiB, and what the guests write

sys.path.insert(0, str(CHECKOUT / "tools"))

import packages

HOST_PACKAGES = (
    "qemu-system-x86",
    "qemu-system-arm",
    "ipxe-qemu",
    "mmdebstrap",
    "debian-archive-keyring",
    "e2fsprogs",
    "cpio",
    "kmod",
    "xz-utils",
    "zstd",
    "openssh-client",
    "util-linux",
    "coreutils",
)


class LabError(Exception):
    """The lab cannot go on; the message is one sentence for the user."""


def check_machine() -> None:
    """Have everything there that building and booting takes, or raise LabError."""
    if os.geteuid() != 0:
        raise LabError("The lab unpacks root file systems with their owners: run it as root, or by 'make lab'.")
    CACHE.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(CACHE).free
    built = sum(file.stat().st_blocks * 512 for file in CACHE.rglob("*") if file.is_file() and not file.is_symlink())
    if free + built < DISK_BYTES:
        raise LabError(
            "The lab needs %.0f GiB of disk for %s, and %.1f GiB are free." % (DISK_BYTES / 2**30, CACHE, free / 2**30)
        )
    try:
        packages.install(HOST_PACKAGES, "The lab of real kernels")
    except packages.Missing as missing:
        raise LabError(str(missing)) from None
