# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""survey.tiers.yml is read by Ansible's own inventory, whatever the hosts are called."""

from __future__ import annotations

import io
import pathlib

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _tiers_inventory

from .conftest import Folder, record

NAMES = [
    "plain.example.org",
    "two words, 'one' \"two\"",
    "{{ 7 * 7 }}",
    "a: b # c",
    "- x",
    "*star",
    "!tag",
    "&anchor",
    "caf\u00e9 \u202e",
    "nul\x00\x1b",
    "line\nbreak",
    "null",
    "~",
    "1.0",
    "::1",
    "../../etc/passwd",
]


def text_of(folder: Folder) -> str:
    stream = io.StringIO()
    survey = folder.survey()
    _tiers_inventory.write(survey, stream)
    survey.close()
    return stream.getvalue()


def groups(text: str, tmp_path: pathlib.Path) -> dict[str, list[str]]:
    """Return what ansible-core's inventory makes of it."""
    path = tmp_path / "survey.tiers.yml"
    path.write_text(text, encoding="utf-8")
    found = InventoryManager(DataLoader(), sources=[str(path)]).get_groups_dict()
    return {name: [str(host) for host in hosts] for name, hosts in found.items() if name.startswith("ebpf_")}


def test_hosts_are_where_their_tier_is(mixed: Folder, tmp_path: pathlib.Path) -> None:
    found = groups(text_of(mixed), tmp_path)
    assert found["ebpf_tier_1"] == ["web-02"]
    assert found["ebpf_tier_2"] == ["db-01"]
    assert found["ebpf_tier_3"][0] == "web-01"
    assert {"db-02", "lost", "limited"} <= set(found["ebpf_tier_unknown"])


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_that_host_and_no_other(folder: Folder, tmp_path: pathlib.Path, name: str) -> None:
    folder.add(name, ("web",), record("tier3", name))
    folder.add("after", ("web",), record("tier1", "after"))
    found = groups(text_of(folder), tmp_path)
    assert found["ebpf_tier_3"] == [name]
    assert found["ebpf_tier_1"] == ["after"]


@pytest.mark.parametrize("name", ["web[1:3]", "web-01:2222", "x[a:c]y", "[::1]:22", "\x1b[31m"])
def test_a_name_that_would_be_another_host_is_left_out(folder: Folder, tmp_path: pathlib.Path, name: str) -> None:
    folder.add(name, ("web",), record("tier3", name))
    text = text_of(folder)
    assert "cannot be named in an inventory" in text
    assert all(not hosts for hosts in groups(text, tmp_path).values())
