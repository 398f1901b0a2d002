# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the built and installed collection share. ANSIBLE_COLLECTIONS_PATH names where it is installed."""

from __future__ import annotations

import functools
import json
import os
import pathlib
import subprocess
import sys
import typing as t

BIN = pathlib.Path(sys.executable).parent
INVENTORY = "localhost ansible_connection=local ansible_python_interpreter=%s\n" % sys.executable


def ansible(program: str, *arguments: str, cwd: pathlib.Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run one of ansible-core's programs in a folder of its own, so that no ansible.cfg is found by chance."""
    return subprocess.run(
        [str(BIN / program), *arguments],
        cwd=cwd or os.environ["ANSIBLE_COLLECTIONS_PATH"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@functools.lru_cache(maxsize=None)
def documentation(kind: str) -> dict[str, dict[str, t.Any]]:
    """Return what ansible-doc knows of the installed collection's plugins of a kind, by name."""
    listed = ansible("ansible-doc", "--list", "--json", "--type", kind, "ebpf.fleet")
    assert listed.returncode == 0, listed.stderr
    names = list(json.loads(listed.stdout))
    if not names:
        return {}
    told = ansible("ansible-doc", "--json", "--type", kind, *names)
    assert told.returncode == 0, told.stderr
    return t.cast("dict[str, dict[str, t.Any]]", json.loads(told.stdout))
