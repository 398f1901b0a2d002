# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Stacks: from the maps of bpf/include/stacks.h, and from what bcc's tools print, to names of functions."""

from __future__ import annotations

import re
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _symbols, _user_symbols
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

# What lies between the one that was seen and our program.
_OURS = re.compile(r"bpf_prog_|bpf_trace_run|__bpf_trace_|__traceiter_|bpf_get_stack")
_STACK = struct.Struct("=127Q")  # struct stack of bpf/include/stacks.h
_FRAME = 128  # characters of a name

NOTES = (
    "user: frames come by frame pointers; a program that is built without them shows the innermost one or two",
    "user: names are those of the files' own symbols (C++ and Rust: mangled); code made at run time and ended processes have none",
)
HIDDEN = "kernel: functions are not known, since the kernel hides its addresses (kernel.kptr_restrict)"
_UNKEPT = "%d times a stack found no room; what was seen with it is counted without"


class Seen(t.NamedTuple):
    """What was seen with a pair of stacks; `kernel` and `user` are keys of the map `stacks`, 0 for none."""

    pid: int
    process: str
    kernel: int
    user: int
    amount: int


def rows(maps: Maps, seen: t.Iterable[Seen]) -> tuple[list[Row], tuple[str, ...]]:
    """Return a row for each process name and pair of stacks, largest first, and notes: the shape `stack` of the record."""
    ordered = sorted(seen, key=lambda one: -one.amount)
    stacks = {struct.unpack("=Q", key)[0]: _addresses(raw) for key, raw in maps.items("stacks")} if ordered else {}
    kernel = {address for one in ordered for address in stacks.get(one.kernel, ())}
    try:
        functions = _symbols.functions(kernel)
    except OSError:
        functions = {}
    wanted: dict[int, dict[int, None]] = {}
    for one in ordered:
        wanted.setdefault(one.pid, {}).update(dict.fromkeys(stacks.get(one.user, ())))
    names = _user_symbols.Symbols().names(wanted)
    found: dict[tuple[str, tuple[str, ...], tuple[str, ...]], int] = {}
    for one in ordered:
        in_kernel = [functions.get(address, _user_symbols.UNKNOWN) for address in stacks.get(one.kernel, ())]
        while in_kernel and _OURS.match(in_kernel[-1]):
            in_kernel.pop()
        in_user = tuple(names[one.pid, address] for address in stacks.get(one.user, ()))
        key = (one.process, in_user, tuple(in_kernel))
        found[key] = found.get(key, 0) + one.amount
    unkept = maps.variable("unkept")
    notes = (*NOTES, *((HIDDEN,) if kernel and not functions else ()), *((_UNKEPT % unkept,) if unkept else ()))
    return [row(*key, count) for key, count in found.items()], notes


def _addresses(raw: bytes) -> list[int]:
    """Return a stack, outermost first. All but the innermost are where a call returns to; the call itself lies before."""
    found = [address for address in _STACK.unpack(raw) if address]
    return [address - 1 for address in found[:0:-1]] + found[:1]


def row(process: str, user: t.Iterable[str], kernel: t.Iterable[str], count: int) -> Row:
    """Return one stack; frames are outermost first."""
    return {"process": process, "user": list(user), "kernel": list(kernel), "count": count}


# --- what bcc's tools print -------------------------------------------------------------------------------------------

# A name (comm) may hold anything, line ends too.
_BLOCK = re.compile(r"(?:(.*)\n)? {4}- {16}(.{0,64}?) \([0-9]{1,10}\)\n {8}([0-9]{1,20})", re.DOTALL)
_BETWEEN = "    --"
_OF_KERNEL = "_[k]"
# "    #%-2d 0x%lx", and then nothing, or "[unknown]", or a name with an offset, a file with one, or both
_ADDRESSED = re.compile(
    r" {4}#[0-9]{1,3} +0x([0-9a-f]{1,16})(?: \[unknown\]|(?: (.{1,1024}?)\+0x[0-9a-f]{1,16})?(?: \(.{0,4096}\+0x[0-9a-f]{1,16}\))?)"
)
_Parts = t.Tuple[t.Tuple[str, ...], t.Tuple[str, ...]]
_BYTES = re.compile(r"^b'(.*)'$")  # so bcc 0.18 prints what is of the kernel


def parse(text: str, marked: bool) -> tuple[list[Row], int]:
    """Return the stacks that profile and offcputime print when they are given -d, and how many could not be read.

    Each is its frames, those of the kernel first and innermost first, with "--" between them and the process's own; then its name
    and number; then what was counted; then an empty line. Where there is no "--", there is one stack only: the kernel's, unless the
    tool marks the kernel's frames (`marked`, profile -a) and did not.
    """

    def parted(frames: list[str]) -> _Parts:
        at = frames.index(_BETWEEN) if _BETWEEN in frames else None
        if at is None:
            at = sum(frame.rstrip("'").endswith(_OF_KERNEL) for frame in frames) if marked else len(frames)
        return _names(frame for frame in frames[at:] if frame != _BETWEEN), _names(frames[:at])

    return _blocks(text, parted)


def parse_addressed(text: str) -> tuple[list[Row], int]:
    """Return the same of a tool of libbpf-tools that is given -v: it prints no "--", but addresses.

    Those of the kernel are in the upper half of what there is. The innermost are the tool's own program and what called it.
    """

    def parted(frames: list[str]) -> _Parts | None:
        kernel: list[str] = []
        user: list[str] = []
        for one in map(_ADDRESSED.fullmatch, frames):
            if one is None:
                return None
            name = one.group(2) or _user_symbols.UNKNOWN
            if not int(one.group(1), 16) >> 63:
                user.append(name)
            elif kernel or not _OURS.match(name):
                kernel.append(name)
        return _names(user), _names(kernel)

    return _blocks(text, parted)


def _blocks(text: str, parted: t.Callable[[list[str]], _Parts | None]) -> tuple[list[Row], int]:
    """Return the stacks of all blocks; `parted` tells a block's frames apart."""
    found: dict[tuple[str, tuple[str, ...], tuple[str, ...]], int] = {}
    unread = 0
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        match = _BLOCK.fullmatch(block)
        parts = parted(match.group(1).split("\n") if match.group(1) else []) if match else None
        if match is None or parts is None:
            unread += bool(block.strip())
            continue
        key = (clean(match.group(2), 64), *parts)
        found[key] = found.get(key, 0) + int(match.group(3))
    return [row(*key, count) for key, count in found.items()], unread


def _names(frames: t.Iterable[str]) -> tuple[str, ...]:
    """Return what the tool printed of each frame, outermost first."""
    bare = (_BYTES.sub(r"\1", frame.strip()) for frame in reversed(list(frames)))
    return tuple(clean(name.replace(_OF_KERNEL, ""), _FRAME) for name in bare)
