# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in a run's folder and is left out of its report: a sentence for each kind, so that nothing is lost in silence."""

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files, _names, _record, _run
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

_NAMED = 5
_READ = 100  # files that are looked into; of more, the rest is taken for strangers


def whole(run: _run.Run) -> tuple[list[_run.RollHost], list[str]]:
    """Return the hosts of a roll-call, each once, and a sentence on those that it has twice."""
    found: dict[str, _run.RollHost] = {}
    twice: dict[str, None] = {}
    for host in run.hosts:
        if host.host in found:
            twice[host.host] = None
        found.setdefault(host.host, host)
    said = "The roll-call names %s more than once, which %s once: %s."
    hosts = "1 host" if len(twice) == 1 else "%d hosts" % len(twice)
    verb = "counts" if len(twice) == 1 else "count"
    return list(found.values()), [said % (hosts, verb, _listed(twice))] if twice else []


def notes(folder: str, hosts: t.Iterable[_run.RollHost]) -> list[str]:
    """Return sentences on stored records that no host of the roll-call has as its own."""
    known = {_names.host_stem(host.host): host.host for host in hosts}
    names = set(known.values())
    strangers, seconds = [], []
    for number, stem in enumerate(stem for stem in _stems(folder) if stem not in known):
        owner = _owner(os.path.join(folder, "hosts", stem + ".json")) if number < _READ else None
        if owner in names:
            seconds.append("%s.json of %s" % (stem, owner))
        else:
            strangers.append(owner or stem + ".json")
    found = []
    if strangers:
        said = (
            "1 stored record is of no host of this run's inventory, and is left out: %s."
            if len(strangers) == 1
            else "%d stored records are of no host of this run's inventory, and are left out: %%s." % len(strangers)
        )
        found.append(said % _listed(strangers))
    if seconds:
        said = (
            "1 stored record is a second one of its host, and is left out: %s."
            if len(seconds) == 1
            else "%d stored records are second ones of their hosts, and are left out: %%s." % len(seconds)
        )
        found.append(said % _listed(seconds))
    return found


def _stems(folder: str) -> list[str]:
    place = os.path.join(folder, "hosts")
    try:
        files = sorted(os.listdir(place)) if os.path.isdir(place) else []
    except OSError as error:
        raise _files.explain("list the folder", place, error) from error
    ours = (name for name in files if name.endswith(".json") and not name.startswith("."))
    return [name.removesuffix(".json") for name in ours if not name.endswith(".refused.json")]


def _owner(path: str) -> str | None:
    """Return the host that a file says it is of, None where it says nothing."""
    try:
        raw = json.loads(_files.read_text(path, _record.LIMIT))
    except (_files.StorageError, ValueError, RecursionError):
        return None
    host = raw.get("host") if isinstance(raw, dict) else None
    return host if isinstance(host, str) else None


def _listed(names: t.Collection[str]) -> str:
    """Return the first few of many names.

    >>> _listed(["a", "b"]), _listed([str(n) for n in range(7)])
    ('a, b', '0, 1, 2, 3, 4 and 2 more')
    """
    shown = ", ".join(one_line(name, 80) for name in list(names)[:_NAMED])
    return shown if len(names) <= _NAMED else "%s and %d more" % (shown, len(names) - _NAMED)
