# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The proof of tier 3: a program of ours is loaded, attached, made to fire by this process, and what it read is checked.

It fires when a thread of this process leaves a CPU and copies ids and name out of the kernel's task_struct, at offsets that
were settled while it was loaded. Only where relocation is right do they equal what /proc says of this process.
"""

from __future__ import annotations

import os
import struct
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import loader, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.loaded import Loaded
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import loading
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts, Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.privilege import namespace
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import proof as blob
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

Load = t.Callable[..., Loaded]

_WHAT = "our program"

_PATIENCE = 20  # naps of a tenth of a millisecond; one is enough on an idle machine


class Seen(t.NamedTuple):
    """What the program read in the kernel: struct seen of bpf/proof.bpf.c."""

    hits: int
    pid: int
    tgid: int
    comm: str


def unpack(raw: bytes) -> Seen:
    """Return the bytes of the program's variable `seen` as numbers and text."""
    hits, pid, tgid, comm = struct.unpack("=QII16s", raw)
    return Seen(hits, pid, tgid, c_string(comm))


def contradiction(seen: Seen, tgid: int, names: t.Mapping[int, str]) -> str | None:
    """Return what in `seen` is not what this process knows of itself, or None. `names`: its threads' names by id."""
    if seen.tgid != tgid:
        return "the program read the process id %d, it is %d" % (seen.tgid, tgid)
    if seen.pid not in names:
        return "the program read the thread id %d, which this process does not have" % seen.pid
    if seen.comm != names[seen.pid]:
        return "the program read the name %r, it is %r" % (seen.comm, names[seen.pid])
    return None


def prove(
    host: Host,
    standing: Standing,
    load: Load = loader.load,
    clock: t.Callable[[], float] = time.perf_counter,
) -> Facts:
    """Try to prove tier 3; return the shape `proof` of docs/architecture.md. Nothing of it stays in the kernel."""
    begun = clock()
    outcome = _attempt(host, standing, load)
    outcome["ms"] = round((clock() - begun) * 1e3, 3)
    return outcome


def _attempt(host: Host, standing: Standing, load: Load) -> Facts:
    try:
        loaded = load(blob, constants={"targ_tgid": struct.pack("=I", os.getpid())})
    except loader.Refused as refusal:
        failure = loading.refused(_WHAT, refusal, standing)
        return _failed(failure.state, failure.reason)
    way = {"loader": loaded.loader, "loader_reason": loaded.because, "blob_sha256": loaded.sha256}
    try:
        seen = _fire(loaded)
    except syscall.BpfError as error:
        failure = loading.denied("%s, attached to sched_switch" % _WHAT, error, standing)
        return _failed(failure.state, failure.reason, way)
    finally:
        loaded.close()
    if not seen.hits:
        return _failed(*_silent(host), way)
    wrong = contradiction(seen, os.getpid(), _thread_names())
    if wrong:
        return _failed("unmet", Reason("loader", "%s: %s" % (_WHAT, wrong), "report this kernel's release"), way)
    evidence = "loaded, attached to sched_switch, fired (%d) and read back this process's own id and name" % seen.hits
    return {"state": "met", "evidence": evidence, "reason": None, **way}


def _fire(loaded: Loaded) -> Seen:
    """Attach, let this process leave its CPU, detach; return what was read. Raise BpfError when the kernel refuses."""
    loaded.attach()
    for _nap in range(_PATIENCE):
        time.sleep(1e-4)  # leaves the CPU
        seen = unpack(loaded.maps.variable_bytes("seen"))
        if seen.hits:
            break
    loaded.detach()
    return unpack(loaded.maps.variable_bytes("seen"))


def _thread_names() -> dict[int, str]:
    names = {}
    for task in os.listdir("/proc/self/task"):
        with open("/proc/self/task/%s/comm" % task, "rb") as stream:
            names[int(task)] = clean(stream.read()[:-1], 16)  # as the kernel has it, and a line end
    return names


def _silent(host: Host) -> tuple[str, Reason]:
    """Return what it means that the program never fired although this process slept."""
    if namespace(host, "pid") == "nested":
        # The program compares ids of the initial process namespace, and here getpid() is one of a nested one.
        return "unknown", Reason(
            "container",
            _WHAT + ": attached, but this process's id in the kernel cannot be known from inside a process namespace",
            "survey the host itself, outside of the container",
        )
    return "unmet", Reason("loader", _WHAT + ": attached, and it did not fire", "report this kernel's release")


def _failed(state: str, reason: Reason, way: Facts | None = None) -> Facts:
    nobody = {"loader": None, "loader_reason": None, "blob_sha256": blob.SHA256}
    return {"state": state, "evidence": reason.message, "reason": reason.as_dict(), **(way or nobody)}
