# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other systems: folders that are laid out like them, and the standings of processes on them."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.standing import Standing

System = t.Callable[..., Host]

ORDINARY = Standing(
    root=True,
    may_trace=True,
    missing=(),
    user_namespace="initial",
    seccomp="disabled",
    container=None,
    lockdown="none",
    lsms=("capability", "apparmor"),
    memlock=8 << 20,
    version=(6, 1, 0),
    options={},
)


@pytest.fixture
def system(tmp_path: pathlib.Path) -> System:
    """Build a system: {path: text, bytes, or -> target of a link}, and whatever else a Host takes."""

    def build(files: t.Mapping[str, t.Any], **identity: t.Any) -> Host:
        for path, content in files.items():
            place = tmp_path / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str) and content.startswith("-> "):
                place.symlink_to(content[3:])
            elif isinstance(content, bytes):
                place.write_bytes(content)
            else:
                place.write_text(content, encoding="utf-8")
        given = {"release": "6.1.0-28-amd64", "machine": "x86_64", "euid": 0, "byte_order": "little"}
        given.update(identity)
        return Host(root=str(tmp_path), **given)

    return build


@pytest.fixture
def ordinary() -> Standing:
    """Root with everything, on a 6.1 kernel that refuses nothing by policy."""
    return ORDINARY
