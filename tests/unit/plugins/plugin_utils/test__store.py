# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records on disk: each by itself, each whole."""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _record, _store
from ansible_collections.ebpf.fleet.plugins.plugin_utils._record import Refused

from .conftest import HOSTILE, Folder, record


@pytest.mark.parametrize("host", ["web-01", HOSTILE, "x" * 1000, "a\0b", "\udc80"])
def test_what_is_written_is_read_again_and_stays_in_its_folder(folder: Folder, host: str) -> None:
    stored = record("tier3", host) if "\0" not in host else record("tier1", host)
    path = _store.write(folder.path, stored)
    assert os.path.dirname(path) == os.path.join(folder.path, "hosts")
    assert os.listdir(os.path.join(folder.path, "hosts")) == [os.path.basename(path)]
    assert _store.read(folder.path, host) == stored


def test_there_is_none(folder: Folder) -> None:
    assert _store.read(folder.path, "web-01") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "torn or not JSON"),
        ('{"schema": "ebpf.fleet.record/1", "ho', "torn or not JSON"),
        ("\0\0\0\0", "torn or not JSON"),
        ("[" * 100000, "torn or not JSON"),
        ("null", "not a JSON object"),
        (
            '{"schema": "ebpf.fleet.record/9"}',
            "has the version ebpf.fleet.record/9, and this ebpf.fleet reads ebpf.fleet.record/1",
        ),
        ("{}", "does not say that it is ebpf.fleet.record/1"),
        ('{"schema": "ebpf.fleet.record/1"}', "breaks its schema"),
        ('{"schema": "ebpf.fleet.record/1", "x": ' + "9" * 10000 + "}", "torn or not JSON"),
    ],
)
def test_garbage_is_told_in_one_sentence(folder: Folder, content: str, message: str) -> None:
    pathlib.Path(_store.path_of(folder.path, "web-01")).write_text(content)
    with pytest.raises(Refused, match=message) as caught:
        _store.read(folder.path, "web-01")
    assert "\n" not in str(caught.value)


def test_a_record_of_another_host_is_not_taken(folder: Folder) -> None:
    stored = record("tier3", "web-02")
    pathlib.Path(_store.path_of(folder.path, "web-01")).write_text(json.dumps(stored))
    with pytest.raises(Refused, match="that of another host"):
        _store.read(folder.path, "web-01")


@pytest.mark.parametrize("strange", [float("nan"), float("inf"), {1, 2}, b"x", "y" * (17 << 20)])
def test_what_cannot_be_kept_is_refused(folder: Folder, strange: t.Any) -> None:
    with pytest.raises(Refused):
        _store.keep_refused(folder.path, "web-01", {"x": strange})
    assert os.listdir(os.path.join(folder.path, "hosts")) == []


def test_what_was_refused_stands_beside_the_record(folder: Folder) -> None:
    _store.keep_refused(folder.path, "web-01", {"schema": "ebpf.fleet.record/2"})
    _store.write(
        folder.path, _record.silent(_record.Envelope("r1", "web-01", ["web"], "2026-11-24T03:00:00Z"), "failed", "why")
    )
    assert sorted(os.listdir(os.path.join(folder.path, "hosts"))) == ["web-01.json", "web-01.refused.json"]
    assert _store.path_of(folder.path, "web-01.refused") != _store.refused_path_of(folder.path, "web-01")
