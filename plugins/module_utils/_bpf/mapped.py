# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Where functions that are mapped into this process lie in their files, as uprobes want it: without reading a symbol table."""

from __future__ import annotations

import ctypes
import errno
import typing as t

# The name that glibc has; musl answers to any libc.so.
_LIBC = "libc.so.6"


def locate(address: int, maps: str) -> tuple[str, int]:
    """Return the file that is mapped at an address and the offset in it, from the text of /proc/self/maps.

    Raise OSError, ENOENT when no file is mapped there.
    """
    for line in maps.splitlines():
        fields = line.split(None, 5)
        low, _dash, high = fields[0].partition("-")
        if int(low, 16) <= address < int(high, 16) and len(fields) == 6 and fields[5].startswith("/"):
            return fields[5], address - int(low, 16) + int(fields[2], 16)
    raise OSError(errno.ENOENT, "no file is mapped at that address")


def target(function: t.Any) -> str:
    """Return where a function of ctypes lies, "/path:offset". Raise OSError when that is no file."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as stream:
        return "%s:%d" % locate(ctypes.cast(function, ctypes.c_void_p).value or 0, stream.read())


def in_libc(name: str, library: str = _LIBC) -> str | None:
    """Return where a function of the C library of this process lies, None when there is no such function to be found.

    The library itself is asked: a search of all that is loaded can end at a program's own way to the function.
    """
    try:
        return target(getattr(ctypes.CDLL(library), name))
    except (AttributeError, OSError):
        return None
