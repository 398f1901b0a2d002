# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""profile and offcputime against a process whose stacks are known (stacks.c), and what the kernel says it ran and waited."""

from __future__ import annotations

import os
import pathlib
import resource
import subprocess
import time
import typing as t

import pytest
import stacks
import truth
from collecting import Collection, answered, asking, native
from stacks import NAME
from truth import tiers

SAMPLES = 49  # each second
RAN = "within a tenth and 3 samples of what the process ran (getrusage); emulated, two fifths may be missing"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The process, compiled here or where there is a compiler."""
    given = os.environ.get("TRUTH_STACKS")
    return given or stacks.build(tmp_path_factory.mktemp("stacks") / NAME)


class Running:
    """That process, when it has done its work; it ends with close()."""

    def __init__(self, *command: str) -> None:
        """Start it, and wait for its work's end."""
        begun = time.monotonic()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.read(1) == b"\n"
        self.took = time.monotonic() - begun

    def close(self) -> float:
        """End it; return the seconds that it had a CPU."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._process.communicate()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def mine(data: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return the stacks of that process."""
    return [stack for stack in data["stacks"] if stack["process"] == NAME]


@tiers("profile", dict.fromkeys((3, 2), RAN))
def test_profile_samples_what_ran(program: str, tier: int) -> None:
    collection = Collection(duration=3, collectors=["profile"], **asking(tier))
    running = Running("taskset", "-c", "0", program, "burn", "1500")
    data = answered(collection.result("profile"), tier)
    ran = running.close()
    stacks = mine(data)
    found = sum(stack["count"] for stack in stacks)
    # A clock that ticks evenly meets what runs as often as it ticks meanwhile: one more or less at each turn.
    assert ran > 0.5
    # That of an emulated guest is late at times, and leaves out what it has missed.
    fewer = 0.1 if truth.SLOW == 1 else 0.4
    assert (1 - fewer) * SAMPLES * ran - 3 <= found <= 1.1 * SAMPLES * ran + 3, (found, ran)
    inside = sum(stack["count"] for stack in stacks if stack["user"][-3:] == ["main", "outer_burn", "inner_burn"])
    assert inside >= 0.9 * found, stacks
    (row,) = [item for item in data["items"] if item["labels"] == {"process": NAME}]
    assert row["count"] == found
    assert data["count"] == sum(item["count"] for item in data["items"])


def test_profile_counts_idle_samples_apart() -> None:
    collection = Collection(duration=2, collectors=["profile"])
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        pass
    result = collection.result("profile")
    data = native(result)
    (idle,) = [int(note.split()[0]) for note in result["notes"] if "found their CPU idle" in note]
    cpus = len(list(pathlib.Path("/sys/devices/system/cpu").glob("cpu[0-9]*")))
    due = result["window"]["seconds"] * SAMPLES * cpus
    # A clock that is late, since a hypervisor gave the CPU to somebody else, leaves out what it has missed.
    assert 0.3 * due <= data["count"] + idle <= due + 2 * cpus, (data["count"], idle)
    assert not any(stack["process"].startswith("swapper") for stack in data["stacks"])


@tiers("offcputime", dict.fromkeys((3, 2), "at least nine tenths of what the process slept, at most what it took"))
def test_offcputime_is_what_a_process_waited(program: str, tier: int) -> None:
    times = 60
    collection = Collection(duration=3, collectors=["offcputime"], **asking(tier))
    running = Running(program, "nap", str(times))
    stacks = mine(answered(collection.result("offcputime"), tier))
    running.close()
    napped = [
        stack
        for stack in stacks
        if stack["user"][-3:] == ["main", "outer_nap", "inner_nap"]
        and any("nanosleep" in name for name in stack["kernel"])
    ]
    waited = sum(stack["count"] for stack in napped)
    # Nothing that was not waited is counted. A tenth may miss: some kernels do not tell of each switch (perf counts one or two in
    # a thousand fewer events of sched_switch than context switches).
    assert 0.9 * times * 10_000 <= waited <= running.took * 1e6, (waited, running.took)
    assert napped[0]["kernel"][-1] in ("schedule", "__schedule"), "outermost first, and nothing of ours"


def test_both_at_once_are_part_of_a_survey_of_everything(program: str) -> None:
    collection = Collection(duration=2, collectors=["profile", "offcputime", "runqlat"])
    Running(program, "burn", "300").close()
    results = {result["collector"]: result for result in collection.record()["results"]}
    assert {result["tier"] for result in results.values()} == {3}
    assert mine(results["profile"]["data"])


def test_a_process_that_has_ended_has_no_names_and_its_counts_stay(program: str) -> None:
    collection = Collection(duration=2, collectors=["profile", "offcputime"])
    Running(program, "burn", "500").close()
    Running(program, "nap", "10").close()
    for result in collection.record()["results"]:
        stacks = mine(native(result))
        own = sum(stack["count"] for stack in stacks if stack["user"])
        assert own
        assert {name for stack in stacks for name in stack["user"]} == {"[unknown]"}
        # How much of all is without names for that reason is told, these two and what else has ended.
        (told,) = [note for note in result["notes"] if "had ended with the window" in note]
        count, processes = (int(word.strip("(")) for word in told.split() if word.strip("(").isdigit())
        assert count >= own
        assert processes >= (1 if result["collector"] == "profile" else 2)


def test_where_none_has_ended_none_is_told_of(program: str) -> None:
    collection = Collection(duration=2, collectors=["profile"], process=NAME)
    running = Running("taskset", "-c", "0", program, "burn", "300")
    result = collection.result("profile")
    running.close()
    assert mine(native(result))
    assert not [note for note in result["notes"] if "had ended" in note]
