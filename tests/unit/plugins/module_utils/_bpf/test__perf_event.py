# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import pathlib
import struct

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import perf_event


def test_an_event_is_packed_as_the_kernel_reads_it() -> None:
    raw = perf_event.pack(9, 2, 0x1122, 0x3344, 5, kernel=False)
    assert len(raw) == 72  # PERF_ATTR_SIZE_VER1
    assert struct.unpack_from("=IIQQ", raw) == (9, 72, 2, 5)
    assert struct.unpack_from("=Q", raw, 40) == (1 | 1 << 5 | 1 << 6,)  # disabled, exclude_kernel, exclude_hv
    assert struct.unpack_from("=QQ", raw, 56) == (0x1122, 0x3344)
    assert struct.unpack_from("=Q", perf_event.pack(9, 2, 0, 0, 5, kernel=True), 40) == (1,)


@pytest.mark.parametrize(
    ("machine", "numbers"),
    [("x86_64", (0x2400, 0x40042408)), ("aarch64", (0x2400, 0x40042408)), ("ppc64le", (0x20002400, 0x80042408))],
)
def test_requests(machine: str, numbers: tuple[int, int]) -> None:
    assert perf_event.requests(machine) == numbers


def test_a_source_that_the_kernel_has_not(tmp_path: pathlib.Path) -> None:
    (tmp_path / "uprobe").mkdir()
    (tmp_path / "uprobe" / "type").write_text("9\n")
    assert perf_event.source_type("uprobe", str(tmp_path)) == 9
    with pytest.raises(OSError, match="kprobe") as caught:
        perf_event.source_type("kprobe", str(tmp_path))
    assert caught.value.errno == errno.ENODEV
