# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine of tier 1: which files are read, and what becomes of two samples."""

from __future__ import annotations

import pathlib
import time
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import every
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Collector, Limits, Procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import procfs
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window

CONTEXT = Context({})
WITH_FILES = [collector for collector in every() if collector.procfs is not None]


def write(root: pathlib.Path, files: dict[str, str]) -> str:
    for path, text in files.items():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return str(root)


TREE = {
    "/proc/schedstat": "s",
    "/proc/1/task/1/schedstat": "one",
    "/proc/1/task/7/schedstat": "seven",
    "/proc/22/task/22/schedstat": "twenty-two",
    "/proc/sys/task/1/schedstat": "not a process",
    "/sys/block/sda/dev": "8:0",
    "/sys/block/dm-0/dev": "253:0",
    "/cgroup/cpu.stat": "top",
    "/cgroup/a/cpu.stat": "a",
    "/cgroup/a/b/c/cpu.stat": "c",
    "/cgroup/a/b/c/other": "o",
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/proc/schedstat", ["/proc/schedstat"]),
        ("/proc/missing", ["/proc/missing"]),
        (
            "/proc/*/task/*/schedstat",
            ["/proc/1/task/1/schedstat", "/proc/1/task/7/schedstat", "/proc/22/task/22/schedstat"],
        ),
        ("/sys/block/*/dev", ["/sys/block/dm-0/dev", "/sys/block/sda/dev"]),
        ("/nowhere/*/dev", []),
        ("/nowhere/**/dev", ["/nowhere/dev"]),
        (
            "/cgroup/**/cpu.stat",
            ["/cgroup/a/b/c/cpu.stat", "/cgroup/a/b/cpu.stat", "/cgroup/a/cpu.stat", "/cgroup/cpu.stat"],
        ),
    ],
)
def test_patterns(tmp_path: pathlib.Path, pattern: str, expected: list[str]) -> None:
    assert sorted(procfs.expand(pattern, write(tmp_path, TREE))) == expected


def test_a_sample_is_what_can_be_read(tmp_path: pathlib.Path) -> None:
    root = write(tmp_path, TREE)
    found, complete = procfs.sample(["/proc/schedstat", "/proc/missing", "/sys/block/*/dev"], root)
    assert found == {"/proc/schedstat": "s", "/sys/block/sda/dev": "8:0", "/sys/block/dm-0/dev": "253:0"}
    assert complete


def test_bounds(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path, TREE)
    monkeypatch.setattr(procfs, "MAX_BYTES", 5)
    found, complete = procfs.sample(["/proc/*/task/*/schedstat", "/proc/schedstat"], root, 2)
    assert not complete
    assert "/proc/22/task/22/schedstat" not in found or len(found["/proc/22/task/22/schedstat"]) <= 5
    assert found["/proc/schedstat"] == "s"


def test_a_tree_is_read_from_the_top_without_links_and_within_bounds(tmp_path: pathlib.Path) -> None:
    for number in range(40):
        write(tmp_path, {"/cgroup/a%d/b/cpu.stat" % number: "x", "/cgroup/a%d/cpu.stat" % number: "x"})
    (tmp_path / "cgroup" / "a1" / "loop").symlink_to(tmp_path / "cgroup")
    found, complete = procfs.sample(["/cgroup/**/cpu.stat"], str(tmp_path), 41)
    assert (set(found), complete) == ({"/cgroup/a%d/cpu.stat" % number for number in range(40)}, False)
    found, complete = procfs.sample(["/cgroup/**/cpu.stat"], str(tmp_path))
    assert (len(found), complete) == (80, True)
    deep = "/cgroup/a0" + "/d" * 300  # a tree may be deeper than Python calls
    write(tmp_path, {deep + "/cpu.stat": "x"})
    assert deep + "/cpu.stat" in procfs.sample(["/cgroup/**/cpu.stat"], str(tmp_path))[0]


def spec(difference: t.Callable[..., Answer], *files: str, instead: tuple[str, ...] = ()) -> Collector:
    tier1 = Procfs(files=files, difference=difference, instead=instead)
    return Collector("x", "cpu", "?", "counts", "us", native=None, bcc=None, procfs=tier1)


def numbers(before: t.Mapping[str, str], after: t.Mapping[str, str], seconds: float, limits: Limits) -> Answer:
    grown = sum(int(text) for text in after.values()) - sum(int(text) for text in before.values())
    return Answer({"count": grown, "seconds": seconds, "limit": limits.max_items})


def test_two_samples(tmp_path: pathlib.Path) -> None:
    root = write(tmp_path, {"/proc/a": "3"})
    running = procfs.start(spec(numbers, "/proc/a"), Limits(max_items=7), CONTEXT, root)
    try:
        assert running.source == "procfs:/proc/a"
        assert running.ready()
        assert running.descriptors() == []
        begun = time.time()
        running.open(Window.beginning(0.1))
        write(tmp_path, {"/proc/a": "10"})
        time.sleep(0.1)
        running.end()
        answer = running.finish(time.monotonic() + 1)
        assert (answer.data["count"], answer.data["limit"]) == (7, 7)
        assert running.span is not None
        assert running.span[0] == pytest.approx(begun, abs=0.5)
        assert running.span[1] == pytest.approx(answer.data["seconds"])
        assert running.span[1] >= 0.1
    finally:
        running.close()
        running.close()


@pytest.mark.parametrize(
    ("files", "source"),
    [
        ({"/proc/a": "1", "/proc/1/b": "2"}, "procfs:/proc/a"),
        ({"/proc/1/b": "2"}, "procfs:/proc/*/b"),
        ({"/proc/a": "", "/proc/1/b": "2"}, "procfs:/proc/*/b"),  # there, but says nothing
    ],
)
def test_the_other_source(tmp_path: pathlib.Path, files: dict[str, str], source: str) -> None:
    collector = spec(numbers, "/proc/a", instead=("/proc/*/b",))
    assert procfs.start(collector, Limits(), CONTEXT, write(tmp_path, files)).source == source


def test_no_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(TierFailure) as failure:
        procfs.start(spec(numbers, "/proc/a", instead=("/proc/*/b",)), Limits(), CONTEXT, str(tmp_path))
    assert failure.value.reason.code == "no_file"
    assert "/proc/a nor /proc/*/b" in failure.value.reason.message
    assert failure.value.source == "procfs:/proc/a"
    assert failure.value.reason.remedy is None
    collector = Collector("x", "cpu", "?", "counts", "us", None, None, Procfs(("/proc/a",), numbers, remedy="psi=1"))
    with pytest.raises(TierFailure) as failure:
        procfs.start(collector, Limits(), CONTEXT, str(tmp_path))
    assert failure.value.reason.remedy == "psi=1"


def test_no_tier() -> None:
    with pytest.raises(TierFailure) as failure:
        procfs.start(Collector("x", "cpu", "?", "counts", "us", None, None, None), Limits(), CONTEXT)
    assert failure.value.reason.code == "unsupported"


def hostile(*_args: object) -> Answer:
    raise ValueError("not a number: '\x1b[31m'" + "x" * 1000)


def refusing(*_args: object) -> Answer:
    raise TierFailure(Reason("reset", "it went backwards"))


@pytest.mark.parametrize(("difference", "code"), [(hostile, "parse"), (refusing, "reset")])
def test_samples_that_do_not_answer(tmp_path: pathlib.Path, difference: t.Callable[..., Answer], code: str) -> None:
    running = procfs.start(spec(difference, "/proc/a"), Limits(), CONTEXT, write(tmp_path, {"/proc/a": "1"}))
    running.open(Window.beginning(0.01))
    running.end()
    with pytest.raises(TierFailure) as failure:
        running.finish(time.monotonic() + 1)
    assert failure.value.reason.code == code
    assert failure.value.source == "procfs:/proc/a"
    assert len(failure.value.reason.message) <= 300
    assert "\x1b" not in failure.value.reason.message


def test_a_window_without_an_end(tmp_path: pathlib.Path) -> None:
    running = procfs.start(spec(numbers, "/proc/a"), Limits(), CONTEXT, write(tmp_path, {"/proc/a": "1"}))
    running.open(Window.beginning(0.01))
    with pytest.raises(TierFailure, match="second sample"):
        running.finish(time.monotonic() + 1)


@pytest.mark.parametrize("collector", WITH_FILES, ids=lambda collector: collector.name)
def test_this_kernel(collector: Collector) -> None:
    running = procfs.start(collector, Limits(), CONTEXT)
    running.open(Window.beginning(0.2))
    time.sleep(0.2)
    running.end()
    answer = running.finish(time.monotonic() + 1)
    running.close()
    assert answer.data["count"] >= 0
    assert answer.notes
