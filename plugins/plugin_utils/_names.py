# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File names for host names and run ids: safe on every file system, one per name."""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"[a-z0-9_][a-z0-9._-]{0,99}")
_RUN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_UNSAFE = re.compile(r"[^a-z0-9_-]+")


def host_stem(host: str) -> str:
    """Return the stem of a host's file, different for every host name, also where case is not told apart.

    A plain name is its own stem; any other is a readable part, a `~` (which no plain name has) and a hash.

    >>> host_stem('web-01.example.org')
    'web-01.example.org'
    >>> host_stem('../Web 1')
    'web-1~4350b5953832adff'
    """
    if _PLAIN.fullmatch(host) and not host.endswith(".refused"):
        return host
    digest = hashlib.sha256(host.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return "%s~%s" % (_UNSAFE.sub("-", host.lower()).strip("-")[:60] or "host", digest)


def is_run_id(run: str) -> bool:
    """Whether a run id can name a folder: letters, digits, `.`, `_`, `-`, not `latest`, no leading dot."""
    return bool(_RUN.fullmatch(run)) and run != "latest"
