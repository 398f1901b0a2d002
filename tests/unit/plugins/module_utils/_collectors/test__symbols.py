# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which function an address lies in."""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _symbols

# Of /proc/kallsyms: sorted, but for the modules' symbols at its end; data and constants are no functions.
LINES = [
    b"0000000000001000 T first\n",
    b"0000000000001800 d some_data\n",
    b"0000000000002000 t second\n",
    b"0000000000002000 T second_alias\n",
    b"0000000000009000 T last\n",
    b"0000000000005000 t of_module\t[nf_tables]\n",
    b"broken\n",
]


def test_the_nearest_function_below() -> None:
    wanted = [0x1000, 0x1FFF, 0x2000, 0x4FFF, 0x5001, 0x8FFF, 0x9001]
    assert _symbols.functions([*wanted, 0x10, 0], LINES) == {
        0x1000: "first",
        0x1FFF: "first",
        0x2000: "second",
        0x4FFF: "second",
        0x5001: "of_module",
        0x8FFF: "of_module",
        0x9001: "last",
    }


def test_hidden_addresses_are_none() -> None:
    assert _symbols.functions([0x1000], [b"0000000000000000 T first\n"]) == {}


def test_nothing_asked_reads_nothing() -> None:
    assert _symbols.functions([]) == {}
