# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What integration tests share: they need root and a kernel that takes our programs, and fail without."""

from __future__ import annotations

import collections.abc
import os
import pathlib
import sys
import typing as t

import pytest

_HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(_HERE))
sys.path += [str(_HERE.parents[1] / "tools"), str(_HERE.parent / "package")]

if t.TYPE_CHECKING:
    import sshd


def pytest_configure() -> None:
    """Say at once what is missing, instead of failing test by test."""
    if os.geteuid() != 0:
        raise SystemExit(
            "the integration tests load programs into this kernel: run them as root, or `make integration`"
        )


@pytest.fixture(scope="session")
def server() -> collections.abc.Iterator[sshd.Server]:
    """A real sshd on loopback, for all tests that want one."""
    import sshd

    running = sshd.Server()
    yield running
    running.close()
