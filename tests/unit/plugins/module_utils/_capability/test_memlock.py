# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import resource
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import memlock


@pytest.mark.parametrize(
    ("version", "binds"),
    [((5, 10, 0), True), ((4, 18, 0), True), ((5, 11, 0), False), ((6, 18, 44), False), (None, True)],
)
def test_on_which_kernels_it_counts(version: tuple[int, ...] | None, binds: bool) -> None:
    assert memlock.counts(version) is binds


@pytest.mark.parametrize(
    ("limits", "allowed", "expected"),
    [
        ((65536, 8388608), resource.RLIM_INFINITY, -1),  # root with CAP_SYS_RESOURCE
        ((65536, 8388608), 8388608, 8388608),  # anybody else: up to the hard limit
        ((65536, 8388608), 0, 65536),  # not even that
        ((-1, -1), resource.RLIM_INFINITY, -1),
    ],
)
def test_it_is_raised_as_far_as_allowed(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], allowed: int, expected: int
) -> None:
    def set_limit(_which: int, wanted: tuple[int, int]) -> None:
        if allowed != resource.RLIM_INFINITY and (wanted[1] == resource.RLIM_INFINITY or wanted[0] > allowed):
            raise ValueError("not allowed to raise maximum limit")

    fake: t.Any = resource
    monkeypatch.setattr(fake, "getrlimit", lambda _which: limits)
    monkeypatch.setattr(fake, "setrlimit", set_limit)
    assert memlock.lift() == expected
