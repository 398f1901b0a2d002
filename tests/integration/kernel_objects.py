# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every BPF program, map and link that the kernel holds, asked of the kernel itself: `kernel_objects.py` prints them as JSON.

A witness of its own: it uses nothing of the collection, and runs by itself on any host with Python 3.8 (root).
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import pathlib
import re
import struct
import time
import typing as t

# arch/*/entry/syscalls, enum bpf_cmd: {kind: (BPF_x_GET_NEXT_ID, BPF_x_GET_FD_BY_ID)}
_BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "ppc64le": 361}
_COMMANDS = {"program": (11, 13), "map": (12, 14), "link": (31, 30)}
_INFO = 15  # BPF_OBJ_GET_INFO_BY_FD
# Where the name is in struct bpf_prog_info and struct bpf_map_info, and prog_id in struct bpf_link_info.
_PROGRAM_NAME, _MAP_NAME, _LINK_PROGRAM = 64, 24, 8
_libc = ctypes.CDLL(None, use_errno=True)


class Object(t.NamedTuple):
    """`kind` is program, map or link; a link's `name` is that of its program. Ids are not given twice."""

    kind: str
    id: int
    name: str


def _bpf(command: int, attr: bytearray) -> int:
    buffer = (ctypes.c_char * len(attr)).from_buffer(attr)
    result = int(_libc.syscall(ctypes.c_long(_BPF[os.uname().machine]), command, buffer, len(attr)))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _ids(command: int) -> t.Iterator[int]:
    last = 0
    while True:
        attr = bytearray(struct.pack("=III", last, 0, 0))
        try:
            _bpf(command, attr)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINVAL):  # the last one; before 5.8 there are no ids of links
                return
            raise
        last = struct.unpack_from("=I", attr, 4)[0]
        yield last


def _info(command: int, number: int) -> bytes | None:
    """Return what the kernel says of an object; None where it has gone meanwhile."""
    try:
        descriptor = _bpf(command, bytearray(struct.pack("=III", number, 0, 0)))
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise
    try:
        info = ctypes.create_string_buffer(232)
        _bpf(_INFO, bytearray(struct.pack("=IIQ", descriptor, len(info), ctypes.addressof(info))))
        return info.raw
    finally:
        os.close(descriptor)


def _name(info: bytes, offset: int) -> str:
    return info[offset : offset + 16].split(b"\0")[0].decode("ascii", "replace")


def present() -> frozenset[Object]:
    """Return every object of the kernel, whoever made it."""
    found: set[Object] = set()
    programs: dict[int, str] = {}
    for kind, (next_id, by_id) in _COMMANDS.items():
        for number in _ids(next_id):
            info = _info(by_id, number)
            if info is None:
                continue
            if kind == "link":
                name = programs.get(struct.unpack_from("=I", info, _LINK_PROGRAM)[0], "")
            else:
                name = _name(info, _PROGRAM_NAME if kind == "program" else _MAP_NAME)
            if kind == "program":
                programs[number] = name
            found.add(Object(kind, number, name))
    return frozenset(found)


def names_of(checkout: pathlib.Path) -> frozenset[str]:
    """Return the names that a checkout's programs and maps have in a kernel: of collectors, loader and probes."""
    names = {"__loader.map", "__loader.prog"}
    for file in (checkout / "plugins" / "module_utils" / "_programs").glob("[a-z]*.py"):
        built: dict[str, t.Any] = {}
        exec(compile(file.read_text(encoding="ascii"), str(file), "exec"), built)  # noqa: S102 -- our own file
        names |= {row[0] for row in (*built["MAPS"], *built["PROGRAMS"])}
    bench = (checkout / "plugins" / "module_utils" / "_capability" / "bench.py").read_text(encoding="ascii")
    names |= set(re.findall(r'^NAME = b"(\w+)"', bench, re.MULTILINE))
    return frozenset(name[:15] for name in names)  # BPF_OBJ_NAME_LEN is 16 with its NUL


_CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


def ours() -> frozenset[Object]:
    """Return those objects of the kernel that have the name of one of ours."""
    names = names_of(_CHECKOUT)
    return frozenset(one for one in present() if one.name in names)


def left_of(made: frozenset[Object], seconds: float = 30.0) -> frozenset[Object]:
    """Return which of these objects are still there after a while; the kernel frees what is closed a moment later.

    Ask with what is there after a test and was not before it: another collection that runs on this machine at the same
    time may have made some of it, but has ended when the time is up.
    """
    end = time.monotonic() + seconds
    while True:
        left = made & present()
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.2)


if __name__ == "__main__":
    print(json.dumps(sorted(present())))
