# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of a run: RUN/hosts/HOST.json, each written at once, each read by itself."""

from __future__ import annotations

import json
import os

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files, _names, _record
from ansible_collections.ebpf.fleet.plugins.plugin_utils._record import Record, Refused

_STORED = _record.LIMIT + (4 << 20)  # bytes of a stored record: what the host sent, and the controller's part


def path_of(folder: str, host: str) -> str:
    """Return the path of a host's record in a run's folder."""
    return os.path.join(folder, "hosts", _names.host_stem(host) + ".json")


def refused_path_of(folder: str, host: str) -> str:
    """Return the path where what a host sent is kept when it is not a record."""
    return os.path.join(folder, "hosts", _names.host_stem(host) + ".refused.json")


def encode(value: object, limit: int = _record.LIMIT) -> str:
    """Return compact ASCII JSON, safe whatever text is inside; Refused for what JSON cannot carry, or too much of it."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False) + "\n"
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused("The host sent what JSON cannot carry: %s." % error) from error
    if len(text) > limit:
        raise Refused("The host sent a record of more than %d MiB: lower the limits." % (limit >> 20))
    return text


def write(folder: str, record: Record) -> str:
    """Store a record and return its path; StorageError where the file system does not let it."""
    path = path_of(folder, record["host"])
    _files.write_text(path, encode(record, _STORED))
    return path


def keep_refused(folder: str, host: str, sent: object) -> None:
    """Keep what a host sent that is no record; Refused where that is too large, or no JSON."""
    _files.write_text(refused_path_of(folder, host), encode(sent))


def read(folder: str, host: str) -> Record | None:
    """Return a host's record, None where there is none; Refused where the file holds something else."""
    path = path_of(folder, host)
    if not os.path.exists(path):
        return None
    try:
        text = _files.read_text(path, _STORED)
    except _files.StorageError as error:
        raise Refused(str(error)) from error
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("The stored record %s is torn or not JSON (%s)." % (os.path.basename(path), error)) from error
    record = _record.check_stored(raw)
    if record["host"] != host:
        raise Refused("The stored record %s is that of another host." % os.path.basename(path))
    return record
