# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole systems, laid out as files, with what their kernels would say to the probes."""

from __future__ import annotations

import errno
import json
import os
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import loader
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.libbpf import Absent
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.syscall import BpfError
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import assess, probes, proof
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.bench import Bench
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.probe import Probe
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import standing

Facts = t.Dict[str, t.Any]

BTF = {"/sys/kernel/btf/vmlinux": b"\x9f\xeb" * 500}
ROOT = {
    "/proc/self/status": "CapEff:\t000001ffffffffff\nSeccomp:\t0\nNoNewPrivs:\t0\n",
    "/proc/sys/kernel/cap_last_cap": "40",
    "/proc/self/ns/user": "-> user:[4026531837]",
    "/proc/self/limits": "Max locked memory  8388608  8388608  bytes\n",
    "/sys/kernel/security/lockdown": "[none] integrity confidentiality\n",
    "/sys/kernel/security/lsm": "lockdown,capability,yama,apparmor,bpf",
    "/proc/sys/net/core/bpf_jit_enable": "1",
    "/boot/config-6.1.0-28-amd64": "CONFIG_DEBUG_INFO_BTF=y\nCONFIG_BPF=y\n",
    "/etc/os-release": "ID=debian\nVERSION_ID=12\n",
    "/proc/self/mounts": "securityfs /sys/kernel/security securityfs rw 0 0\n",
}
NOBODY = dict(ROOT, **{"/proc/self/status": "CapEff:\t0000000000000000\nSeccomp:\t0\nNoNewPrivs:\t0\n"})
BCC = {"/usr/sbin/runqlat-bpfcc": "", "/usr/sbin/execsnoop-bpfcc": ""}
LIBBPF_TOOLS = {"/usr/sbin/runqlat": b"\x7fELF libbpf", "/usr/sbin/bpf-execsnoop": b"\x7fELF libbpf"}
HEADERS = {"/lib/modules/6.1.0-28-amd64/build/include/x": ""}


def pretend(host: Host, refusals: t.Mapping[str, int], proven: int | None) -> Facts:
    """Assess a system whose kernel refuses probes by errno (`*` for all others) and the proof by `proven`; None: it works."""

    def outcome(probe: Probe) -> Probe:
        number = refusals.get(probe.name, refusals.get("*"))

        def run(_bench: Bench) -> str:
            if number is not None:
                raise OSError(number, "no")
            return "it works"

        return probe._replace(run=run)

    def load(_blob: t.Any, constants: t.Mapping[str, bytes]) -> t.Any:
        error = BpfError(proven or 0, "load")
        if loader.too_old(error):
            raise loader.Refused("libbpf", Absent("there is no libbpf on this host"), "refused with E2BIG")
        raise loader.Refused("light", error, None)

    def make_probes(_host: Host, known: Facts, thorough: bool) -> Facts:
        stands = standing(known["kernel"], known["privilege"])
        return {"probes": probes.run(host, stands, thorough, [outcome(probe) for probe in probes.PROBES])}

    def make_proof(_host: Host, known: Facts, _thorough: bool) -> Facts:
        if proven is None:
            found = {
                "state": "met",
                "loader": "light",
                "loader_reason": None,
                "evidence": "fired",
                "reason": None,
                "ms": 1.0,
                "blob_sha256": "0" * 64,
            }
            return {"proof": found}
        return {"proof": proof.prove(host, standing(known["kernel"], known["privilege"]), load)}

    def trust(_host: Host, known: Facts, _thorough: bool) -> Facts:
        for field in ("bcc_tools", "libbpf_tools"):  # the files below the test's folder belong to whoever tests
            for tool in known["userland"][field].values():
                tool.update(trusted=True, reason=None)
        return {}

    facts, *others = assess.PARTS
    parts = [facts, trust, make_probes, make_proof, *others[2:]]
    return assess.assess(host, parts=parts)


SYSTEMS: list[t.Any] = [
    pytest.param({**ROOT, **BTF}, {}, {}, None, (3, 3), [], None, id="modern"),
    pytest.param(
        {**ROOT, **BTF, "/etc/os-release": "ID=rhel\nVERSION_ID=8.10\n"},
        {"release": "4.18.0-553.el8_10.x86_64"},
        {},
        None,
        (1, 3),
        [],
        "can do what it does not promise",
        id="4.18 with backports",
    ),
    pytest.param(
        {**ROOT, **BTF, **BCC, **HEADERS, "/sys/kernel/security/lockdown": "none integrity [confidentiality]\n"},
        {},
        {"read_kernel": errno.EINVAL, "kprobe": errno.EPERM},
        errno.EINVAL,
        (3, 1),
        ["kernel_memory", "proof"],
        "locked down (confidentiality)",
        id="lockdown with bcc",
    ),
    pytest.param(
        {**ROOT, **BTF, "/sys/kernel/security/lockdown": "none integrity [confidentiality]\n"},
        {},
        {"read_kernel": errno.EINVAL},
        errno.EINVAL,
        (3, 1),
        ["kernel_memory", "proof"],
        "locked down (confidentiality)",
        id="lockdown",
    ),
    pytest.param(
        {**ROOT, **BTF, "/usr/lib/x86_64-linux-gnu/libbpf.so.0": ""},
        {"release": "5.10.0-33-amd64"},
        {"program:syscall": errno.EINVAL, "core_relocation": errno.E2BIG, "kprobe_multi": errno.EINVAL},
        errno.E2BIG,
        (3, 1),
        ["loader", "proof"],
        "there is no libbpf on this host",
        id="5.10",
    ),
    pytest.param(
        {**NOBODY, **BTF, **BCC, **HEADERS},
        {"euid": 1000},
        {"*": errno.EPERM},
        errno.EPERM,
        (2, 1),
        ["privilege", "kernel_memory", "loader", "proof"],
        "running as user 1000; bcc's tools need root",
        id="nobody",
    ),
    pytest.param(
        {**NOBODY, **BTF, "/.dockerenv": ""},
        {"euid": 0},
        {"*": errno.EPERM},
        errno.EPERM,
        (3, 1),
        ["privilege", "kernel_memory", "loader", "proof"],
        "root without CAP_SYS_ADMIN, and without CAP_BPF and CAP_PERFMON, in a container (docker)",
        id="container",
    ),
    pytest.param(
        {**ROOT, **BTF, "/proc/self/ns/user": "-> user:[4026532222]"},
        {},
        {"*": errno.EPERM},
        errno.EPERM,
        (3, 1),
        ["privilege", "kernel_memory", "loader", "proof"],
        "nested user namespace",
        id="user namespace",
    ),
    pytest.param(
        {**ROOT, **BCC, **HEADERS},
        {},
        {"tp_btf": errno.EINVAL, "core_relocation": errno.EINVAL},
        errno.ENOENT,
        (2, 2),
        ["btf", "loader", "proof"],
        None,
        id="BTF hidden",
    ),
    pytest.param(
        {**ROOT, **BCC},
        {},
        {"core_relocation": errno.EINVAL},
        errno.ENOENT,
        (2, 1),
        ["btf", "loader", "proof"],
        "no headers of the running kernel",
        id="bcc without headers",
    ),
    pytest.param(
        {**ROOT, **BTF, **LIBBPF_TOOLS},
        {"release": "5.4.0-200-generic"},
        {"program:syscall": errno.EINVAL, "core_relocation": errno.E2BIG},
        errno.E2BIG,
        (1, 2),
        ["loader", "proof"],
        "tier 2 works here without the published rule's conditions",
        id="libbpf-tools and BTF, without headers",
    ),
    pytest.param(
        {**ROOT, **BTF, **BCC, **LIBBPF_TOOLS},
        {"release": "5.4.0-200-generic"},
        {"program:syscall": errno.EINVAL, "core_relocation": errno.E2BIG},
        errno.E2BIG,
        (2, 2),
        ["loader", "proof"],
        None,
        id="libbpf-tools beside bcc without headers",
    ),
    pytest.param(
        {**ROOT, **LIBBPF_TOOLS, **HEADERS},
        {},
        {"core_relocation": errno.EINVAL},
        errno.ENOENT,
        (1, 1),
        ["btf", "loader", "proof"],
        None,
        id="libbpf-tools without BTF",
    ),
    pytest.param(
        {**ROOT, **BTF},
        {"byte_order": "big", "machine": "s390x"},
        {},
        errno.EINVAL,
        (3, 1),
        ["loader", "proof"],
        "big-endian",
        id="big-endian",
    ),
    pytest.param(
        {},
        {"release": "garbage"},
        {"*": errno.ENOSYS},
        errno.ENOSYS,
        (1, 1),
        ["privilege", "btf", "kernel_memory", "loader", "proof"],
        None,
        id="nothing to see",
    ),
]


@pytest.mark.parametrize(("files", "identity", "refusals", "proven", "tiers", "blockers", "differs"), SYSTEMS)
def test_other_systems(
    system: t.Callable[..., Host],
    files: dict[str, t.Any],
    identity: dict[str, t.Any],
    refusals: dict[str, int],
    proven: int | None,
    tiers: tuple[int, int],
    blockers: list[str],
    differs: str | None,
) -> None:
    found = pretend(system(files, **identity), refusals, proven)
    assert (found["published_tier"], found["tier"]) == tiers
    assert [one["requirement"] for one in found["blockers"]] == blockers
    assert (found["differs"] is None) if differs is None else (differs in str(found["differs"])), found["differs"]
    for one in found["requirements"] + found["probes"]:
        assert one["state"] in ("met", "unmet", "unknown")
        assert one["state"] != "met" or one["remedy"] is None


def test_libbpf_tools_without_btf_meet_nothing(system: t.Callable[..., Host]) -> None:
    found = pretend(system({**ROOT, **LIBBPF_TOOLS, **HEADERS}), {}, errno.ENOENT)
    needs = {one["name"]: one for one in found["requirements"]}
    assert needs["bcc_tools"]["state"] == "unmet"
    assert "libbpf-tools cannot be used" in needs["bcc_tools"]["evidence"]


def test_the_unprivileged_are_told_unknown_and_never_unmet(system: t.Callable[..., Host]) -> None:
    found = pretend(system({**NOBODY, **BTF}, euid=1000), {"*": errno.EPERM}, errno.EPERM)
    assert {probe["state"] for probe in found["probes"]} == {"unknown"}
    assert (found["proof"]["state"], found["proof"]["reason"]["code"]) == ("unknown", "privilege")
    assert any("live probes were refused" in sentence for sentence in found["unseen"])


def test_what_is_hidden_is_said(system: t.Callable[..., Host]) -> None:
    found = pretend(system({}, euid=1000), {"*": errno.EPERM}, errno.EPERM)
    said = " ".join(found["unseen"])
    for word in (
        "securityfs is not mounted",
        "security modules",
        "bpf_jit_enable",
        "config",
        "user_namespace",
        "locked memory",
    ):
        assert word in said, word
    assert pretend(system({**ROOT, **BTF}), {}, None)["unseen"] == []


def test_this_machine() -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    found = assess.assess()
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert json.loads(json.dumps(found)) == found
    assert found["kernel"]["release"] == os.uname().release
    assert found["privilege"]["euid"] == os.geteuid()
    assert (found["tier"] == 3) == (found["proof"]["state"] == "met")
    if not found["privilege"]["capabilities"]["CAP_SYS_ADMIN"] and not found["privilege"]["capabilities"]["CAP_BPF"]:
        assert found["tier"] < 3
        assert found["blockers"]
