# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store of built things by their inputs: what was built from the same inputs is there already.

CACHE/KIND/KEY/ is one entry; KEY is the SHA-256 of the inputs, which lie beside the entry as inputs.json. An entry is
built in a folder of another name and renamed when it is complete, so that one that is there is whole.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import pathlib
import shutil
import time
import typing as t

import needs

LEFT_SECONDS = 7 * 86400  # an entry that was not used for so long goes


def key(inputs: t.Mapping[str, t.Any]) -> str:
    """Return the name of the entry that these inputs make."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def digest(*files: pathlib.Path) -> str:
    """Return one digest over the contents of files (and the files of folders), in order."""
    total = hashlib.sha256()
    for file in files:
        for part in sorted(file.rglob("*")) if file.is_dir() else [file]:
            if part.is_file():
                total.update(part.name.encode() + b"\0" + part.read_bytes() + b"\0")
    return total.hexdigest()


def entry(
    kind: str, inputs: t.Mapping[str, t.Any], build: t.Callable[[pathlib.Path], None], root: pathlib.Path | None = None
) -> pathlib.Path:
    """Return the folder built from `inputs`; call `build` with an empty folder to fill, where it is not there."""
    room = (root or needs.CACHE) / kind
    place = room / key(inputs)
    used = place / "inputs.json"
    if used.exists():
        used.touch()
        return place
    room.mkdir(parents=True, exist_ok=True)
    work = room / (place.name + ".new")
    with (room / (place.name + ".lock")).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if used.exists():  # somebody else built it meanwhile
            return place
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            build(work)
            (work / used.name).write_text(json.dumps(inputs, indent=2, sort_keys=True))
            work.rename(place)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    _drop_unused(room)
    return place


def _drop_unused(room: pathlib.Path) -> None:
    """Remove what nobody used for long."""
    for old in room.glob("*/inputs.json"):
        if time.time() - old.stat().st_mtime > LEFT_SECONDS:
            shutil.rmtree(old.parent)
            old.parent.with_name(old.parent.name + ".lock").unlink(missing_ok=True)
