# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are whole or absent, and the reason is one sentence."""

from __future__ import annotations

import errno
import os
import pathlib
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files
from ansible_collections.ebpf.fleet.plugins.plugin_utils._files import StorageError


def full(*_arguments: t.Any) -> t.NoReturn:
    """Stand in for a call that meets a full disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_write_takes_the_place_of_what_was_there(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "x.json"
    for text in ("old", "new \u00e9"):
        _files.write_text(str(path), text)
        assert path.read_text(encoding="utf-8") == text
    assert os.listdir(tmp_path) == ["x.json"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    monkeypatch.setattr(_files.os, call, full)
    with pytest.raises(
        StorageError, match=r"^Cannot write .*x\.json: No space left on device \(the disk is full; .*\)\.$"
    ):
        _files.write_text(str(path), "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.json"]


def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), _files.replacing(str(path)) as stream:
        stream.write("half of ")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.json"]


def test_lone_surrogates_can_be_written(tmp_path: pathlib.Path) -> None:
    _files.write_text(str(tmp_path / "x"), "a\udc80b")
    assert (tmp_path / "x").read_text() == "a\\udc80b"


def test_a_file_in_the_way(tmp_path: pathlib.Path) -> None:
    (tmp_path / "reports").write_text("")
    with pytest.raises(StorageError, match="a part of the path is a file, not a folder"):
        _files.make_folder(str(tmp_path / "reports" / "run"))


@pytest.mark.parametrize("code", sorted(_files._CURES))
def test_every_known_reason_has_a_cure(code: int) -> None:
    text = str(_files.explain("write", "/r/x", OSError(code, os.strerror(code))))
    assert text.startswith("Cannot write /r/x: " + os.strerror(code) + " (")
    assert text.endswith(").")


def test_an_unknown_reason_is_told_all_the_same() -> None:
    assert str(_files.explain("read", "/x", OSError(errno.ENXIO, "odd"))) == "Cannot read /x: odd."


def test_read_is_bounded(tmp_path: pathlib.Path) -> None:
    (tmp_path / "x").write_bytes(b"a" * (1 << 20))
    assert len(_files.read_text(str(tmp_path / "x"), 1 << 20)) == 1 << 20
    with pytest.raises(StorageError, match="holds more than"):
        _files.read_text(str(tmp_path / "x"), (1 << 20) - 1)


def test_writable_is_proven_and_leaves_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _files.prove_writable(str(tmp_path))
    monkeypatch.setattr(_files.os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full"):
        _files.prove_writable(str(tmp_path))
    assert os.listdir(tmp_path) == []


def test_link_is_relative_and_replaced(tmp_path: pathlib.Path) -> None:
    link = tmp_path / "latest"
    for target in ("one", "two"):
        _files.point(str(link), target)
        assert os.readlink(link) == target
    assert os.listdir(tmp_path) == ["latest"]


def test_link_does_not_take_the_place_of_a_folder(tmp_path: pathlib.Path) -> None:
    (tmp_path / "latest").mkdir()
    with pytest.raises(StorageError, match="something else has that name"):
        _files.point(str(tmp_path / "latest"), "one")
    assert os.listdir(tmp_path) == ["latest"]
