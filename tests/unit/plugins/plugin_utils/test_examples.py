# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the docstrings of the controller's side are true."""

from __future__ import annotations

import doctest
import importlib
import pathlib

import pytest
from ansible_collections.ebpf.fleet.plugins import plugin_utils

NAMES = sorted(path.stem for path in pathlib.Path(next(iter(plugin_utils.__path__))).glob("_[a-z]*.py"))


def test_there_are_some() -> None:
    assert {"_units", "_names", "_files"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str) -> None:
    module = importlib.import_module("ansible_collections.ebpf.fleet.plugins.plugin_utils." + name)
    assert doctest.testmod(module).failed == 0
