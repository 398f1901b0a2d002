# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What integration tests share: they need root and a kernel that takes our programs, and fail without."""

from __future__ import annotations

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))


def pytest_configure() -> None:
    """Say at once what is missing, instead of failing test by test."""
    if os.geteuid() != 0:
        raise SystemExit(
            "the integration tests load programs into this kernel: run them as root, or `make integration`"
        )
