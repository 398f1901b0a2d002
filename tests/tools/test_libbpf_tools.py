# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every tool of both versions of libbpf-tools that Debian has takes our arguments, and says what it lacks where it lacks all.

The programs are the real ones, with the C library of their own suite, in a user namespace: there the kernel takes no program
of theirs, which they find out once they have read their arguments.
"""

from __future__ import annotations

import pathlib
import subprocess
import typing as t

import conftest
import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import userland
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import by_name, every
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._process import ENVIRONMENT
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._tool_failures import explain

VERSIONS = {"bookworm": "0.26", "trixie": "0.31"}
SPELLINGS = {"bookworm": "%s", "trixie": "%s-libbpf"}
LIBRARIES = {
    "bookworm": ("libc6", "libelf1", "zlib1g"),
    "trixie": ("libc6", "libelf1t64", "zlib1g", "libzstd1"),
}
COLLECTORS = [collector.name for collector in every() if collector.libbpf_tools is not None]
USAGE = 64  # EX_USAGE of sysexits.h, which argp exits with


@pytest.fixture(scope="session")
def unpacked() -> dict[str, pathlib.Path]:
    """Both versions, by suite."""
    return {
        suite: conftest.unpacked("libbpf-tools", suite, version, ("libbpf-tools", *LIBRARIES[suite]))
        for suite, version in VERSIONS.items()
    }


def run(folder: pathlib.Path, program: pathlib.Path, *args: str) -> subprocess.CompletedProcess[str]:
    loader = next(folder.rglob("ld-linux-x86-64.so.2"))
    places = {str(path.parent) for path in folder.rglob("*.so*")}
    command = ["unshare", "--user", str(loader), "--library-path", ":".join(sorted(places)), str(program), *args]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=ENVIRONMENT, text=True, timeout=60, check=False
    )


def program(unpacked: t.Mapping[str, pathlib.Path], suite: str, tool: str) -> pathlib.Path:
    return unpacked[suite] / "usr" / "sbin" / (SPELLINGS[suite] % tool)


@pytest.mark.parametrize("suite", VERSIONS)
@pytest.mark.parametrize("name", COLLECTORS)
def test_it_takes_our_arguments(unpacked: dict[str, pathlib.Path], name: str, suite: str) -> None:
    spec = by_name(name).libbpf_tools
    assert spec is not None
    done = run(unpacked[suite], program(unpacked, suite, spec.tool), *spec.args)
    assert done.returncode not in (0, USAGE), done
    assert done.stdout == ""
    assert explain("", done.stderr, "exit status %d" % done.returncode).code in ("EPERM", "btf", "ENOMEM", "load"), done


@pytest.mark.parametrize("suite", VERSIONS)
def test_an_argument_that_it_does_not_know_is_told(unpacked: dict[str, pathlib.Path], suite: str) -> None:
    done = run(unpacked[suite], program(unpacked, suite, "runqlat"), "--no-such-thing")
    assert done.returncode == USAGE
    assert explain("", done.stderr, "exit status 64").code == "usage"


@pytest.mark.parametrize("suite", VERSIONS)
def test_they_are_found_under_the_suites_spelling(unpacked: dict[str, pathlib.Path], suite: str) -> None:
    found = userland.libbpf_tools(Host(root=str(unpacked[suite])), lambda _path: None)
    assert {name: tool["path"] for name, tool in found.items()} == {
        name: "/usr/sbin/" + SPELLINGS[suite] % name for name in userland.LIBBPF_TOOLS
    }
