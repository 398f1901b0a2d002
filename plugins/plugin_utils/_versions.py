# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions make a run: this collection's, ansible-core's, Python's."""

from __future__ import annotations

import functools
import json
import os
import platform

import yaml
from ansible.release import __version__ as ansible_version

_ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


@functools.cache
def collection(root: str = _ROOT) -> str | None:
    """Return this collection's version, from MANIFEST.json where it is installed, from galaxy.yml in a checkout."""
    manifest = os.path.join(root, "MANIFEST.json")
    if os.path.exists(manifest):
        with open(manifest, encoding="utf-8") as stream:
            found = json.load(stream).get("collection_info", {}).get("version")
    elif os.path.exists(os.path.join(root, "galaxy.yml")):
        with open(os.path.join(root, "galaxy.yml"), encoding="utf-8") as stream:
            found = yaml.safe_load(stream).get("version")
    else:
        return None
    return None if found is None else str(found)


def versions() -> dict[str, str | None]:
    """Return the versions of a run, as run.json holds them."""
    return {"collection": collection(), "ansible_core": ansible_version, "python": platform.python_version()}
