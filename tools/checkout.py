# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a checkout a collection that Ansible and Python find, wherever it lies: `checkout.py`. Needs Python 3.8 only."""

from __future__ import annotations

import os
import pathlib

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
COLLECTIONS = CHECKOUT / ".cache" / "collections"


def link() -> pathlib.Path:
    """Let COLLECTIONS/ansible_collections/ebpf/fleet be a link to the checkout; return COLLECTIONS."""
    place = COLLECTIONS / "ansible_collections" / "ebpf" / "fleet"
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        place.symlink_to(os.path.relpath(CHECKOUT, place.parent), target_is_directory=True)
    except FileExistsError:
        if place.resolve() != CHECKOUT:
            raise RuntimeError("%s is in the way: it should be a link to %s" % (place, CHECKOUT)) from None
    return COLLECTIONS


if __name__ == "__main__":
    link()
