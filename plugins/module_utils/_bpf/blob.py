# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The form of a generated program file, and what both loaders make of its variables."""

from __future__ import annotations

import typing as t


class Blob(t.Protocol):
    """A module of _programs, which bpf/build.py writes."""

    NAME: str
    SHA256: str
    MAPS: tuple[tuple[str, int, int, int, int], ...]  # name, type, key size, value size, max_entries
    PROGRAMS: tuple[tuple[str, str], ...]  # name, section
    VARIABLES: t.Mapping[str, tuple[str, int, int]]  # name to map, offset, size
    LIGHT: str
    OBJECT_SHA256: str
    OBJECT: str


def sections(blob: Blob, constants: t.Mapping[str, bytes]) -> dict[str, bytearray]:
    """Return the initial value of each section that holds one of the constants, by map; the rest of it is zero.

    Raise KeyError for a name that the object does not have, ValueError for a value of another size.
    """
    found: dict[str, bytearray] = {}
    for name, value in constants.items():
        owner, offset, size = blob.VARIABLES[name]
        if len(value) != size:
            raise ValueError("%s has %d bytes, not %d" % (name, size, len(value)))
        section = found.setdefault(owner, bytearray(next(row[3] for row in blob.MAPS if row[0] == owner)))
        section[offset : offset + size] = value
    return found
