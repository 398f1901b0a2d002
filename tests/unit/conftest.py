# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make `ansible_collections.ebpf.fleet` importable from this checkout, wherever it lies, with or without Ansible."""

from __future__ import annotations

import os
import pathlib
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
COLLECTIONS = CHECKOUT / ".cache" / "collections"


def link_checkout() -> None:
    """Let .cache/collections/ansible_collections/ebpf/fleet be a link to the checkout."""
    link = COLLECTIONS / "ansible_collections" / "ebpf" / "fleet"
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to(os.path.relpath(CHECKOUT, link.parent), target_is_directory=True)
    except FileExistsError:
        if link.resolve() != CHECKOUT:
            raise RuntimeError("%s is in the way: it should be a link to %s" % (link, CHECKOUT)) from None


link_checkout()
if str(COLLECTIONS) not in sys.path:
    sys.path.insert(0, str(COLLECTIONS))
