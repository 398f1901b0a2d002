# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real tools of libbpf-tools on this kernel, asked by a real collection at tier 2, beside our own programs."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import time
import typing as t

import named
import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.userland import LIBBPF_TOOLS, libbpf_tools
from collecting import Collection

# In a mount namespace of its own, which has what the tools look for and ends with them.
_MOUNTS = """
mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
exec "$@"
"""
WITHIN = ("unshare", "-m", "sh", "-c", _MOUNTS, "sh")
COLLECTORS = [collector.name for collector in _collectors.every() if collector.libbpf_tools is not None]
# What these attach to by kprobes, which a kernel need not have; the others must work on every kernel with BTF.
BY_KPROBE = {"biotop", "oomkill", "tcpconnlat", "tcprtt", "vfsstat"}
ROUNDS = 5
NAME = b"libbpf two word"


def work() -> None:
    """Do, under a name with spaces in it, something of everything that the collectors ask about, and end with code 3."""
    for _ in range(ROUNDS):
        for path in ("/nonexistent/a b", "/etc/passwd"):
            with contextlib.suppress(OSError), open(path, "rb") as file:
                file.read()
        os.waitpid(os.posix_spawn("/bin/true", ["/bin/true", "a b"], {}), 0)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        os.kill(os.getpid(), signal.SIGUSR1)
        socket.getaddrinfo("localhost", 80)
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
            peer, _address = server.accept()
            client.sendall(b"x" * 2000)
            peer.recv(4000)
            peer.close()
        with tempfile.TemporaryFile(dir="/var/tmp") as file:
            file.write(os.urandom(1 << 16))
            file.flush()
            os.fsync(file.fileno())
        time.sleep(0.02)
    os._exit(3)


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, t.Any]]:
    """The results of tier 2 and of tier 3, by collector, over the same work."""
    missing = set(LIBBPF_TOOLS) - set(libbpf_tools(Host()))
    assert not missing, "install libbpf-tools: these are not there: %s" % ", ".join(sorted(missing))
    tools = Collection(WITHIN, duration=8, collectors=COLLECTORS, max_items=10000, tier="2")
    ours = Collection(duration=6, collectors=COLLECTORS, max_items=10000, tier="3")
    assert named.run(NAME, work) == 3 << 8
    time.sleep(1)
    return {
        source: {result["collector"]: result for result in collection.record()["results"]}
        for source, collection in (("native", ours), ("libbpf-tools", tools))
    }


def shape(value: t.Any) -> t.Any:
    """What a value consists of: of rows the keys of all of them, of numbers nothing."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {key: shape(value[0][key]) if key == "labels" else None for row in value for key in row}
    return None


@pytest.mark.parametrize("name", COLLECTORS)
def test_the_tool_answers_in_the_shape_of_the_native_program(found: dict[str, t.Any], name: str) -> None:
    result, native = found["libbpf-tools"][name], found["native"][name]
    if result["tier"] is None:
        assert name in BY_KPROBE, result
        codes = {attempt["source"].partition(":")[0]: attempt["reason"]["code"] for attempt in result["attempts"]}
        assert codes["libbpf-tools"] == "no_probe", result
        return
    assert result["tier"] == 2
    assert result["source"].startswith("libbpf-tools:/")
    assert result["attempts"] == []
    assert result["cost"]["loader"] == "libbpf-tools"
    assert result["cost"]["load_ms"] < 10000
    assert result["status"] in ("ok", "idle"), result
    assert (result["kind"], result["unit"]) == (native["kind"], native["unit"])
    assert set(result["data"]) == set(native["data"])
    if result["data"]["count"] and native["data"]["count"]:
        seen, expected = shape(result["data"]), shape(native["data"])
        if name == "bitesize":  # the tool tells them by process only
            assert seen["series"].pop("labels") == {}
            assert set(expected["series"].pop("labels")) == {"device", "operation"}
        assert seen == expected


def row(result: dict[str, t.Any], **labels: t.Any) -> dict[str, t.Any]:
    (one,) = [
        row
        for row in result["data"].get("series") or result["data"]["items"]
        if all(row["labels"][label] == value for label, value in labels.items())
    ]
    return t.cast("dict[str, t.Any]", one)


def test_what_was_done_is_what_was_seen(found: dict[str, t.Any]) -> None:
    results, name = found["libbpf-tools"], NAME.decode()
    assert row(results["killsnoop"], signal="SIGUSR1", process=name)["count"] == ROUNDS
    assert row(results["exitsnoop"], process=name, code=3)["count"] == 1
    assert row(results["gethostlatency"], comm=name)["count"] == 2 * ROUNDS, "create_connection asks, too"
    looked_for = row(results["opensnoop"], path="/nonexistent/a b", error="ENOENT")
    assert (looked_for["count"], looked_for["process"]) == (ROUNDS, name)
    started = [one for one in results["execsnoop"]["data"]["events"] if one["args"] == "a b"]
    assert [one["filename"] for one in started] == ["/bin/true"] * ROUNDS
    sessions = [  # in hundredths of KiB
        one for one in results["tcplife"]["data"]["events"] if 1990 < one["tx_bytes"] < 2010 and one["rx_bytes"] < 20
    ]
    assert len(sessions) >= ROUNDS
    assert any(stack["process"] == name for stack in results["offcputime"]["data"]["stacks"])
    assert row(results["tcpstates"], state="ESTABLISHED")["count"] >= 2 * ROUNDS


def test_both_see_the_same_events(found: dict[str, t.Any]) -> None:
    """Of what is done by nobody but the test; the tools' window is the longer one, and holds the other."""
    for collector, labels in (
        ("killsnoop", {"signal": "SIGUSR1", "process": NAME.decode()}),
        ("exitsnoop", {"process": NAME.decode()}),
        ("opensnoop", {"path": "/nonexistent/a b"}),
        ("gethostlatency", {"comm": NAME.decode()}),
    ):
        counts = [row(found[source][collector], **labels)["count"] for source in ("native", "libbpf-tools")]
        assert counts[0] == counts[1], collector


def test_nothing_of_the_tools_is_left_running() -> None:
    running = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            running.add(os.readlink("/proc/%s/exe" % pid))
    assert not {path for path in running if os.path.basename(path) in LIBBPF_TOOLS}
