# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Read a BPF ring buffer that nobody consumed: its first records, in order.

Layout (kernel/bpf/ringbuf.c): a page with the consumer's position, a page with the producer's, then the data. Each record
has a header of 8 bytes: u32 length with two flag bits (busy, discarded), u32 page offset; records start at multiples of 8.
"""

from __future__ import annotations

import mmap
import struct

_BUSY, _DISCARDED, _HEADER = 1 << 31, 1 << 30, 8


def parse(data: bytes, produced: int) -> list[bytes]:
    """Return the records in the first `produced` bytes of a ring's data; a record that is not complete ends the list."""
    records, at = [], 0
    while at + _HEADER <= min(produced, len(data)):
        length = struct.unpack_from("=I", data, at)[0]
        if length & _BUSY:
            break
        size = length & ~(_BUSY | _DISCARDED)
        if not length & _DISCARDED:
            records.append(data[at + _HEADER : at + _HEADER + size])
        at += (size + _HEADER + 7) // 8 * 8
    return records


def read(fd: int, size: int) -> list[bytes]:
    """Return the records of a ring buffer of `size` bytes that was never consumed, so that it never wrapped."""
    page = mmap.PAGESIZE
    with mmap.mmap(fd, page + size, mmap.MAP_SHARED, mmap.PROT_READ, offset=page) as ring:
        produced = struct.unpack_from("=Q", ring, 0)[0]
        return parse(ring[page : page + min(produced, size)], produced)
