# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Which function of its program or libraries an address of a process lies in, by its memory map and the files mapped there.

Files are opened where the kernel has them mapped (/proc/PID/map_files): also those of containers, and those that were deleted.
"""

from __future__ import annotations

import bisect
import functools
import os
import stat
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _text
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _elf

UNKNOWN = "[unknown]"
_ROOM = 32 << 20  # bytes of symbols that one collection goes through: some two seconds
_MAPS = 4 << 20  # bytes of a /proc/PID/maps: 50,000 mappings


class Mapping(t.NamedTuple):
    """A line of /proc/PID/maps: proc_pid_maps(5)."""

    start: int
    end: int
    offset: int
    device: str
    inode: int
    path: str


def mappings(text: str) -> list[Mapping]:
    """Return what may be run, lowest first; lines of another form are left out."""
    found = []
    for line in text.splitlines():
        words = line.split(None, 5)
        if len(words) < 5 or "x" not in words[1]:
            continue
        low, _dash, high = words[0].partition("-")
        try:
            place = (int(low, 16), int(high, 16), int(words[2], 16), words[3], int(words[4]))
        except ValueError:
            continue
        found.append(Mapping(*place, words[5] if len(words) == 6 else ""))
    return sorted(found)


class Symbols:
    """Names for the addresses of many processes; a file that several map is read once."""

    def __init__(self, proc: str = "/proc", room: int = _ROOM) -> None:
        """Begin with nothing read; `room` is how many bytes of symbols may be."""
        self.ended: set[int] = set()  # processes that were asked for and are not there
        self._proc = proc
        self._room = room

    def names(self, wanted: t.Mapping[int, t.Iterable[int]]) -> dict[tuple[int, int], str]:
        """Return {(process, address): name} for {process: addresses}: a function, "[file]", or UNKNOWN.

        Those that come first are served first, where there is not room for all.
        """
        found: dict[tuple[int, int], str] = {}
        files: dict[tuple[str, int], tuple[str, dict[int, list[tuple[int, int]]]]] = {}
        for pid, addresses in wanted.items():
            text = _text.read_text("%s/%d/maps" % (self._proc, pid), _MAPS)
            if not text:  # nothing is mapped in one that is about to be gone
                self.ended.add(pid)
            maps = mappings(text or "")
            starts = [one.start for one in maps]
            for address in addresses:
                at = bisect.bisect_right(starts, address) - 1
                if at < 0 or address >= maps[at].end:
                    found[pid, address] = UNKNOWN
                    continue
                one = maps[at]
                found[pid, address] = _file_name(one.path)
                if one.inode:
                    opened = "%s/%d/map_files/%x-%x" % (self._proc, pid, one.start, one.end)
                    _path, offsets = files.setdefault((one.device, one.inode), (opened, {}))
                    offsets.setdefault(address - one.start + one.offset, []).append((pid, address))
        for path, offsets in files.values():
            for offset, name in self._functions(path, offsets).items():
                found.update(dict.fromkeys(offsets[offset], name))
        return found

    def _functions(self, path: str, offsets: t.Iterable[int]) -> dict[int, str]:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return {}
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return {}
            found, read = _elf.functions(functools.partial(os.pread, fd), offsets, self._room)
        finally:
            os.close(fd)
        self._room -= read
        return found


def _file_name(path: str) -> str:
    """Return what stands for a function that is not known: the file's name, without its folder."""
    name = path.rpartition("/")[2].replace(" (deleted)", "")
    return _text.clean(name if name.startswith("[") else "[%s]" % name, 128) if name else UNKNOWN
