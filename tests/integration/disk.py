# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A loop device of a test's own, and the kernel's own counts of it."""

from __future__ import annotations

import contextlib
import mmap
import os
import pathlib
import subprocess
import typing as t

MIB = 1 << 20


@contextlib.contextmanager
def loop(folder: pathlib.Path) -> t.Iterator[pathlib.Path]:
    """Have a loop device of 64 MiB for a while."""
    image = folder / "image"
    image.write_bytes(b"")
    os.truncate(image, 64 * MIB)
    name = subprocess.run(
        ["losetup", "--find", "--show", str(image)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    yield pathlib.Path(name)
    subprocess.run(["losetup", "--detach", name], check=True)


class Stat(t.NamedTuple):
    """What a device has completed: Documentation/admin-guide/iostats.rst."""

    reads: int
    sectors_read: int
    writes: int
    sectors_written: int


def stat(device: pathlib.Path) -> Stat:
    """Return the device's line of /proc/diskstats."""
    for line in pathlib.Path("/proc/diskstats").read_text(encoding="ascii").splitlines():
        fields = line.split()
        if fields[2] == device.name:
            return Stat(*(int(fields[at]) for at in (3, 5, 7, 9)))
    raise AssertionError("%s is not in /proc/diskstats" % device)


def direct(device: pathlib.Path, size: int, writes: int, reads: int) -> None:
    """Write and read blocks of one size, past the page cache."""
    block = mmap.mmap(-1, size)
    file = os.open(device, os.O_RDWR | os.O_DIRECT)
    for number in range(writes):
        os.pwritev(file, [block], number * size % (32 * MIB))
    for number in range(reads):
        os.preadv(file, [block], number * size % (32 * MIB))
    os.close(file)
