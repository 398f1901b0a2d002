# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated programs, as files: fresh, undamaged, small, and complete."""

from __future__ import annotations

import hashlib
import importlib
import pathlib
import types

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import light

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
SOURCES = sorted((CHECKOUT / "bpf").glob("*.bpf.c"))
NAMES = [source.name[: -len(".bpf.c")] for source in SOURCES]


def generated(name: str) -> types.ModuleType:
    return importlib.import_module("ansible_collections.ebpf.fleet.plugins.module_utils._programs." + name)


def test_each_source_has_a_program_and_no_program_is_without_source() -> None:
    folder = CHECKOUT / "plugins" / "module_utils" / "_programs"
    assert sorted(path.stem for path in folder.glob("[!_]*.py")) == NAMES
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_program_is_made_of_the_source_beside_it(name: str) -> None:
    digest = hashlib.sha256()
    for path in [CHECKOUT / "bpf" / (name + ".bpf.c"), *sorted((CHECKOUT / "bpf" / "include").glob("*.h"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    assert digest.hexdigest() == generated(name).SOURCE_SHA256, "run `make bpf`"


@pytest.mark.parametrize("name", NAMES)
def test_blob_is_whole(name: str) -> None:
    data, insns = light.unpack(generated(name))
    assert data
    assert len(insns) % 8 == 0


@pytest.mark.parametrize("name", NAMES)
def test_blob_is_small(name: str) -> None:
    # The seed asks for less than 5 MB of a program; ours travel with the module to every host.
    assert len(generated(name).LIGHT) < 8192


@pytest.mark.parametrize("name", [name for name in NAMES if name != "proof"])
def test_collectors_programs_have_a_window_and_count_what_they_lose(name: str) -> None:
    variables = generated(name).VARIABLES
    assert variables["window"][2] == 16
    assert variables["lost"][2] == 8
