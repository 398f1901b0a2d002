# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the kernel during a collection, and that nothing of it is there afterwards, however it ended."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import kernel_objects
import pytest
from collecting import COLLECTIONS, NATIVE, Collection, native

# Twenty visits in one process, with a window too short for the option, and after each how many descriptors are open.
_TWENTY = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.ebpf.fleet.plugins.module_utils import _survey
options = {name: spec.get("default") for name, spec in _survey.argument_spec().items()}
options["collectors"] = sys.argv[2].split()
opened, answered = [], []
for _ in range(20):
    survey = _survey.Survey(_survey.settings(options)._replace(duration=0.05))
    assert survey.run() is None
    answered.append([(one["tier"], one["status"]) for one in survey.record["results"]])
    opened.append(len(os.listdir("/proc/self/fd")))
json.dump({"opened": opened, "answered": answered}, sys.stdout)
sys.stdout.flush()
sys.stdin.read()
"""


def spawn(program: pathlib.Path, count: int) -> set[int]:
    """Start a program that often; return the process ids."""
    pids = set()
    for _ in range(count):
        pid = os.posix_spawn(program, [str(program)], {})
        os.waitpid(pid, 0)
        pids.add(pid)
    return pids


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, None])
def test_nothing_stays_in_the_kernel_however_a_collection_ends(end: signal.Signals | None) -> None:
    before = kernel_objects.ours()
    collection = Collection(duration=20 if end else 1, collectors=NATIVE)
    during = kernel_objects.ours() - before
    # Every program of all four collectors, each at its attach point, and their maps.
    names = {kind: {one.name for one in during if one.kind == kind} for kind in ("program", "map", "link")}
    assert names["program"] >= {"on_wakeup", "on_switch", "on_issue", "on_complete", "on_retransmit", "on_exec"}
    assert names["link"] >= names["program"] & {"on_wakeup", "on_issue", "on_retransmit", "on_exec"}
    assert names["map"] >= {"hists", "flows", "counts", "first"}
    if end:
        os.kill(collection.pid, end)
        collection.ended()
    else:
        collection.record()
    assert kernel_objects.left_of(kernel_objects.ours() - before) == frozenset()
    assert not os.path.exists("/proc/%d" % collection.pid)


def test_twenty_collections_in_a_row_leak_nothing() -> None:
    before = kernel_objects.ours()
    process = subprocess.Popen(
        [sys.executable, "-c", _TWENTY, str(COLLECTIONS), " ".join(NATIVE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        end = time.monotonic() + 120
        said = ""
        while not said.endswith("}"):
            assert time.monotonic() < end
            part = process.stdout.read(1)
            assert part, "it ended early"
            said += part
        # Of a process that still runs: what it leaks is there, because only its end would free it.
        assert kernel_objects.left_of(kernel_objects.ours() - before) == frozenset()
    finally:
        process.communicate("")
    assert process.returncode == 0
    found = json.loads(said)
    assert len(set(found["opened"])) == 1, "descriptors: %s" % found["opened"]
    assert {tier for answers in found["answered"] for tier, _status in answers} == {3}


def test_two_collections_at_once_are_both_right(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "ebpffleet_both"
    program.symlink_to("/bin/true")
    first = Collection(duration=14, max_events=5000, collectors=NATIVE)
    second = Collection(duration=6, max_events=5000, collectors=NATIVE)
    started = spawn(program, 200)
    results = {}
    for name, collection in (("second", second), ("first", first)):
        record = collection.record()
        assert [one["tier"] for one in record["results"]] == [3, 3, 3, 3]
        (results[name],) = [one for one in record["results"] if one["collector"] == "execsnoop"]
    for result in results.values():
        data = native(result)
        assert {event["pid"] for event in data["events"] if event["filename"] == str(program)} == started
        assert {"labels": {"comm": "ebpffleet_both"}, "count": 200} in data["items"]
