# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file of a run, as sha256sum sees it."""

from __future__ import annotations

import json
import pathlib
import subprocess

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _manifest
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError

from .conftest import Folder


def test_all_files_and_only_they(mixed: Folder) -> None:
    folder = pathlib.Path(mixed.path)
    (folder / "survey.json").write_bytes(b"{}\n")
    (folder / ".survey.json.0123.tmp").write_text("half")
    (folder / "keep").write_text("")
    for _again in range(2):  # it is not in itself
        path = _manifest.write(mixed.path, "r1")
    manifest = json.loads(pathlib.Path(path).read_text())
    assert (manifest["schema"], manifest["run"]) == ("ebpf.fleet.manifest/1", "r1")
    files = {one["path"]: one for one in manifest["files"]}
    assert set(files) == {"survey.json", *("hosts/" + one.name for one in (folder / "hosts").iterdir())}
    assert files["survey.json"]["bytes"] == 3
    sums = "".join("%s  %s\n" % (one["sha256"], one["path"]) for one in files.values())
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet"], input=sums, text=True, cwd=folder, check=True)


def test_what_cannot_be_read_is_one_sentence(mixed: Folder) -> None:
    (pathlib.Path(mixed.path) / "gone").symlink_to("nowhere")
    with pytest.raises(StorageError, match="Cannot read .*gone"):
        _manifest.write(mixed.path, "r1")
