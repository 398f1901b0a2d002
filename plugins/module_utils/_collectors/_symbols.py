# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Which function of the kernel an address lies in, by /proc/kallsyms."""

from __future__ import annotations

import bisect
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

KALLSYMS = "/proc/kallsyms"


def functions(addresses: t.Iterable[int], lines: t.Iterable[bytes] | None = None) -> dict[int, str]:
    """Return {address: function}; what is not known is left out: all where the kernel hides addresses (kptr_restrict).

    `lines` are those of /proc/kallsyms, which hold some 100,000 symbols: they are gone through once and not kept. Raise
    OSError when the file cannot be read.
    """
    wanted = sorted({address for address in addresses if address})
    if not wanted:
        return {}
    if lines is None:
        with open(KALLSYMS, "rb") as stream:
            return functions(wanted, stream)
    # By the number of the first wanted address that is not below a symbol: the highest such symbol.
    nearest: list[tuple[int, bytes]] = [(0, b"")] * (len(wanted) + 1)
    for line in lines:
        words = line.split(None, 3)
        if len(words) < 3 or words[1] not in b"TtWw":
            continue
        symbol = int(words[0], 16)
        at = bisect.bisect_left(wanted, symbol)
        if symbol > nearest[at][0]:
            nearest[at] = (symbol, words[2])
    found: dict[int, str] = {}
    best = (0, b"")
    for address, candidate in zip(wanted, nearest):
        best = max(best, candidate)
        if best[0]:
            found[address] = clean(best[1], 128)
    return found
