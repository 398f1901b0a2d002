# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one of bcc's tools without a kernel: its own parser takes our arguments, its own code prints what we make up.

    pretend.py TOOL TABLE_PY [ARGUMENT...]

The tool's script is the real one, and so is the code that prints histograms, taken from bcc's table.py. In place of the
rest of bcc stands what is below: it loads nothing, reports each event twice, has two rows in each table, and then
interrupts the tool. What is printed has the real greeting and the real columns; the figures in them mean nothing.
"""

from __future__ import annotations

import ast
import builtins
import ctypes
import functools
import io
import os
import pathlib
import platform
import runpy
import socket
import subprocess
import sys
import time
import types
import typing as t

COMM = b"two words"
TEXTS = {
    "comm": COMM,
    "task": COMM,
    "waker": COMM,
    "target": COMM,
    "pcomm": COMM,
    "fcomm": COMM,
    "tcomm": COMM,
    "argv": b"/bin/some",
    "host": b"a.host",
    "name": COMM,  # also a file's and a slab's
    "file": b"a file",
    "fname": b"a file",
    "fname2": b"another",
    "filename": b"a file",
    "disk_name": b"vda",
    "disk": b"md0",
    "driver": b"virtio_blk",
    "dev": b"virtio1",
    "vqname": b"req.0",
    "type": b"R",
}
NUMBERS = {
    "pid": 4242,
    "tgid": 4242,
    "tid": 4243,
    "id": (4242 << 32) | 4243,
    "proto": (int(socket.AF_INET) << 16) | 1,
    "protocol": int(socket.IPPROTO_TCP),
    "cap": 21,
    "action": ord("D"),
    "len": 1048576,
    "delta": 1234567890,
    "ret": -2 & 0xFFFFFFFF,
    "fd_cnt": 1,
    "ip": 4,
}
OF_TOOL: dict[str, dict[str, t.Any]] = {
    "execsnoop": {"retval": 0},
    "dcsnoop": {"type": 0},
    "fileslower": {"mode": 1},
    "kvmexit": {
        "value": NUMBERS["id"],
        "exit_ct": [5] * 80,
        "cache_exit_ct": types.SimpleNamespace(exit_ct=[5] * 80),
    },
    "shmsnoop": {"sys": 1, "ret": 0},
    "sofdsnoop": {"action": 0},
    "statsnoop": {"ret": -2},
    "syncsnoop": {"sys": 2},
    "tcpsubnet": {"index": 1},
    "tcptop": {"value": 4096},
}
IN_PARTS = ("execsnoop", "opensnoop")  # their events come in two parts
FUNCTIONS = {"cachestat": [b"mark_page_accessed", b"add_to_page_cache_lru"]}  # which it tells apart by their names
SIX = socket.inet_pton(socket.AF_INET6, "2001:db8::1")
CALLERS = 2  # events of each kind, rows of each table


class Four(bytes):
    """An IPv4 address: most tools take it for a number, newer ones for bytes."""

    def __index__(self) -> int:
        return int.from_bytes(self, sys.byteorder)


class Figures:
    """An event, a key or a value: has every attribute that is asked for."""

    def __init__(self, tool: str, table: str, which: int) -> None:
        self._tool, self._table, self._which = tool, table, which

    def __getattr__(self, name: str) -> t.Any:
        special = OF_TOOL.get(self._tool, {})
        if name in special:
            return special[name]
        if name == "type" and self._tool != "filetop":
            return self._which if self._tool in IN_PARTS else 1
        if name == "dev" and self._tool != "virtiostat":
            return 8
        if name in ("saddr", "daddr"):
            return SIX if "ipv6" in self._table else Four((10, 0, 0, 7 + self._which))
        if name in ("ip", "nf") and self._tool == "cachestat":
            return self._which
        if name == "laddr":
            return [0x0100007F]
        if name in ("addrs", "fd"):
            return [3] * 8
        if name == "stack_id":
            return 1
        if name.endswith("_stack_id"):
            return 1 + self._which
        return TEXTS.get(name, NUMBERS.get(name, 7 + self._which))

    def __getitem__(self, _index: t.Any) -> t.Any:
        return self

    def __lt__(self, other: Figures) -> bool:
        return self._which < other._which


class Table:
    """A map of the tool's."""

    def __init__(self, owner: BPF, name: str) -> None:
        self._owner, self._name = owner, name

    def open_perf_buffer(self, callback: t.Callable[..., None], **_options: t.Any) -> None:
        self._owner.callbacks.append(callback)

    open_ring_buffer = open_perf_buffer

    def event(self, data: int) -> Figures:
        return Figures(self._owner.tool, self._name, data)

    def items(self) -> list[tuple[Figures, Figures]]:
        return [
            (Figures(self._owner.tool, self._name, number), Figures(self._owner.tool, self._name, number))
            for number in range(CALLERS)
        ]

    items_lookup_and_delete_batch = items_lookup_batch = items

    def clear(self) -> None:
        """Nothing is kept."""

    items_delete_batch = clear

    def walk(self, stack: int) -> list[int]:
        return [0xFFFFFFFF81000000 + stack + depth for depth in range(4)]

    def __getitem__(self, _key: t.Any) -> Figures:
        return Figures(self._owner.tool, self._name, 0)

    def __len__(self) -> int:
        return CALLERS

    def __contains__(self, _key: t.Any) -> bool:
        return True

    def __setitem__(self, key: t.Any, value: t.Any) -> None:
        """Settings of the tool's program."""

    def print_log2_hist(
        self,
        val_type: str = "value",
        section_header: str = "Bucket ptr",
        section_print_fn: t.Callable[[t.Any], t.Any] | None = None,
        strip_leading_zero: t.Any = None,
    ) -> None:
        """As table.py: a histogram for each section, where the tool's keys have one."""
        for section in SECTIONS.get(self._owner.tool, ()):
            if section_print_fn:
                print("\n%s = %s" % (section_header, section_print_fn(section)))
            else:
                print("\n%s = %r" % (section_header, section))
            PRINT["_print_log2_hist"](LOG2, val_type, strip_leading_zero)
        if self._owner.tool not in SECTIONS:
            PRINT["_print_log2_hist"](LOG2, val_type, strip_leading_zero)

    def print_linear_hist(self, val_type: str = "value", *_section: t.Any) -> None:
        extra = (None,) if PRINT["_print_linear_hist"].__code__.co_argcount > 2 else ()
        PRINT["_print_linear_hist"](LINEAR, val_type, *extra)


class Disk(int):
    """What tells a disk: its number, and before bcc 0.31 its name."""

    def decode(self, *_how: str) -> str:
        return "vda"

    def __repr__(self) -> str:
        return "b'vda'"


LOG2 = [0, 3, 0, 5] + [0] * 60
LINEAR = [90, 7, 3] + [0] * 61
SECTIONS: dict[str, tuple[t.Any, ...]] = {
    **dict.fromkeys(("btrfsdist", "ext4dist", "nfsdist", "xfsdist", "zfsdist"), (b"read", b"fsync")),
    "biolatency": (Disk(254 << 20),),
    "hardirqs": (b"virtio0-req.0", b"timer"),
    "softirqs": (1, 3),
    "tcpsynbl": (128, 4096),
    "tcpcong": (0, 4),
}
PRINT: dict[str, t.Any] = {"stars_max": 40}


class BPF:
    """What stands in for bcc's."""

    tool = ""

    def __init__(self, *_text: t.Any, **_options: t.Any) -> None:
        self.callbacks: list[t.Callable[..., None]] = []
        self._polls = 0

    def __getitem__(self, name: str) -> Table:
        return Table(self, name)

    get_table = __getitem__

    def perf_buffer_poll(self, *_timeout: t.Any, **_options: t.Any) -> None:
        self._polls += 1
        if self._polls > 1:
            raise KeyboardInterrupt
        for callback in self.callbacks:
            for number in range(CALLERS):
                for data in _data(callback, number):
                    callback(0, data, 0)

    ring_buffer_poll = perf_buffer_poll

    def __getattr__(self, name: str) -> t.Callable[..., None]:
        if name.startswith("attach_"):
            return lambda *_args, **_options: None
        raise AttributeError(name)

    def num_open_kprobes(self) -> int:
        return 1

    def get_syscall_prefix(self) -> bytes:
        return b"__x64_sys_"

    def get_syscall_fnname(self, name: str) -> str:
        return "__x64_sys_" + name

    @staticmethod
    def ksym(address: int, show_offset: bool = False, **_options: t.Any) -> bytes:
        if BPF.tool in FUNCTIONS:
            return FUNCTIONS[BPF.tool][address % CALLERS]
        return b"do_it+0x7" if show_offset else b"do_it"

    def sym(self, _address: int, _pid: int, **_options: t.Any) -> bytes:
        return b"main"

    @staticmethod
    def ksymname(_name: t.Any) -> int:
        return 0xFFFFFFFF81000000

    @staticmethod
    def get_kprobe_functions(name: bytes) -> list[bytes]:
        return [name]

    @staticmethod
    def kernel_struct_has_field(_struct: t.Any, _field: t.Any) -> int:
        return 0

    @staticmethod
    def tracepoint_exists(_category: str, _event: str) -> bool:
        return False

    @staticmethod
    def monotonic_time() -> int:
        return time.monotonic_ns()

    support_kfunc = support_raw_tracepoint = support_raw_tracepoint_in_module = staticmethod(lambda: False)


def _data(callback: t.Callable[..., None], number: int) -> t.Iterator[t.Any]:
    """Yield what a callback gets: a number, or records, where the tool reads the kernel's by itself."""
    names = (callback.func if isinstance(callback, functools.partial) else callback).__globals__
    if BPF.tool == "exitsnoop" and "Data" in names:  # 0.18
        record = names["Data"](start_time=1, exit_time=10**9, pid=4242, tid=4243, ppid=1, sig_info=9, task=COMM)
        yield ctypes.addressof(_kept(record))
        return
    if BPF.tool != "mountsnoop":
        yield number
        return
    kinds = names["EventType"]
    for kind in ("MOUNT", "MOUNT_SOURCE", "MOUNT_TARGET", "MOUNT_TYPE", "MOUNT_DATA", "MOUNT_RET"):
        yield _mount_record(names["Event"], getattr(kinds, "EVENT_" + kind), kind == "MOUNT")
    for kind in ("UMOUNT", "UMOUNT_TARGET", "UMOUNT_RET"):
        yield _mount_record(names["Event"], getattr(kinds, "EVENT_" + kind), kind == "UMOUNT")


def _mount_record(event: t.Any, kind: int, enter: bool) -> t.Any:
    record = event()
    record.type, record.pid, record.tgid = kind, NUMBERS["tid"], NUMBERS["pid"]
    if enter:
        record.union.enter.comm, record.union.enter.mnt_ns = COMM, 4026531840
    return ctypes.addressof(_kept(record))


def _kept(record: t.Any, kept: list[t.Any] = []) -> t.Any:  # noqa: B006  # its address is handed on: it must live
    kept.append(record)
    return record


def _printers(table: pathlib.Path) -> None:
    """Take the functions that print histograms out of bcc's table.py, whose other parts need libbcc."""
    wanted = {"_stars", "_print_log2_hist", "_print_linear_hist"}
    tree = ast.parse(table.read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in wanted]
    exec(compile(tree, str(table), "exec"), PRINT)  # noqa: S102  # Debian's own package


def _sleep(seconds: float, naps: list[float] = []) -> None:  # noqa: B006  # counts the calls
    naps.append(seconds)
    if seconds >= 3600 or len(naps) > CALLERS:
        raise KeyboardInterrupt


KALLSYMS = "ffffffff81000000 D vm_zone_stat\n" + "".join(
    "ffffffff81000000 D %s_file_operations\n" % name for name in ("btrfs", "ext4", "f2fs")
)


def _open(name: t.Any, *args: t.Any, real: t.Any = builtins.open, **options: t.Any) -> t.Any:
    return io.StringIO(KALLSYMS) if name == "/proc/kallsyms" else real(name, *args, **options)


def main() -> None:
    """Run the tool."""
    tool, table = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    BPF.tool = tool.name.replace("-bpfcc", "")
    _printers(table)
    bcc, utils, containers = types.ModuleType("bcc"), types.ModuleType("bcc.utils"), types.ModuleType("bcc.containers")
    bcc.__dict__.update(
        BPF=BPF, USDT=BPF, DEBUG_SOURCE=8, ArgString=str, PerfType=_Any(), PerfSWConfig=_Any(), utils=utils
    )
    bcc.__dict__.update(PerfHWConfig=_Any(), containers=containers, __path__=[str(table.parent)])
    utils.__dict__.update(printb=_printb, get_online_cpus=lambda: [0, 1], ArgString=str)
    containers.__dict__.update(filter_by_containers=lambda _args: "")
    sys.modules.update({"bcc": bcc, "bcc.utils": utils, "bcc.containers": containers})
    time.sleep = _sleep  # type: ignore[assignment]
    builtins.open = _open
    platform.release = lambda: "6.1.0"  # slabratetop works up to 6.7
    os.access = lambda *_args, **_options: True
    subprocess.check_output = lambda *_args, **_options: b"vendor_id : GenuineIntel\n"  # type: ignore[assignment]
    sys.argv = [str(tool), *sys.argv[3:]]
    runpy.run_path(str(tool), run_name="__main__")


class _Any:
    def __getattr__(self, _name: str) -> int:
        return 0


def _printb(text: bytes, file: t.Any = None, nl: t.Any = 1) -> None:
    """As bcc's."""
    stream = file or sys.stdout
    stream.buffer.write(text + (b"\n" if nl else b""))
    stream.flush()


if __name__ == "__main__":
    main()
