# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary at the play's end."""

from __future__ import annotations

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _summary

from .conftest import Folder, record


def test_fleets_tiers_and_what_stands_between(mixed: Folder) -> None:
    survey = mixed.survey()
    lines = _summary.table(survey.head).splitlines()
    survey.close()
    rows = {line.split("  ")[0]: line.split() for line in lines if line and not line.startswith(" ")}
    assert rows["prod"][1:6] == ["4", "1", "1", "1", "1"]
    assert rows["web"][1:6] == ["2", "1", ".", "1", "."]
    assert rows["all"][1:6] == ["7", "2", "1", "1", "3"]
    assert rows["all"][6:] == ["3", "ok,", "1", "partial,", "1", "failed,", "1", "unreachable,", "1", "skipped"]
    between = lines[lines.index("What stands between the rest and tier 3:") :]
    assert any(line.startswith("  kernel_memory: 2 hosts, unknown on 1: ") for line in between)
    assert all(len(line) < 400 for line in lines)


def test_many_fleets_are_cut(folder: Folder) -> None:
    for number in range(50):
        folder.add("h%d" % number, ("f%02d" % number,), None)
    survey = folder.survey()
    lines = _summary.table(survey.head).splitlines()
    survey.close()
    assert sum(line.startswith("f") for line in lines) == 1 + 20
    assert "(30 smaller fleets are in the report)" in lines


def test_all_at_tier_3(folder: Folder) -> None:
    folder.add("web-01", ("web",), record("tier3"))
    survey = folder.survey()
    assert "Every host is at tier 3." in _summary.table(survey.head)
    survey.close()


def test_nobody_answered(folder: Folder) -> None:
    folder.add("web-01", ("web",), None)
    survey = folder.survey()
    table = _summary.table(survey.head)
    survey.close()
    assert "No host answered." in table
    assert "Every host" not in table


def test_findings_and_what_would_win(mixed: Folder) -> None:
    survey = mixed.survey()
    lines = _summary.table(survey.head).splitlines()
    survey.close()
    wins = lines[lines.index("What would move the most hosts up:") + 1 :]
    assert wins[0] == "  run with become: true: 1 to tier 3"
    found = lines[lines.index("Findings:") + 1 :]
    assert any(line.startswith("  warning: The host gave no answer: 2 hosts, worst ") for line in found)
    assert len([line for line in found if line]) <= 9
