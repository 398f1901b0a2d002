# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import os
import struct
import threading
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.syscall import BpfError
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import proof
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing


def own_name() -> bytes:
    with open("/proc/thread-self/comm", "rb") as stream:
        return stream.read()[:-1]


class Loaded:
    """Pretends to be a loaded object whose program has read `seen`."""

    def __init__(self, seen: bytes) -> None:
        """`seen` is struct seen of bpf/proof.bpf.c."""
        self.seen = seen
        self.maps = self
        self.closed = 0

    def attach(self, _program: str, kind: str) -> None:
        """Take it."""
        assert kind == "tp_btf"

    def detach(self) -> None:
        """Take it."""

    def variable_bytes(self, name: str) -> bytes:
        """Return what the program saw."""
        assert name == "seen"
        return self.seen

    def close(self) -> None:
        """Count it."""
        self.closed += 1


def seen(hits: int = 2, pid: int | None = None, tgid: int | None = None, comm: bytes | None = None) -> bytes:
    thread = threading.get_native_id()
    return struct.pack(
        "=QII16s",
        hits,
        thread if pid is None else pid,
        os.getpid() if tgid is None else tgid,
        own_name() if comm is None else comm,
    )


def prove(
    system: t.Callable[..., Host], standing: Standing, loaded: Loaded | Exception, **files: str
) -> dict[str, t.Any]:
    def load(_blob: t.Any, constants: t.Mapping[str, bytes]) -> t.Any:
        assert constants == {"targ_tgid": struct.pack("=I", os.getpid())}
        if isinstance(loaded, Exception):
            raise loaded
        return loaded

    host = system({"/proc/self/ns/pid": "-> " + files.get("pid", "pid:[4026531836]")})
    return proof.prove(host, standing, (("light", load),))


def test_what_was_read_back_is_the_proof(system: t.Callable[..., Host], ordinary: Standing) -> None:
    loaded = Loaded(seen())
    found = prove(system, ordinary, loaded)
    assert (found["state"], found["loader"], found["reason"], loaded.closed) == ("met", "light", None, 1)
    assert found["ms"] >= 0
    assert len(found["blob_sha256"]) == 64


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (seen(hits=0), "did not fire"),
        (seen(tgid=os.getpid() + 1), "process id %d" % (os.getpid() + 1)),
        (seen(pid=0), "thread id 0"),
        (seen(comm=b"other"), "the name 'other'"),
        (seen(comm=b"\xff" * 16), "the name"),
    ],
)
def test_wrong_or_no_reading_proves_nothing(
    system: t.Callable[..., Host], ordinary: Standing, raw: bytes, words: str
) -> None:
    loaded = Loaded(raw)
    found = prove(system, ordinary, loaded)
    assert (found["state"], found["loader"], loaded.closed) == ("unmet", None, 1)
    assert words in found["evidence"]
    assert found["reason"]["code"] == "loader"


def test_inside_a_process_namespace_silence_is_unknown(system: t.Callable[..., Host], ordinary: Standing) -> None:
    found = prove(system, ordinary, Loaded(seen(hits=0)), pid="pid:[4026532999]")
    assert (found["state"], found["reason"]["code"]) == ("unknown", "container")


@pytest.mark.parametrize(
    ("error", "changes", "state", "code", "words"),
    [
        (
            BpfError(errno.EPERM, "load"),
            {"root": False, "may_trace": False},
            "unknown",
            "privilege",
            "without privilege",
        ),
        (
            BpfError(errno.EPERM, "load"),
            {"may_trace": False, "missing": ("CAP_BPF",)},
            "unmet",
            "privilege",
            "lacks CAP_BPF",
        ),
        (BpfError(errno.EINVAL, "load"), {"lockdown": "confidentiality"}, "unmet", "lockdown", "lockdown"),
        (BpfError(errno.EPERM, "load"), {"lockdown": "integrity"}, "unmet", "EPERM", "does not show"),
        (BpfError(errno.E2BIG, "load"), {"version": (5, 10, 0)}, "unmet", "loader", "needs the libbpf loader"),
        (BpfError(errno.EINVAL, "load"), {"version": (5, 10, 0)}, "unmet", "loader", "needs the libbpf loader"),
        (
            BpfError(errno.EINVAL, "load", "R1 invalid mem access\n"),
            {},
            "unmet",
            "loader",
            "The verifier: R1 invalid mem access",
        ),
        (BpfError(errno.ENOMEM, "load"), {}, "unknown", "ENOMEM", "ENOMEM"),
        (ValueError("SHA-256 differs"), {}, "unmet", "loader", "SHA-256 differs"),
    ],
)
def test_a_refusal_has_its_reason(
    system: t.Callable[..., Host],
    ordinary: Standing,
    error: Exception,
    changes: dict[str, t.Any],
    state: str,
    code: str,
    words: str,
) -> None:
    found = prove(system, ordinary._replace(**changes), error)
    assert (found["state"], found["loader"], found["reason"]["code"]) == (state, None, code)
    assert words in found["evidence"] == found["reason"]["message"]


def test_the_second_loader_is_tried_when_the_first_fails(ordinary: Standing) -> None:
    def refuse(_blob: t.Any, constants: t.Mapping[str, bytes]) -> t.Any:
        raise BpfError(errno.E2BIG, "load")

    def load(_blob: t.Any, constants: t.Mapping[str, bytes]) -> t.Any:
        return Loaded(seen())

    found = proof.prove(Host(), ordinary, (("light", refuse), ("other", load)))
    assert (found["state"], found["loader"]) == ("met", "other")
