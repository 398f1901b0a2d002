# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Load an embedded object by the host's own libbpf, for kernels that are too old for the light loader.

Any libbpf from 0.3 on will do, .so.0 or .so.1; iproute2 brings one on nearly every distribution. It reads the kernel's BTF
and relocates in user space, which costs milliseconds and memory; after it, everything is as with the light loader:
descriptors by name. What is called here has kept its meaning since 0.3.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.blob import Blob, embedded, sections
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.loaded import Loaded
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Map, Maps

NAMES = ("libbpf.so.1", "libbpf.so.0")

_LOG_KEPT = 4096
_LINE_MAX = 1024


class Absent(Exception):
    """The host has no libbpf that could be used."""


class _OpenOptions(ctypes.Structure):
    """struct bpf_object_open_opts, as far as every version has it."""

    _fields_: t.ClassVar[t.Any] = [("sz", ctypes.c_size_t), ("object_name", ctypes.c_char_p)]


# The variable arguments are handed on as they came: a va_list is passed by address on x86_64 and on aarch64.
_PRINT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)

_PROTOTYPES: t.Mapping[str, tuple[t.Any, tuple[t.Any, ...]]] = {
    "bpf_object__open_mem": (ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p)),
    "bpf_object__load": (ctypes.c_int, (ctypes.c_void_p,)),
    "bpf_object__close": (None, (ctypes.c_void_p,)),
    "bpf_object__find_map_by_name": (ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p)),
    "bpf_object__find_program_by_name": (ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p)),
    "bpf_map__fd": (ctypes.c_int, (ctypes.c_void_p,)),
    "bpf_map__set_max_entries": (ctypes.c_int, (ctypes.c_void_p, ctypes.c_uint32)),
    "bpf_map__set_initial_value": (ctypes.c_int, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)),
    "bpf_program__fd": (ctypes.c_int, (ctypes.c_void_p,)),
    "libbpf_get_error": (ctypes.c_long, (ctypes.c_void_p,)),
    "libbpf_set_print": (ctypes.c_void_p, (_PRINT,)),
}


def library(names: t.Sequence[str] = NAMES) -> ctypes.CDLL:
    """Return the host's libbpf with the prototypes of what is called. Raise Absent."""
    missing = "there is no libbpf on this host (tried %s)" % ", ".join(names)
    for name in names:
        try:
            found = ctypes.CDLL(name)
        except OSError:
            continue
        try:
            for function, (result, arguments) in _PROTOTYPES.items():
                getattr(found, function).restype = result
                getattr(found, function).argtypes = arguments
        except AttributeError as error:
            missing = "%s is too old: %s" % (name, error)
            continue
        return found
    raise Absent(missing)


def unpack(blob: Blob) -> bytes:
    """Return the object file. Raise ValueError when it is not the file that was built."""
    return embedded("object " + blob.NAME, blob.OBJECT, blob.OBJECT_SHA256)


class _Words:
    """What libbpf says while it works, the end of it, instead of on standard error."""

    def __init__(self, lib: ctypes.CDLL) -> None:
        self._vsnprintf = ctypes.CDLL(None).vsnprintf
        self._vsnprintf.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p)
        self.text = ""
        self._callback = _PRINT(self._print)  # kept: libbpf calls it until another is set
        lib.libbpf_set_print(self._callback)

    def _print(self, level: int, form: int, arguments: int) -> int:
        if level < 2:  # warnings and information; debugging is the rest
            line = ctypes.create_string_buffer(_LINE_MAX)
            self._vsnprintf(line, _LINE_MAX, form, arguments)
            self.text = (self.text + line.value.decode("utf-8", "replace"))[-_LOG_KEPT:]
        return 0


def _own(fd: int) -> int:
    """Return a descriptor of our own, close-on-exec: libbpf closes its own with the object."""
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)


def _accepted(number: int, what: str, words: _Words) -> None:
    if number:
        raise syscall.BpfError(number, what, words.text)


def load(
    blob: Blob, sizes: t.Mapping[str, int] | None = None, constants: t.Mapping[str, bytes] | None = None
) -> Loaded:
    """Load an object; nothing is attached yet. The arguments are those of light.load.

    Raise Absent without libbpf, ValueError when the object is not what was built, and BpfError when libbpf or the kernel
    refuses, with what libbpf said about it.
    """
    lib = library()
    words = _Words(lib)
    what = "load %s by libbpf" % blob.NAME
    raw = unpack(blob)
    options = _OpenOptions(ctypes.sizeof(_OpenOptions), blob.NAME.encode())
    handle = lib.bpf_object__open_mem(raw, len(raw), ctypes.byref(options))
    _accepted(-lib.libbpf_get_error(handle) or (0 if handle else 22), what, words)
    descriptors: list[int] = []
    try:
        shapes = {row[0]: lib.bpf_object__find_map_by_name(handle, row[0].encode()) for row in blob.MAPS}
        for name, entries in (sizes or {}).items():
            lib.bpf_map__set_max_entries(shapes[name], entries)
        for name, section in sections(blob, constants or {}).items():
            lib.bpf_map__set_initial_value(shapes[name], bytes(section), len(section))
        _accepted(-lib.bpf_object__load(handle), what, words)
        maps, programs = {}, {}
        for name, kind, key, value, entries in blob.MAPS:
            descriptors.append(_own(lib.bpf_map__fd(shapes[name])))
            maps[name] = Map(descriptors[-1], kind, key, value, (sizes or {}).get(name, entries))
        for name, _section in blob.PROGRAMS:
            program = lib.bpf_object__find_program_by_name(handle, name.encode())
            descriptors.append(_own(lib.bpf_program__fd(program)))
            programs[name] = descriptors[-1]
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    finally:
        lib.bpf_object__close(handle)
    return Loaded("libbpf", blob, Maps(maps, blob.VARIABLES), programs, blob.OBJECT_SHA256)
