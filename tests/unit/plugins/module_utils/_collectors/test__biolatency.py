# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""biolatency at tiers 1 and 2."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import biolatency
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

FILE = "/proc/diskstats"
# reads completed, merged, sectors, ms; writes the same; in flight, ms busy, ms weighted
OLD = "   8       0 sda %d 900 901 %d %d 902 903 %d 904 905 906"
DISCARDS = OLD + " %d 907 908 %d"
FLUSHES = DISCARDS + " %d %d"


def line(*numbers: int) -> str:
    """A line of 14, 18 or 20 columns, by how many kinds are given."""
    return {4: OLD, 6: DISCARDS, 8: FLUSHES}[len(numbers)] % numbers + "\n"


@pytest.mark.parametrize(
    ("numbers", "kinds"),
    [
        ((1, 10, 2, 20), ((1, 10), (2, 20))),
        ((1, 10, 2, 20, 3, 30), ((1, 10), (2, 20), (3, 30))),
        ((1, 10, 2, 20, 3, 30, 4, 40), ((1, 10), (2, 20), (3, 30), (4, 40))),
    ],
)
def test_every_generation_of_diskstats(numbers: tuple[int, ...], kinds: tuple[tuple[int, int], ...]) -> None:
    assert biolatency.disks(line(*numbers)) == {"sda": ("8:0", kinds)}


def test_a_later_generation_with_more_columns() -> None:
    found = biolatency.disks(line(1, 10, 2, 20, 3, 30, 4, 40).rstrip() + " 999 999\n")
    assert found["sda"].kinds == ((1, 10), (2, 20), (3, 30), (4, 40))


@pytest.mark.parametrize(
    "text",
    [
        "8 0 sda 1 2 3\n",  # truncated
        line(1, 10, 2, 20).rstrip() + " 1 2\n",
        line(1, 10, 2, 20).replace(" 904", " x"[:1] + "904 7"),
        line(1, 10, 2, 20).replace("   8  ", "   -8 "),
        line(1, 10, 2, 20).replace("902 903 20", "902 903 two"),
        "\x00\x1b[31m\n",
    ],
)
def test_a_hostile_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"columns|not a number"):
        biolatency.disks(text)


def difference(before: str, after: str, *numbers: str) -> t.Any:
    devices = {"/sys/block/%d/dev" % n: number + "\n" for n, number in enumerate(numbers)}
    return biolatency.difference({FILE: before, **devices}, {FILE: after, **devices}, 1.0, Limits())


def figures(answer: t.Any) -> dict[str, tuple[int, int]]:
    return {row["labels"]["device"]: (row["count"], row["total"]) for row in answer.data["series"]}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((1, 10, 2, 20), (3, 15, 7, 31), {"sda": (7, 16000)}),
        ((1, 1, 1, 1, 1, 1, 1, 1), (2, 3, 3, 4, 4, 5, 5, 6), {"sda": (10, 14000)}),  # all four kinds
        ((5, 5, 5, 5), (5, 5, 5, 5), {}),
        ((1, 2**32 - 5, 0, 0), (3, 5, 0, 0), {"sda": (2, 10000)}),  # milliseconds wrap at 32 bits
        ((2**32 - 1, 0, 0, 0), (1, 4, 0, 0), {"sda": (2, 4000)}),  # so does a count on a 32-bit kernel
        ((100, 100, 100, 100), (3, 4, 5, 6), {"sda": (8, 10000)}),  # reset: a device that was taken out and put back
    ],
)
def test_growth(before: tuple[int, ...], after: tuple[int, ...], expected: dict[str, tuple[int, int]]) -> None:
    answer = difference(line(*before), line(*after))
    assert figures(answer) == expected
    assert answer.data["count"] == sum(n for n, _us in expected.values())
    assert all(row["buckets"] is None for row in answer.data["series"])


def renamed(text: str, name: str, number: str = "8 0") -> str:
    return text.replace("sda", name).replace("8       0", number)


OLDER, NEWER = line(1, 10, 2, 20), line(2, 11, 3, 21)


def machine(text: str) -> str:
    """Disks, their partitions, and what lies on them, as a kernel lists them."""
    return (
        renamed(text, "sda")
        + renamed(text, "sda1", "8 1")
        + renamed(text, "nvme0n1", "259 0")
        + renamed(text, "nvme0n1p2", "259 2")
        + renamed(text, "dm-1", "253 1")
        + renamed(text, "dm-10", "253 10")
        + renamed(text, "mmcblk0", "179 0")
        + renamed(text, "mmcblk0boot0", "179 8")
    )


@pytest.mark.parametrize("numbers", [(), ("8:0", "259:0", "253:1", "253:10", "179:0", "179:8")])
def test_partitions_are_left_out_with_and_without_sysfs(numbers: tuple[str, ...]) -> None:
    answer = difference(machine(OLDER), machine(NEWER), *numbers)
    assert set(figures(answer)) == {"sda", "nvme0n1", "dm-1", "dm-10", "mmcblk0", "mmcblk0boot0"}
    assert any(note.endswith("again: dm-1, dm-10") for note in answer.notes)


def test_a_device_that_came_in_the_window() -> None:
    assert figures(difference(OLDER, OLDER + renamed(NEWER, "sdb", "8 16"))) == {"sdb": (5, 32000)}


def test_a_device_that_went_in_the_window_is_named() -> None:
    answer = difference(OLDER + renamed(NEWER, "sdb", "8 16"), NEWER)
    assert figures(answer) == {"sda": (2, 2000)}
    assert any(note.endswith("not counted: sdb") for note in answer.notes)


def test_another_device_under_the_same_name() -> None:
    assert figures(difference(renamed(OLDER, "sda", "8 16"), NEWER)) == {"sda": (5, 32000)}


GREETING = "Tracing block device I/O... Hit Ctrl-C to end.\n"
HEADER = "     usecs               : count     distribution\n"


def rows(*counts: int) -> str:
    return "".join(
        "%10d -> %-10d : %-8d |%-40s|\n" % (0 if slot == 0 else 1 << slot, (2 << slot) - 1, count, "*")
        for slot, count in enumerate(counts)
    )


@pytest.mark.parametrize(
    ("printed", "device"),
    [
        ("b'vda'", "vda"),  # up to 0.24
        ("'vda'", "vda"),
        ("vda", "vda"),
        ("dm-0", "dm-0"),
        ("nvme0n1", "nvme0n1"),
        ("b''", "unknown"),
        ("<unknown>", "unknown"),
        ("?", "unknown"),
        ("", "unknown"),
        ("a\x1bb", "a\ufffdb"),
    ],
)
def test_the_names_of_devices_in_every_version(printed: str, device: str) -> None:
    text = GREETING + "\n\ndisk = %s\n" % printed + HEADER + rows(0, 5)
    answer = biolatency.parse(text, 0.0, Limits())
    assert answer.data["series"] == [{"labels": {"device": device}, "count": 5, "total": None, "buckets": [(2, 4, 5)]}]


def test_devices_stay_apart_and_nameless_ones_are_one() -> None:
    names = {"dm-0": rows(1), "dm-1": rows(2), "?": rows(4)}
    text = GREETING + "\n" + "".join("\ndisk = %s\n%s%s" % (name, HEADER, body) for name, body in names.items())
    text += "\ndisk = ?\n%s%s" % (HEADER, rows(8, 16))
    answer = biolatency.parse(text, 0.0, Limits())
    assert {row["labels"]["device"]: row["buckets"] for row in answer.data["series"]} == {
        "dm-0": [(0, 2, 1)],
        "dm-1": [(0, 2, 2)],
        "unknown": [(0, 2, 12), (2, 4, 16)],
    }
    assert answer.data["count"] == 31


@pytest.mark.parametrize(("disks", "full"), [(15, False), (16, True)])
def test_a_full_table_is_said(disks: int, full: bool) -> None:
    text = GREETING + "\n" + "".join("\ndisk = sd%d\n%s%s" % (n, HEADER, rows(1, 1, 1, 1)) for n in range(disks))
    assert bool(biolatency.parse(text, 0.0, Limits()).truncated) is full


@pytest.mark.parametrize(
    "text",
    [
        GREETING,
        GREETING + "\n" + HEADER + rows(5),  # without devices: -D was not understood
        GREETING + "\n\ndisk = vda\n" + HEADER.replace("usecs", "msecs") + rows(5),
        "ERROR: can only use -D or -F. Exiting.\n",
    ],
)
def test_a_tool_that_is_not_understood(text: str) -> None:
    with pytest.raises(ValueError, match="tool"):
        biolatency.parse(text, 0.0, Limits())


def test_the_tool_saw_nothing() -> None:
    assert biolatency.parse(GREETING + "\n", 0.0, Limits()).data == {"count": 0, "total": 0, "series": []}
