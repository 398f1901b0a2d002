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
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

# What lies between the one that was seen and our program.
_OURS = re.compile(r"bpf_prog_|bpf_trace_run|__bpf_trace_|__traceiter_|bpf_get_stack")
_STACK = struct.Struct("=127Q")  # struct stack of bpf/include/stacks.h
_SEEN = struct.Struct("=QQI16s4x")  # struct seen of it
_FRAME = 128  # characters of a name

NOTES = (
    "user: frames come by frame pointers; a program that is built without them shows the innermost one or two",
    "user: names are those of the files' own symbols (C++ and Rust: mangled); code made at run time and ended processes have none",
)
HIDDEN = "kernel: functions are not known, since the kernel hides its addresses (kernel.kptr_restrict)"
_ENDED = (
    "user: %d of the count is of processes that had ended with the window (%d of them), whose own frames are [unknown]"
)
_UNKEPT = "%d times a stack found no room; what was seen with it is counted without"


class Seen(t.NamedTuple):
    """What was seen with a pair of stacks; `kernel` and `user` are keys of the map `stacks`, 0 for none."""

    pid: int
    process: str
    kernel: int
    user: int
    amount: int


def read(maps: Maps, name: str) -> t.Iterator[Seen]:
    """Yield what a map counts, which has whose stacks they are for a key."""
    for key, raw in maps.items(name):
        kernel, user, pid, process = _SEEN.unpack(key)
        yield Seen(pid, c_string(process), kernel, user, struct.unpack("=Q", raw)[0])


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
        if stacks.get(one.user):
            wanted.setdefault(one.pid, {}).update(dict.fromkeys(stacks[one.user]))
    symbols = _user_symbols.Symbols()
    names = symbols.names(wanted)
    found: dict[tuple[str, tuple[str, ...], tuple[str, ...]], int] = {}
    for one in ordered:
        in_kernel = [functions.get(address, _user_symbols.UNKNOWN) for address in stacks.get(one.kernel, ())]
        while in_kernel and _OURS.match(in_kernel[-1]):
            in_kernel.pop()
        in_user = tuple(names[one.pid, address] for address in stacks.get(one.user, ()))
        key = (one.process, in_user, tuple(in_kernel))
        found[key] = found.get(key, 0) + one.amount
    nameless = sum(one.amount for one in ordered if one.pid in symbols.ended and stacks.get(one.user))
    unkept = maps.variable("unkept")
    said = (
        (HIDDEN, kernel and not functions),
        (_ENDED % (nameless, len(symbols.ended)), nameless),
        (_UNKEPT % unkept, unkept),
    )
    notes = (*NOTES, *(note for note, true in said if true))
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
_BLOCK = re.compile(r"(?:(.*)\n)? {4}- {16}(.{0,64}?) \(([0-9]{1,10})\)\n {8}([0-9]{1,20})", re.DOTALL)
_BETWEEN = "    --"
_NO_KERNEL, _NO_USER = "    [Missed Kernel Stack]", "    [Missed User Stack]"
_IDLE = "0"  # the number of each CPU's idle task
_MISSED = "%d stacks the tool could not keep in whole or in part; what was seen with them is counted without"
_OF_KERNEL = "_[k]"
# By what the kernel is entered, or a thread of it begins: x86, aarch64, others. It is the outermost frame of the kernel's.
_ENTRY = re.compile(r"entry_[SI]|asm_(?:sysvec|exc|common|spurious|int)|retint_|ret_from_|el[01]t_|system_call")
_Key = t.Tuple[str, t.Tuple[str, ...], t.Tuple[str, ...]]  # as `row` takes it
_BYTES = re.compile(r"^b'(.*)'$")  # so bcc 0.18 prints what is of the kernel


def parse(text: str, marked: bool) -> tuple[list[Row], int, tuple[str, ...]]:
    """Return the stacks that profile and offcputime print when they are given -d, how many could not be read, and notes.

    Each is its frames, those of the kernel first and innermost first, with "--" between them and the process's own; then its name
    and number; then what was counted; then an empty line. Where there is no "--", there is one stack only: the kernel's, unless the
    tool marks the kernel's frames (`marked`, profile -a) and did not, or says which one it has not kept. What a CPU waits for while
    it is idle is nobody's.
    """
    found: dict[_Key, int] = {}
    unread = missed = 0
    for block in _blocks(text):
        if block is None:
            unread += 1
            continue
        process, frames, count = block
        missed += _NO_KERNEL in frames or _NO_USER in frames
        kernel, user = _parted(frames, marked)
        key = (process, _names(user), _names(kernel))
        found[key] = found.get(key, 0) + count
    return [row(*key, count) for key, count in found.items()], unread, (_MISSED % missed,) if missed else ()


def parse_undelimited(text: str) -> tuple[list[Row], int]:
    """Return the same of a tool of libbpf-tools, which prints no "--": the kernel's frames end where it was entered.

    The innermost are the tool's own program and what called it. Where the kernel's are missing there is no entry.
    """
    found: dict[_Key, int] = {}
    unread = 0
    for block in _blocks(text):
        if block is None:
            unread += 1
            continue
        process, frames, count = block
        at = max((at for at, frame in enumerate(frames, 1) if _ENTRY.match(frame.strip())), default=0)
        kernel = frames[:at]
        while kernel and _OURS.match(kernel[0].strip()):
            kernel.pop(0)
        key = (process, _names(frames[at:]), _names(kernel))
        found[key] = found.get(key, 0) + count
    return [row(*key, count) for key, count in found.items()], unread


def _blocks(text: str) -> t.Iterator[tuple[str, list[str], int] | None]:
    """Yield each stack's process, its frames as they are printed, and what was counted; None for what cannot be read."""
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        match = _BLOCK.fullmatch(block)
        if match is None:
            if block.strip():
                yield None
        elif match.group(3) != _IDLE:
            frames = match.group(1).split("\n") if match.group(1) else []
            yield clean(match.group(2), 64), frames, int(match.group(4))


def _parted(frames: list[str], marked: bool) -> tuple[list[str], list[str]]:
    """Return the kernel's frames and the process's own."""
    if frames[:1] == [_NO_KERNEL]:
        return [], [frame for frame in frames[1:] if frame != _NO_USER]
    if frames[-1:] == [_NO_USER]:
        return frames[:-1], []
    if _BETWEEN in frames:
        at = frames.index(_BETWEEN)
        return frames[:at], frames[at + 1 :]
    at = sum(frame.rstrip("'").endswith(_OF_KERNEL) for frame in frames) if marked else len(frames)
    return frames[:at], frames[at:]


def _names(frames: t.Iterable[str]) -> tuple[str, ...]:
    """Return what the tool printed of each frame, outermost first."""
    bare = (_BYTES.sub(r"\1", frame.strip()) for frame in reversed(list(frames)))
    return tuple(clean(name.replace(_OF_KERNEL, ""), _FRAME) for name in bare)
