# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import struct

from ansible_collections.ebpf.fleet.plugins.module_utils._capability import core_relocation


def test_type_information_is_well_formed() -> None:
    raw = core_relocation.type_information()
    magic, version, _flags, header, type_off, type_len, str_off, str_len = struct.unpack_from("=HBBIIIII", raw)
    assert (magic, version, header, type_off, str_off) == (0xEB9F, 1, 24, 0, type_len)
    assert len(raw) == header + type_len + str_len
    strings = raw[header + str_off :]
    assert strings[:1] == strings[-1:] == b"\0"
    at, names, kinds = header, [], []
    for extra in (4, 12, 0, 0):  # what follows the 12 bytes of int, of a struct with one member, of the others
        name, info = struct.unpack_from("=II", raw, at)
        names.append(strings[name:].split(b"\0")[0].decode())
        kinds.append(info >> 24)
        at += 12 + extra
    assert at == header + type_len
    assert names == ["int", "task_struct", "", "relocated"]
    assert kinds == [1, 4, 13, 12]
