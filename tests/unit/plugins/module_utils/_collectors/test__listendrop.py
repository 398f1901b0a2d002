# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""listendrop, which is tier 1 alone."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import listendrop
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure

TEXT = "TcpExt: ListenOverflows ListenDrops TCPReqQFullDrop\nTcpExt: %d %d %d\n"


def test_causes_are_parts_of_all() -> None:
    before, after = ({"/proc/net/netstat": TEXT % numbers} for numbers in ((1, 5, 0), (4, 12, 2)))
    answer = listendrop.difference(before, after, 1.0, Limits())
    assert {row["labels"]["cause"]: row["count"] for row in answer.data["items"]} == {
        "accept queue full": 3,
        "SYN queue full": 2,
        "other": 2,
    }
    assert answer.data["count"] == 7


def test_a_counter_that_is_missing_or_went_backwards() -> None:
    with pytest.raises(ValueError, match="has no ListenDrops"):
        listendrop.difference(*[{"/proc/net/netstat": "TcpExt: A\nTcpExt: 1\n"}] * 2, 1.0, Limits())
    before, after = ({"/proc/net/netstat": TEXT % numbers} for numbers in ((1, 5, 0), (1, 2, 0)))
    with pytest.raises(TierFailure, match="backwards"):
        listendrop.difference(before, after, 1.0, Limits())
