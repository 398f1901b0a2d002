# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""opensnoop against files that the test opens, or tries to."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import platform
import typing as t

import named
import pytest
from collecting import Collection, answered, asking, native
from truth import EXACT, tiers

FAILED, OPENED = 1000, 400


def rows_of(data: dict[str, t.Any], path: str) -> dict[str | None, dict[str, t.Any]]:
    """Return a path's rows by error."""
    return {row["labels"]["error"]: row for row in data["items"] if row["labels"]["path"] == path}


def try_to_open(path: bytes | str, times: int, flags: int = os.O_RDONLY) -> None:
    for _ in range(times):
        with contextlib.suppress(OSError):
            os.close(os.open(path, flags))


@tiers("opensnoop", {3: EXACT, 2: EXACT + " but for what the tool says that it lost"})
def test_counts_each_open_by_path_and_error(tmp_path: pathlib.Path, tier: int) -> None:
    missing, there = tmp_path / "missing", tmp_path / "there"

    def work() -> None:
        try_to_open(str(missing), FAILED)
        try_to_open(str(there), OPENED)
        try_to_open(str(tmp_path), 7, os.O_WRONLY)
        os.chdir(tmp_path)
        try_to_open("ebpffleet/relative", 3)

    there.touch()
    collection = Collection(duration=5, collectors=["opensnoop"], max_items=10000, **asking(tier))
    assert named.run(b"ebpffleet_open", work) == 0
    result = collection.result("opensnoop")
    lost = result["lost"] if tier == 2 else 0  # a tool that prints each open may not keep up, and says so
    data = answered({**result, "lost": 0, "status": "ok"} if lost else result, tier)
    for path, error, count in (
        (str(missing), "ENOENT", FAILED),
        (str(there), None, OPENED),
        (str(tmp_path), "EISDIR", 7),
        ("ebpffleet/relative", "ENOENT", 3),
    ):
        rows = rows_of(data, path)
        assert (set(rows), rows[error]["process"]) == ({error}, "ebpffleet_open")
        assert count - lost <= rows[error]["count"] <= count
    assert sum(row["count"] for row in data["items"]) == data["count"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the calls that only x86_64 has are made by their numbers")
def test_every_call_that_opens() -> None:
    libc = ctypes.CDLL(None)
    how = (ctypes.c_uint64 * 3)()
    path = b"/nonexistent/ebpffleet-%s"

    def work() -> None:
        for number, name, arguments in (
            (2, b"open", (path % b"open", 0)),
            (85, b"creat", (path % b"creat", 0)),
            (257, b"openat", (-100, path % b"openat", 0)),
            (437, b"openat2", (-100, path % b"openat2", how, ctypes.c_size_t(24))),
        ):
            assert libc.syscall(number, *arguments) == -1, name

    collection = Collection(duration=2, collectors=["opensnoop"], max_items=10000)
    assert named.run(b"ebpffleet_open", work) == 0
    data = native(collection.result("opensnoop"))
    for name in ("open", "creat", "openat", "openat2"):
        assert rows_of(data, (path % name.encode()).decode())["ENOENT"]["count"] == 1


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"/nonexistent/\xff\xfe", "/nonexistent/\ufffd\ufffd"),
        (b"/nonexistent/<script>", "/nonexistent/<script>"),
        (b"/nonexistent/a\nb\x1b[31m", "/nonexistent/a\nb\ufffd[31m"),
        (b"/nonexistent/" + b"x" * 240, "/nonexistent/" + "x" * (187 - len("/nonexistent/"))),
    ],
)
def test_paths_of_any_bytes_and_length(path: bytes, shown: str) -> None:
    collection = Collection(duration=1, collectors=["opensnoop"], max_items=10000)
    try_to_open(path, 5)
    assert rows_of(native(collection.result("opensnoop")), shown)["ENOENT"]["count"] == 5


def test_a_flood_of_paths_is_counted_as_lost(tmp_path: pathlib.Path) -> None:
    paths = 8000
    there = tmp_path / "there"
    there.touch()
    collection = Collection(duration=6, collectors=["opensnoop"], max_items=10000)
    for number in range(paths):
        try_to_open("/nonexistent/flood%d" % number, 1)
    try_to_open(str(there), OPENED)
    result = collection.result("opensnoop")
    assert (result["status"], result["reason"]["code"]) == ("truncated", "lost")
    data = result["data"]
    assert data["omitted"] == 0
    assert sum(row["count"] for row in data["items"]) + result["lost"] == data["count"]
    mine = sum(row["count"] for row in data["items"] if (row["labels"]["path"] or "").startswith("/nonexistent/flood"))
    assert mine < paths <= mine + result["lost"]
    assert rows_of(data, str(there))[None]["count"] == OPENED, "what failed does not push out what was opened"
