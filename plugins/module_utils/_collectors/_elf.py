# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Which function of an ELF file an offset in it lies in: elf(5), 64 bits, the machine's own byte order.

The file is somebody else's: whatever in it makes no sense is as good as no symbol, and never more is read than `room` says.
"""

from __future__ import annotations

import bisect
import struct
import sys
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string

_HEADER = struct.Struct("=16sHHIQQQIHHHHHH")
_PLACES = (5, 6, 10, 12)  # in it: e_phoff, e_shoff, e_phnum, e_shnum
_SEGMENT = struct.Struct("=IIQQQQQQ")
_SECTION = struct.Struct("=IIQQQQIIQQ")
_SYMBOL = struct.Struct("=IBBHQQ")
_IDENT = b"\x7fELF\x02" + (b"\x01" if sys.byteorder == "little" else b"\x02")
_LOADED, _SYMBOLS, _DYNAMIC_SYMBOLS = 1, 2, 11  # PT_LOAD, SHT_SYMTAB, SHT_DYNSYM
_FUNCTION, _INDIRECT = 2, 10  # STT_FUNC, STT_GNU_IFUNC
_PARTS = 512  # segments, or sections
_NAME = 256  # bytes of a symbol's name


class File(t.Protocol):
    """What is read; os.pread of a file."""

    def __call__(self, size: int, offset: int) -> bytes:
        """Return at most so many bytes from there."""


def functions(read: File, offsets: t.Iterable[int], room: int) -> tuple[dict[int, str], int]:
    """Return {offset: function} of those that lie in one, and how many bytes of symbols were read, which is at most `room`."""
    try:
        return _functions(read, sorted(set(offsets)), room)
    except (struct.error, OSError, ValueError, OverflowError):
        return {}, 0


def _functions(read: File, offsets: list[int], room: int) -> tuple[dict[int, str], int]:
    header = _HEADER.unpack(read(_HEADER.size, 0))
    if header[0][:6] != _IDENT:
        return {}, 0
    segments_at, sections_at, segments, sections = (header[place] for place in _PLACES)
    raw = read(_SEGMENT.size * min(segments, _PARTS), segments_at)
    loaded = [part for part in _SEGMENT.iter_unpack(raw) if part[0] == _LOADED]
    wanted: dict[int, int] = {}  # address in the file's own terms: offset
    for offset in offsets:
        for _kind, _flags, start, address, _physical, size, _memory, _align in loaded:
            if start <= offset < start + size:
                wanted[offset - start + address] = offset
    table = list(_SECTION.iter_unpack(read(_SECTION.size * min(sections, _PARTS), sections_at)))
    symbols = [part for kind in (_SYMBOLS, _DYNAMIC_SYMBOLS) for part in table if part[1] == kind]
    if not symbols or not wanted or symbols[0][5] > room:
        return {}, 0
    _name, _kind, _flags, _address, at, size, link = symbols[0][:7]
    found = _within(_SYMBOL.iter_unpack(read(size, at)[: size // _SYMBOL.size * _SYMBOL.size]), sorted(wanted))
    if link >= len(table):
        return {}, size
    strings_at, strings_size = table[link][4:6]
    names: dict[int, str] = {}
    for address, place in found.items():
        if place < strings_size:
            names[wanted[address]] = c_string(read(_NAME, strings_at + place))
    return {offset: name for offset, name in names.items() if name}, size


def _within(symbols: t.Iterable[tuple[int, int, int, int, int, int]], wanted: list[int]) -> dict[int, int]:
    """Return {address: place of the name} of the addresses that lie in a function; of several, the last that begins before."""
    best: dict[int, tuple[int, int]] = {}
    for name, info, _other, section, start, size in symbols:
        if info & 15 not in (_FUNCTION, _INDIRECT) or not section or not size:
            continue
        for index in range(bisect.bisect_left(wanted, start), bisect.bisect_left(wanted, start + size)):
            if best.get(wanted[index], (-1, 0))[0] < start:
                best[wanted[index]] = (start, name)
    return {address: name for address, (_start, name) in best.items()}
