# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build and boot guests of the table, two at a time."""

from __future__ import annotations

import concurrent.futures
import pathlib
import typing as t

import guest
import initramfs
import kernels
import needs
import roots
import table

AT_ONCE = 2


class Built(t.NamedTuple):
    """A guest, and what it is started from."""

    guest: table.Guest
    kernel: kernels.Built
    initramfs: pathlib.Path
    image: pathlib.Path


def choose(names: t.Sequence[str]) -> list[table.Guest]:
    """Return the guests of these names; all, if none is given."""
    guests = table.load().guests
    unknown = [name for name in names if name not in guests]
    if unknown:
        raise needs.LabError("No such guest: %s; there are: %s." % (" ".join(unknown), " ".join(guests)))
    return [guests[name] for name in names or guests]


def build(guests: t.Sequence[table.Guest]) -> list[Built]:
    """Build the kernels and images of these guests that are missing."""
    needs.check_machine()
    every = table.load().kernels
    wanted_kernels = {about.kernel.name: about.kernel for about in guests}
    wanted_roots = {about.root.name: about.root for about in guests}
    initramfs.keys()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        built_roots = {
            name: pool.submit(roots.build, root, every[root.headers] if root.headers else None)
            for name, root in wanted_roots.items()
        }
        built_kernels = {name: pool.submit(_kernel, kernel) for name, kernel in wanted_kernels.items()}
        return [
            Built(about, *built_kernels[about.kernel.name].result(), built_roots[about.root.name].result())
            for about in guests
        ]


def _kernel(kernel: table.Kernel) -> tuple[kernels.Built, pathlib.Path]:
    built = kernels.build(kernel)
    return built, initramfs.build(built)


def boot(built: t.Sequence[Built], bound: bool) -> list[guest.Running]:
    """Start guests and wait until they answer, a few at a time; they end with this process if `bound`."""
    up: list[guest.Running] = []
    try:
        for first in range(0, len(built), AT_ONCE):
            batch = [
                guest.start(each.guest, each.kernel.image, each.initramfs, each.image, bound)
                for each in built[first : first + AT_ONCE]
            ]
            up += batch
            for running in batch:
                guest.wait(running)
    except BaseException:
        for running in up:
            guest.stop(running.name)
        raise
    return up
