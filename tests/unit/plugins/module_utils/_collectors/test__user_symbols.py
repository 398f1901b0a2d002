# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names for the addresses of processes, by a /proc that is made here."""

from __future__ import annotations

import os
import pathlib

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._user_symbols import (
    UNKNOWN,
    Mapping,
    Symbols,
    mappings,
)

from .test__elf import elf

MAPS = """\
00400000-00401000 r--p 00000000 fe:01 42                                 /usr/bin/tool with space
00401000-00402000 r-xp 00001000 fe:01 42                                 /usr/bin/tool with space
00500000-00501000 r-xp 00000000 fe:01 43                                 /tmp/gone (deleted)
00600000-00601000 rwxp 00000000 00:00 0
7ffd1000-7ffd3000 r-xp 00000000 00:00 0                                  [vdso]
broken
zz-yy r-xp 00000000 00:00 0
"""


def process(root: pathlib.Path, pid: int, maps: str = MAPS) -> pathlib.Path:
    """Make a process's folder, and the file that it maps."""
    folder = root / str(pid) / "map_files"
    folder.mkdir(parents=True)
    (root / str(pid) / "maps").write_text(maps)
    (folder / "401000-402000").write_bytes(elf())
    return folder


def test_only_what_may_be_run_is_a_mapping() -> None:
    assert mappings(MAPS) == [
        Mapping(0x401000, 0x402000, 0x1000, "fe:01", 42, "/usr/bin/tool with space"),
        Mapping(0x500000, 0x501000, 0, "fe:01", 43, "/tmp/gone (deleted)"),
        Mapping(0x600000, 0x601000, 0, "00:00", 0, ""),
        Mapping(0x7FFD1000, 0x7FFD3000, 0, "00:00", 0, "[vdso]"),
    ]


def test_functions_files_and_the_unknown(tmp_path: pathlib.Path) -> None:
    process(tmp_path, 7)
    wanted = [0x401025, 0x401FFF, 0x500010, 0x600010, 0x7FFD1004, 0x402000, 0x10]
    assert Symbols(str(tmp_path)).names({7: wanted}) == {
        (7, 0x401025): "inner",
        (7, 0x401FFF): "[tool with space]",
        (7, 0x500010): "[gone]",
        (7, 0x600010): UNKNOWN,
        (7, 0x7FFD1004): "[vdso]",
        (7, 0x402000): UNKNOWN,
        (7, 0x10): UNKNOWN,
    }


def test_a_process_that_has_ended_has_no_names(tmp_path: pathlib.Path) -> None:
    assert Symbols(str(tmp_path)).names({7: [0x401025]}) == {(7, 0x401025): UNKNOWN}


def test_a_file_of_two_processes_is_read_once(tmp_path: pathlib.Path) -> None:
    process(tmp_path, 7)
    (process(tmp_path, 8) / "401000-402000").unlink()
    assert set(Symbols(str(tmp_path)).names({7: [0x401025], 8: [0x401025]}).values()) == {"inner"}


def test_who_comes_first_is_served_first(tmp_path: pathlib.Path) -> None:
    process(tmp_path, 7)
    process(tmp_path, 8, MAPS.replace("fe:01 42", "fe:01 99"))
    symbols = Symbols(str(tmp_path), room=24 * 6)
    assert symbols.names({8: [0x401025], 7: [0x401025]}) == {(8, 0x401025): "inner", (7, 0x401025): "[tool with space]"}


def test_what_is_no_plain_file_is_not_read(tmp_path: pathlib.Path) -> None:
    file = process(tmp_path, 7) / "401000-402000"
    file.unlink()
    os.mkfifo(file)
    assert Symbols(str(tmp_path)).names({7: [0x401025]}) == {(7, 0x401025): "[tool with space]"}


def test_a_hostile_name_is_text(tmp_path: pathlib.Path) -> None:
    process(tmp_path, 7, MAPS.replace("/tmp/gone", "/tmp/\x1b[31m" + "x" * 500))
    name = Symbols(str(tmp_path)).names({7: [0x500010]})[7, 0x500010]
    assert "\x1b" not in name
    assert len(name) <= 128
