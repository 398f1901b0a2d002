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


import truth


def pytest_configure(config: pytest.Config) -> None:
    """Say at once what is missing, instead of failing test by test."""
    config.addinivalue_line("markers", "truth(collector, known, tier): holds a collector against what is known")
    if os.geteuid() != 0:
        raise SystemExit(
            "the integration tests load programs into this kernel: run them as root, or `make integration`"
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what asks a tier that is asked for elsewhere: truth.py."""
    left = [item for item in items if not truth.asked_for(item)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> collections.abc.Generator[None, t.Any, None]:
    """Write down what came of truth tests, where that is wanted."""
    outcome = yield
    truth.keep(item, outcome.get_result())


@pytest.fixture(scope="session")
def server() -> collections.abc.Iterator[sshd.Server]:
    """A real sshd on loopback, for all tests that want one."""
    import sshd

    running = sshd.Server()
    yield running
    running.close()
