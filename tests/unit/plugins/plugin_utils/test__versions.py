# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's version, as installed and in a checkout."""

from __future__ import annotations

import pathlib

import yaml
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _versions

ROOT = pathlib.Path(__file__).resolve().parents[4]


def test_in_a_checkout() -> None:
    assert _versions.collection(str(ROOT)) == yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]


def test_installed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "MANIFEST.json").write_text('{"collection_info": {"version": "7.8.9"}}')
    (tmp_path / "galaxy.yml").write_text("version: 0.0.1\n")
    assert _versions.collection(str(tmp_path)) == "7.8.9"


def test_neither(tmp_path: pathlib.Path) -> None:
    assert _versions.collection(str(tmp_path)) is None


def test_versions() -> None:
    assert set(_versions.versions()) == {"collection", "ansible_core", "python"}
    assert all(_versions.versions().values())
