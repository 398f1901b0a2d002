# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""The proof of tier 3: a program of ours is loaded, attached, made to fire by this process, and what it read is checked.

It fires when a thread of this process leaves a CPU and copies ids and name out of the kernel's task_struct, at offsets that
were settled while it was loaded. Only where relocation is right do they equal what /proc says of this process.
"""

from __future__ import annotations

import errno
import os
import struct
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import light, syscall
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts, Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.privilege import namespace
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.refusal import Wanted, interpret, name_of
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import proof as blob
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason
from ansible_collections.ebpf.fleet.plugins.module_utils._text import c_string, clean

Load = t.Callable[..., light.Loaded]

# Ways to get descriptors, the first that works. The host's libbpf is to be the second.
LOADERS: tuple[tuple[str, Load], ...] = (("light", light.load),)

_WANTED = Wanted("5.17 (RHEL 9: 5.14)", ("CONFIG_DEBUG_INFO_BTF", "CONFIG_BPF_EVENTS"), reads_kernel=True)
_WHAT = "our program, loaded and attached by the %s loader"

# What the kernel must have for the light loader, and what to say where it has not.
LIGHT_SINCE = (5, 17)  # in-kernel CO-RE; RHEL 9 has it in its 5.14
NEEDS_LIBBPF = "the host needs the libbpf loader, which this version of the collection does not have yet"
LIBBPF_REMEDY = "use a kernel of 5.17 or later (RHEL 9: 5.14), or a later version of the collection"

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
    loaders: t.Sequence[tuple[str, Load]] = LOADERS,
    clock: t.Callable[[], float] = time.perf_counter,
) -> Facts:
    """Try to prove tier 3; return the shape `proof` of docs/architecture.md. Nothing of it stays in the kernel."""
    begun = clock()
    outcome: Facts = {}
    for name, load in loaders:
        outcome = _attempt(host, standing, name, load)
        if outcome["state"] == "met":
            break
    outcome.update(ms=round((clock() - begun) * 1e3, 3), blob_sha256=blob.SHA256)
    return outcome


def _attempt(host: Host, standing: Standing, loader: str, load: Load) -> Facts:
    what = _WHAT % loader
    try:
        seen = _run(load)
    except syscall.BpfError as error:
        verdict = interpret(error.errno or 0, what, _WANTED, standing)
        code = _code(error.errno or 0, standing)
        if needs_libbpf(error.errno or 0, standing.version):
            return _failure(verdict.state, Reason(code, "%s; %s" % (verdict.evidence, NEEDS_LIBBPF), LIBBPF_REMEDY))
        words = ". The verifier: " + clean(error.log[-300:].strip(), 300) if error.log.strip() else ""
        return _failure(verdict.state, Reason(code, verdict.evidence + words, verdict.remedy))
    except (ValueError, LookupError) as error:  # a blob that is not what was built, or a machine that it is not for
        return _failure(
            "unmet", Reason("loader", "%s: %s" % (what, clean(str(error), 300)), "install the collection again")
        )
    if not seen.hits:
        return _failure(*_silent(host, what))
    wrong = contradiction(seen, os.getpid(), _thread_names())
    if wrong:
        return _failure("unmet", Reason("loader", "%s: %s" % (what, wrong), "report this kernel's release"))
    evidence = "loaded, attached to sched_switch, fired (%d) and read back this process's own id and name" % seen.hits
    return {"state": "met", "loader": loader, "evidence": evidence, "reason": None}


def needs_libbpf(number: int, version: tuple[int, ...] | None) -> bool:
    """Return whether a refusal of the light loader comes from the kernel's age.

    E2BIG: it does not know the fields of a relocation. EINVAL, from an old kernel: it does not know syscall programs.
    """
    old = version is not None and version < LIGHT_SINCE
    return number == errno.E2BIG or (number == errno.EINVAL and old)


def _run(load: Load) -> Seen:
    """Load, attach, fire, detach; return what was read. Raise BpfError when the kernel refuses."""
    loaded = load(blob, constants={"targ_tgid": struct.pack("=I", os.getpid())})
    try:
        for program, section in blob.PROGRAMS:
            loaded.attach(program, section.partition("/")[0])
        for _nap in range(_PATIENCE):
            time.sleep(1e-4)  # leaves the CPU
            seen = unpack(loaded.maps.variable_bytes("seen"))
            if seen.hits:
                break
        loaded.detach()
        return unpack(loaded.maps.variable_bytes("seen"))
    finally:
        loaded.close()


def _thread_names() -> dict[int, str]:
    names = {}
    for task in os.listdir("/proc/self/task"):
        with open("/proc/self/task/%s/comm" % task, "rb") as stream:
            names[int(task)] = clean(stream.read()[:-1], 16)  # as the kernel has it, and a line end
    return names


def _code(number: int, standing: Standing) -> str:
    """Return the short word for a refusal."""
    if number in (errno.EPERM, errno.EACCES) and not standing.may_trace:
        return "privilege"
    if standing.lockdown == "confidentiality" and number in (errno.EPERM, errno.EINVAL):
        return "lockdown"
    if number in (errno.E2BIG, errno.EINVAL):
        return "loader"
    return name_of(number)


def _silent(host: Host, what: str) -> tuple[str, Reason]:
    """Return what it means that the program never fired although this process slept."""
    if namespace(host, "pid") == "nested":
        # The program compares ids of the initial process namespace, and here getpid() is one of a nested one.
        return "unknown", Reason(
            "container",
            what + ": attached, but this process's id in the kernel cannot be known from inside a process namespace",
            "survey the host itself, outside of the container",
        )
    return "unmet", Reason("loader", what + ": attached, and it did not fire", "report this kernel's release")


def _failure(state: str, reason: Reason) -> Facts:
    return {"state": state, "loader": None, "evidence": reason.message, "reason": reason.as_dict()}
