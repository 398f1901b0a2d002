# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/tools.md says what the table of tools says."""

from __future__ import annotations

import pathlib
import sys

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import PROFILE
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._tools import TOOLS

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[5] / "tests" / "tools"))

import page
from left_out import LEFT_OUT


def test_the_page_is_what_the_table_gives() -> None:
    assert page.PAGE.read_text() == page.render(page.published()), "run python tests/tools/page.py"


def test_every_tool_has_a_row() -> None:
    text = page.PAGE.read_text()
    for name, tool in TOOLS.items():
        assert "\n| `%s` | %s | %s | " % (name, tool.category, tool.question) in text


def test_what_is_left_out_is_no_collector() -> None:
    assert not set(LEFT_OUT) & {*TOOLS, *PROFILE}


def test_outcomes_are_of_tools_that_there_are() -> None:
    for host, outcomes in page.published().items():
        assert host in page.HOSTS
        assert set(outcomes) <= set(TOOLS)
        for name, row in outcomes.items():
            assert row["outcome"] not in ("usage", "parse", "timeout"), (host, name, row)
