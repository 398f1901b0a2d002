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
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import loader
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.libbpf import Absent
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
        self.loader, self.because, self.sha256 = "light", None, "0" * 64

    def attach(self) -> None:
        """Take it."""

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
    system: t.Callable[..., Host], standing: Standing, loaded: Loaded | loader.Refused, **files: str
) -> dict[str, t.Any]:
    def load(_blob: t.Any, constants: t.Mapping[str, bytes]) -> t.Any:
        assert constants == {"targ_tgid": struct.pack("=I", os.getpid())}
        if isinstance(loaded, loader.Refused):
            raise loaded
        return loaded

    host = system({"/proc/self/ns/pid": "-> " + files.get("pid", "pid:[4026531836]")})
    return proof.prove(host, standing, load)


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
    assert (found["state"], found["loader"], loaded.closed) == ("unmet", "light", 1)
    assert words in found["evidence"]
    assert found["reason"]["code"] == "loader"


def test_inside_a_process_namespace_silence_is_unknown(system: t.Callable[..., Host], ordinary: Standing) -> None:
    found = prove(system, ordinary, Loaded(seen(hits=0)), pid="pid:[4026532999]")
    assert (found["state"], found["reason"]["code"]) == ("unknown", "container")


BECAUSE = "the light loader needs Linux 5.17, and this kernel (5.10.0) refuses it with E2BIG"


@pytest.mark.parametrize(
    ("cause", "because", "changes", "state", "code", "words"),
    [
        (
            BpfError(errno.EPERM, "load"),
            None,
            {"root": False, "may_trace": False},
            "unknown",
            "privilege",
            "without privilege",
        ),
        (
            BpfError(errno.EPERM, "load"),
            None,
            {"may_trace": False, "missing": ("CAP_BPF",)},
            "unmet",
            "privilege",
            "lacks CAP_BPF",
        ),
        (BpfError(errno.EINVAL, "load"), None, {"lockdown": "confidentiality"}, "unmet", "lockdown", "lockdown"),
        (BpfError(errno.EPERM, "load"), None, {"lockdown": "integrity"}, "unmet", "EPERM", "does not show"),
        (
            Absent("there is no libbpf on this host"),
            BECAUSE,
            {},
            "unmet",
            "no_libbpf",
            BECAUSE + "; there is no libbpf",
        ),
        (BpfError(errno.ESRCH, "load"), BECAUSE, {"version": (5, 4, 0)}, "unmet", "ESRCH", BECAUSE),
        (
            BpfError(errno.EINVAL, "load", "R1 invalid mem access\n"),
            None,
            {},
            "unmet",
            "EINVAL",
            "The last words about it: R1 invalid mem access",
        ),
        (BpfError(errno.ENOMEM, "load"), None, {}, "unknown", "ENOMEM", "ENOMEM"),
        (ValueError("SHA-256 differs"), None, {}, "unmet", "loader", "SHA-256 differs"),
    ],
)
def test_a_refusal_has_its_reason(
    system: t.Callable[..., Host],
    ordinary: Standing,
    cause: t.Any,
    because: str | None,
    changes: dict[str, t.Any],
    state: str,
    code: str,
    words: str,
) -> None:
    refusal = loader.Refused("libbpf" if because else "light", cause, because)
    found = prove(system, ordinary._replace(**changes), refusal)
    assert (found["state"], found["loader"], found["reason"]["code"]) == (state, None, code)
    assert words in found["evidence"] == found["reason"]["message"]


def test_the_second_loader_is_named_with_its_reason(system: t.Callable[..., Host], ordinary: Standing) -> None:
    loaded = Loaded(seen())
    loaded.loader, loaded.because = "libbpf", BECAUSE  # type: ignore[assignment]
    found = prove(system, ordinary, loaded)
    assert (found["state"], found["loader"], found["loader_reason"]) == ("met", "libbpf", BECAUSE)
