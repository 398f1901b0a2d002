# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The form of a generated program file, and what both loaders make of its variables."""

from __future__ import annotations

import base64
import hashlib
import typing as t
import zlib


class Blob(t.Protocol):
    """A module of _programs, which bpf/build.py writes."""

    NAME: str
    SHA256: str
    MAPS: tuple[tuple[str, int, int, int, int], ...]  # name, type, key size, value size, max_entries
    PROGRAMS: tuple[tuple[str, str], ...]  # name, section
    VARIABLES: t.Mapping[str, tuple[str, int, int]]  # name to map, offset, size
    LIGHT: str | bytes
    OBJECT_SHA256: str
    OBJECT: str | bytes


def embedded(what: str, packed: str | bytes, sha256: str) -> bytes:
    """Return what was embedded: by bpf/build.py as text, in a bundle as it is.

    `what` names it in the sentence of the ValueError that is raised when it is not what was built.
    """
    try:
        raw = packed if isinstance(packed, bytes) else zlib.decompress(base64.b64decode(packed))
    except (ValueError, zlib.error) as error:
        raise ValueError("the embedded %s is damaged (%s)" % (what, error)) from None
    found = hashlib.sha256(raw).hexdigest()
    if found != sha256:
        raise ValueError("the embedded %s is not what was built: SHA-256 %s, not %s" % (what, found, sha256))
    return raw


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
