# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Find what questions are to be narrowed to on this host, a process, a cgroup, a disk, as bpf/include/filter.h wants it."""

from __future__ import annotations

import itertools
import os
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Filter
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean, first_line

_FILTER = struct.Struct("=Q16sIIII")  # struct filter of bpf/include/filter.h
_BY_ID, _BY_NAME, _BY_CGROUP, _BY_DISK = 1, 2, 4, 8
_NOWHERE = (1 << 64) - 1  # the id of no cgroup
_NO_DISK = (1 << 32) - 1
_NAME = 15  # bytes of a process's name
_FOLDERS = 50_000  # of cgroups that are looked through
# Where cgroups v2 are: alone, or beside those of version 1.
_CGROUPS = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")


class Narrowing(t.NamedTuple):
    """A filter as this host's kernel knows it, and notes that tell what it is, or that there is no such thing here."""

    raw: bytes
    notes: tuple[str, ...]


class Ambiguous(Exception):
    """What is asked for could be more than one thing here; the text is one sentence."""


def resolve(wanted: Filter, root: str = "") -> Narrowing:
    """Return the narrowing; what is not there matches nothing, and a note says so. `root` is where /proc and /sys are, for tests.

    Raise Ambiguous for a cgroup that more than one could be.
    """
    cgroup = number = disk = by = 0
    text, notes = b"", []
    if wanted.process:
        notes.append("of the process %s only" % wanted.process)
        if wanted.process.isdigit():
            number, by = int(wanted.process), by | _BY_ID
            if not os.path.exists("%s/proc/%d" % (root, number)):
                notes[-1] = "this host has no process %d, so that nothing is counted" % number
        else:
            text, by = os.fsencode(wanted.process)[:_NAME], by | _BY_NAME
    if wanted.cgroup:
        cgroup, note = _cgroup(wanted.cgroup, root)
        by |= _BY_CGROUP
        notes.append(note)
    if wanted.device:
        disk, note = _disk(wanted.device, root)
        by |= _BY_DISK
        notes.append(note)
    return Narrowing(_FILTER.pack(cgroup, text, number, disk, by, 0), tuple(notes))


def _cgroup(wanted: str, root: str) -> tuple[int, str]:
    top = next((root + place for place in _CGROUPS if os.path.exists(root + place + "/cgroup.controllers")), None)
    if top is None:
        return _NOWHERE, "this host has no cgroups of version 2, so that nothing is counted"
    found = [top + "/" + wanted.strip("/")] if "/" in wanted else _search(top, wanted)
    found = [path.rstrip("/") for path in found if os.path.isdir(path)]
    if not found:
        return _NOWHERE, "this host has no cgroup %s, so that nothing is counted" % clean(wanted, 200)
    if len(found) > 1:
        shown = ", ".join(clean(path[len(top) :], 200) for path in found[:3])
        raise Ambiguous("more than one cgroup here could be %s: %s; name one by its path" % (clean(wanted, 200), shown))
    return os.stat(found[0]).st_ino, "of the cgroup %s, and those below it, only" % clean(
        found[0][len(top) :] or "/", 300
    )


def _search(top: str, part: str) -> list[str]:
    """Return the cgroups whose own name holds a text, such as a container's id; not those below one of them."""
    found: list[str] = []
    for place, folders, _files in itertools.islice(os.walk(top), _FOLDERS):
        found += [os.path.join(place, folder) for folder in folders if part in folder]
        folders[:] = [folder for folder in folders if part not in folder]
    return found


def _disk(wanted: str, root: str) -> tuple[int, str]:
    entry = "%s/sys/class/block/%s" % (root, wanted)
    name = wanted
    if os.path.exists(entry + "/partition"):  # requests are the whole disk's
        entry = os.path.dirname(os.path.realpath(entry))
        name = os.path.basename(entry)
    major, colon, minor = (first_line(entry + "/dev") or "").partition(":")
    if not (colon and major.isdigit() and minor.isdigit()):
        return _NO_DISK, "this host has no disk %s, so that nothing is counted" % clean(wanted, 60)
    part = "" if name == wanted else ", of which %s is a part" % wanted
    return int(major) << 20 | int(minor), "of the disk %s%s, only" % (clean(name, 60), part)
