# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of guests, guests.yml, as objects. $LAB_GUESTS names a file with other `guests` (and `absent`) instead of its own."""

from __future__ import annotations

import os
import pathlib
import typing as t

import yaml

PROCESSORS = 2  # of a guest, if the table does not say otherwise
TABLE = pathlib.Path(__file__).with_name("guests.yml")


class Kernel(t.NamedTuple):
    """A kernel: the newest package of `suites` whose name matches `image`."""

    name: str
    suites: tuple[str, ...]
    image: str
    architecture: str  # as Debian calls it


class Root(t.NamedTuple):
    """A root file system; with the headers of kernel `headers`, if that is named."""

    name: str
    suite: str
    architecture: str
    packages: tuple[str, ...]
    headers: str | None


class Host(t.NamedTuple):
    """A host of the inventory: a guest, as `user` sees it, through `view` if that is named (guest/views)."""

    name: str
    guest: str
    user: str
    view: str | None


class Guest(t.NamedTuple):
    """A virtual machine; memory in MiB."""

    name: str
    kernel: Kernel
    root: Root
    memory: int
    command_line: str
    hosts: tuple[Host, ...]
    processors: int


class Lab(t.NamedTuple):
    """Everything in the table."""

    kernels: dict[str, Kernel]
    roots: dict[str, Root]
    guests: dict[str, Guest]
    absent: tuple[str, ...]


def read(text: str, instead: str = "") -> Lab:
    """Parse the table, parts of it replaced by those of `instead`; a KeyError or ValueError names what is wrong in it."""
    raw = {**yaml.safe_load(text), **(yaml.safe_load(instead) or {})}
    kernels = {
        name: Kernel(name, tuple(row["suites"]), row["image"], row.get("architecture", "amd64"))
        for name, row in raw["kernels"].items()
    }
    roots = {
        name: Root(
            name, row["suite"], row.get("architecture", "amd64"), tuple(row.get("packages", ())), row.get("headers")
        )
        for name, row in raw["roots"].items()
    }
    guests = {}
    for name, row in raw["guests"].items():
        hosts = tuple(
            Host(host, name, (about or {}).get("user", "root"), (about or {}).get("view"))
            for host, about in row["hosts"].items()
        )
        kernel, root = kernels[row["kernel"]], roots[row["root"]]
        if kernel.architecture != root.architecture:
            raise ValueError("guest %s: its kernel and its root are of two architectures" % name)
        more = row.get("command_line", ""), hosts, row.get("processors", PROCESSORS)
        guests[name] = Guest(name, kernel, root, row["memory"], *more)
    return Lab(kernels, roots, guests, tuple(raw["absent"]))


def load() -> Lab:
    """Return the lab of the table."""
    instead = os.environ.get("LAB_GUESTS")
    return read(TABLE.read_text(), pathlib.Path(instead).read_text() if instead else "")
