# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""opensnoop at tier 2, and which rows are kept."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import opensnoop
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Answer, Limits

# By the tool's source: opensnoop-bpfcc 0.26.
HEADER = "%-6s %-16s %4s %3s PATH\n" % ("PID", "COMM", "FD", "ERR")


def line(comm: str, error: int, path: str, pid: int = 4194304) -> str:
    return "%-6d %-16s %4d %3d %s\n" % (pid, comm, -1 if error else 3, error, path)


def parse(text: str, limits: Limits | None = None) -> Answer:
    return opensnoop.parse(HEADER + text, 0.0, limits or Limits())


def test_the_tool() -> None:
    answer = parse(line("sh", 2, "/x") + line("sh", 2, "/x", 7) + line("cat", 0, "/x") + line("cat", 13, "/y z"))
    assert answer.data == {
        "count": 4,
        "items": [
            {"labels": {"path": "/x", "error": "ENOENT"}, "count": 2, "process": "sh"},
            {"labels": {"path": "/y z", "error": "EACCES"}, "count": 1, "process": "cat"},
            {"labels": {"path": "/x", "error": None}, "count": 1, "process": "cat"},
        ],
        "omitted": 0,
    }
    assert answer.lost == 0


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/caf\u00e9", "/caf\u00e9"),
        ("/\udcff\udcfe", "/\ufffd\ufffd"),
        ("/<script>\x1b[31m", "/<script>\ufffd[31m"),
        ("x" * 250, "x" * 187),
        ("", None),
    ],
)
def test_paths_of_any_bytes_and_length(path: str, shown: str | None) -> None:
    (row,) = parse(line("a", 2, path)).data["items"]
    assert row["labels"] == {"path": shown, "error": "ENOENT"}


@pytest.mark.parametrize("comm", ["a b", "new\nline", "7 0 0 /x"])
def test_names_of_any_text(comm: str) -> None:
    answer = parse(line(comm, 2, "/x") + line("b", 0, "/y"))
    assert [row["process"] for row in answer.data["items"]] == [comm, "b"]
    assert answer.lost == 0


@pytest.mark.parametrize("text", ["garbage\n", "\n", line("a", 2, "/x")[:-1]])
def test_a_line_that_cannot_be_read_is_lost(text: str) -> None:
    answer = parse(line("a", 0, "/there") + text)
    assert ([row["count"] for row in answer.data["items"]], answer.data["count"], answer.lost) == ([1], 2, 1)


def test_a_tool_that_never_got_ready_has_no_answer() -> None:
    with pytest.raises(ValueError, match="did not print"):
        opensnoop.parse("Traceback\n", 0.0, Limits())


@pytest.mark.parametrize(
    ("failed", "opened", "limit", "kept", "omitted"),
    [(3, 3, 10, (3, 3), 0), (9, 9, 10, (5, 5), 8), (9, 2, 10, (8, 2), 1), (2, 9, 10, (2, 8), 1), (1, 9, 1, (1, 0), 9)],
)
def test_what_failed_has_half_of_the_room(
    failed: int, opened: int, limit: int, kept: tuple[int, int], omitted: int
) -> None:
    lines = [line("a", 2, "/no%d" % n) for n in range(failed)] + [line("a", 0, "/yes%d" % n) * 2 for n in range(opened)]
    data = parse("".join(lines), Limits(max_items=limit)).data
    errors = [row["labels"]["error"] for row in data["items"]]
    assert (errors.count("ENOENT"), errors.count(None)) == kept
    assert (data["count"], data["omitted"]) == (failed + 2 * opened, omitted)
    assert [row["count"] for row in data["items"]] == sorted((row["count"] for row in data["items"]), reverse=True)


def test_the_maps_grow_with_what_is_asked_for() -> None:
    assert opensnoop.sizes(Limits()) == {"failed": 2048, "opened": 1024}
    assert opensnoop.sizes(Limits(max_items=9000)) == {"failed": 4500, "opened": 4500}
