# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On the kernel that runs the tests, whoever runs them: the shape, the states, and that nothing stays open."""

from __future__ import annotations

import errno
import os
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import probes, probes_attach
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.bench import Bench
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.probe import Probe, Silent, perform
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.refusal import Wanted
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing


def refusing(number: int) -> Probe:
    def run(bench: Bench) -> str:
        bench.hold(os.open("/dev/null", os.O_RDONLY))
        raise OSError(number, "no")

    return Probe("thing", "a thing", Wanted("5.8"), run)


def descriptors() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize(
    ("number", "state", "name"),
    [(errno.EINVAL, "unmet", "EINVAL"), (errno.ENOMEM, "unknown", "ENOMEM"), (errno.EPERM, "unmet", "EPERM")],
)
def test_a_refusal_is_data_and_what_was_held_is_closed(ordinary: Standing, number: int, state: str, name: str) -> None:
    before = descriptors()
    found = perform(refusing(number), Bench(Host(), ordinary))
    assert descriptors() == before
    assert (found["name"], found["state"], found["errno"]) == ("thing", state, name)
    assert found["evidence"].startswith("a thing: ")
    assert found["ms"] >= 0


def test_success_and_silence(ordinary: Standing) -> None:
    bench = Bench(Host(), ordinary)

    def silent(_bench: Bench) -> str:
        raise Silent("it did not fire")

    assert perform(Probe("a", "a thing", Wanted("5.8"), lambda _bench: "done"), bench)["evidence"] == "done"
    found = perform(Probe("b", "a thing", Wanted("5.8"), silent), bench)
    assert (found["state"], found["evidence"], found["errno"]) == ("unmet", "a thing: it did not fire", None)


def test_the_issue_is_covered() -> None:
    names = [probe.name for probe in probes.PROBES]
    assert len(set(names)) == len(names)
    assert {
        "ring_buffer", "tp_btf", "fentry", "kprobe", "kprobe_multi", "uprobe", "perf_event", "bpf_lsm", "iterator", "core_relocation",
        "read_kernel", "program:syscall", "program:tracepoint", "map:percpu_hash", "map:ringbuf", "map:stack_trace",
    } <= set(names)  # fmt: skip


def test_without_privilege_no_type_is_searched(ordinary: Standing) -> None:
    bench = Bench(Host(), ordinary._replace(may_trace=False))
    with pytest.raises(OSError, match="privilege") as caught:
        bench.type_id("bpf_fentry_test1")
    assert caught.value.errno == errno.EPERM


@pytest.mark.parametrize("thorough", [False, True])
def test_all_of_them_here(ordinary: Standing, thorough: bool) -> None:
    standing = ordinary._replace(root=os.geteuid() == 0, may_trace=os.geteuid() == 0)
    before = descriptors()
    found = probes.run(Host(), standing, thorough)
    assert descriptors() == before
    assert [probe["name"] for probe in found] == [probe.name for probe in probes.PROBES]
    for probe in found:
        assert set(probe) == {"name", "state", "evidence", "remedy", "errno", "ms"}
        assert probe["state"] in ("met", "unmet", "unknown")
        assert probe["evidence"]
        assert (probe["state"] == "met") <= (probe["remedy"] is None and probe["errno"] is None)


def test_ready_takes_efault_alone_for_yes(ordinary: Standing) -> None:
    bench = Bench(Host(), ordinary)

    def fail(number: int) -> t.Callable[[], int]:
        def attach() -> int:
            raise OSError(number, "no")

        return attach

    assert "would attach" in probes_attach._ready(fail(errno.EFAULT), bench)
    with pytest.raises(OSError, match="no"):
        probes_attach._ready(fail(errno.EINVAL), bench)
    with pytest.raises(Silent):
        probes_attach._ready(lambda: os.open("/dev/null", os.O_RDONLY), bench)
    bench.close()
