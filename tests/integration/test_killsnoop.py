# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""killsnoop against signals that the test sends."""

from __future__ import annotations

import collections.abc
import contextlib
import ctypes
import os
import signal
import threading
import time
import typing as t

import named
import pytest
from collecting import Collection, answered, asking, native
from truth import EXACT, tiers

COUNT = 500
SENDER, TARGET = b"ebpffleet_send", b"ebpffleet_recv"


@pytest.fixture
def target() -> collections.abc.Iterator[int]:
    """A process that ignores SIGUSR1, blocks SIGUSR2 and handles SIGHUP."""
    reading, writing = os.pipe()

    def work() -> None:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, lambda *_: None)
        signal.signal(signal.SIGRTMIN + 3, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
        os.write(writing, b"x")
        while True:
            time.sleep(60)

    pid = named.fork(TARGET, work)
    assert os.read(reading, 1) == b"x"
    os.close(reading)
    os.close(writing)
    yield pid
    named.kill(pid)


def rows_of(data: dict[str, t.Any], sender: bytes, receiver: bytes) -> dict[str, dict[str, t.Any]]:
    """Return the rows between two processes by signal."""
    ends = {"process": sender.decode(), "target": receiver.decode()}
    return {row["labels"]["signal"]: row for row in data["items"] if row["labels"].items() >= ends.items()}


@tiers("killsnoop", {3: EXACT, 2: EXACT})
def test_counts_each_signal_and_no_other(target: int, tier: int) -> None:
    libc = ctypes.CDLL(None)

    def work() -> None:
        for _ in range(COUNT):
            os.kill(target, signal.SIGUSR1)
        for _ in range(50):
            os.kill(target, signal.SIGUSR2)  # one waits to be delivered, and 49 come on top
            os.kill(target, 0)  # no signal
        for _ in range(20):
            os.kill(target, signal.SIGHUP)
        for _ in range(10):
            assert libc.sigqueue(target, int(signal.SIGRTMIN) + 3, ctypes.c_void_p(0)) == 0
        with contextlib.suppress(ProcessLookupError):
            os.kill(2**22 - 1, signal.SIGTERM)  # nobody there

    collection = Collection(duration=4, collectors=["killsnoop"], max_items=10000, **asking(tier))
    sender = named.fork(SENDER, work)
    assert os.waitpid(sender, 0)[1] == 0
    data = answered(collection.result("killsnoop"), tier)
    if tier == 2:  # whose tool sees kill(2) alone, and does not tell the target's name
        sent = {row["labels"]["signal"]: row for row in data["items"] if row["labels"]["process"] == SENDER.decode()}
        counts = {name: row["count"] for name, row in sent.items() if row["target_pid"] == target}
        assert {name: counts.get(name) for name in ("SIGUSR1", "SIGUSR2", "SIGHUP")} == {
            "SIGUSR1": COUNT,
            "SIGUSR2": 50,
            "SIGHUP": 20,
        }
        return
    rows = rows_of(data, SENDER, TARGET)
    assert {name: row["count"] for name, row in rows.items()} == {
        "SIGUSR1": COUNT,
        "SIGUSR2": 50,
        "SIGHUP": 20,
        "SIGRTMIN+3": 10,
    }
    assert {name: row["ignored"] for name, row in rows.items() if row["ignored"]} == {"SIGUSR1": COUNT}
    assert {(row["pid"], row["target_pid"]) for row in rows.values()} == {(sender, target)}
    assert sum(row["count"] for row in data["items"]) == data["count"]


def test_signals_of_the_kernel_are_told_apart() -> None:
    def broken() -> None:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        reading, writing = os.pipe()
        os.close(reading)
        os.write(writing, b"x")

    collection = Collection(duration=2, collectors=["killsnoop"], max_items=10000)
    for _ in range(5):
        assert os.WTERMSIG(named.run(SENDER, broken)) == signal.SIGPIPE
    result = collection.result("killsnoop")
    assert rows_of(result["data"], SENDER, SENDER) == {}
    assert [row for row in result["data"]["items"] if row["labels"]["signal"] in ("SIGPIPE", "SIGCHLD")] == []
    (note,) = [note for note in result["notes"] if "kernel" in note]
    assert int(note.split()[0]) >= 10, "five times SIGPIPE, and SIGCHLD to the parent"


def test_a_thread_and_a_group() -> None:
    def work() -> None:
        os.setpgid(0, 0)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)  # tgkill
        others = [named.fork(TARGET, lambda: time.sleep(60)) for _ in range(3)]
        time.sleep(0.2)
        os.killpg(0, signal.SIGUSR1)  # one call, four signals; the three inherited that it is ignored
        for pid in others:
            named.kill(pid)

    collection = Collection(duration=3, collectors=["killsnoop"], max_items=10000)
    assert named.run(SENDER, work) == 0
    data = native(collection.result("killsnoop"))
    assert {name: row["count"] for name, row in rows_of(data, SENDER, SENDER).items()} == {"SIGUSR1": 2}
    assert {name: row["count"] for name, row in rows_of(data, SENDER, TARGET).items()} == {"SIGUSR1": 3, "SIGKILL": 3}


def test_names_of_any_bytes() -> None:
    collection = Collection(duration=2, collectors=["killsnoop"], max_items=10000)
    named.run(b"\xff\xfesend", lambda: os.kill(os.getpid(), signal.SIGTERM))
    data = native(collection.result("killsnoop"))
    assert [row["count"] for row in data["items"] if row["labels"]["process"] == "\ufffd\ufffdsend"] == [1]
