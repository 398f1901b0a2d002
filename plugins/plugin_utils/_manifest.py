# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RUN/manifest.json: every file of a run with its size and SHA-256, so that a changed or missing one can be told."""

from __future__ import annotations

import hashlib
import json
import os
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files, _run

SCHEMA = "ebpf.fleet.manifest/1"
NAME = "manifest.json"


def write(folder: str, run: str) -> str:
    """Write the manifest of a run's folder and return its path; files that are being written are not in it."""
    path = os.path.join(folder, NAME)
    manifest = {"schema": SCHEMA, "run": run, "made": _run.now(), "files": list(_entries(folder))}
    _files.write_text(path, json.dumps(manifest, indent=1) + "\n")
    return path


def _entries(folder: str) -> t.Iterator[dict[str, t.Any]]:
    for path in sorted(_walk(folder)):
        size, digest = _digest(path)
        yield {"path": os.path.relpath(path, folder), "bytes": size, "sha256": digest}


def _walk(folder: str) -> t.Iterator[str]:
    def stop(error: OSError) -> t.NoReturn:
        raise _files.explain("list the folder", folder, error) from error

    for place, _folders, names in os.walk(folder, onerror=stop):
        for name in names:
            ours = place == folder and name in (NAME, "keep")
            if not ours and not (name.startswith(".") and name.endswith(".tmp")):
                yield os.path.join(place, name)


def _digest(path: str) -> tuple[int, str]:
    try:
        with open(path, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            return stream.tell(), digest
    except OSError as error:
        raise _files.explain("read", path, error) from error
