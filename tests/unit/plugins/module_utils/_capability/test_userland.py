# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import userland
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import every

System = t.Callable[..., Host]


def test_mounts() -> None:
    text = (
        "tracefs /sys/kernel/tracing tracefs rw 0 0\n"
        "tracefs /sys/kernel/debug/tracing tracefs rw 0 0\n"
        "none /odd\\040place debugfs rw 0 0\n"
        "bpf /sys/fs/bpf bpf rw 0 0\n"
        "short\n"
    )
    assert userland.parse_mounts(text) == {
        "tracefs": "/sys/kernel/tracing",
        "debugfs": "/odd place",
        "bpffs": "/sys/fs/bpf",
        "securityfs": None,
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
            ("debian", "12", "Debian GNU/Linux 12 (bookworm)"),
        ),
        ("NAME='Arch Linux'\nID=arch\n", ("arch", None, "Arch Linux")),
        ('NAME="The \\"Best\\" Linux"\n', (None, None, 'The "Best" Linux')),
        ("# ID=no\nnonsense\n", (None, None, None)),
    ],
)
def test_os_release(text: str, found: tuple[str | None, str | None, str | None]) -> None:
    assert userland.parse_os_release(text) == dict(zip(("id", "version", "name"), found))


def test_os_release_has_two_places(system: System) -> None:
    assert userland.distribution(system({"/usr/lib/os-release": "ID=fedora\n"}))["id"] == "fedora"
    assert userland.distribution(system({"/etc/os-release": "ID=rocky\n"}))["id"] == "rocky"


def test_bcc_tools_of_both_spellings(system: System) -> None:
    host = system(
        {
            "/usr/sbin/runqlat-bpfcc": "",
            "/usr/share/bcc/tools/runqlat": "",
            "/usr/share/bcc/tools/biolatency": "",
            "/usr/share/bcc/tools/doc/biolatency_example.txt": "",
            "/usr/share/bcc/tools/Odd Name": "",
            "/usr/bin/execsnoop-bpfcc": "-> gone",
            "/usr/sbin/other": "",
        }
    )
    asked = []

    def untrusted(path: str) -> str | None:
        asked.append(path)
        return "writable" if path.startswith("/usr/sbin") else None

    assert userland.bcc_tools(host, untrusted) == {
        "biolatency": {"path": "/usr/share/bcc/tools/biolatency", "trusted": True, "reason": None},
        "runqlat": {"path": "/usr/share/bcc/tools/runqlat", "trusted": True, "reason": None},
    }
    assert asked == ["/usr/share/bcc/tools/biolatency", "/usr/sbin/runqlat-bpfcc", "/usr/share/bcc/tools/runqlat"]


def test_a_tool_that_nobody_should_run_says_why(system: System) -> None:
    host = system({"/usr/sbin/runqlat-bpfcc": ""})
    assert userland.bcc_tools(host, lambda path: path + " is odd") == {
        "runqlat": {"path": "/usr/sbin/runqlat-bpfcc", "trusted": False, "reason": "/usr/sbin/runqlat-bpfcc is odd"}
    }


ELF = b"\x7fELF\2\1\1 libbpf: failed to load object"


def test_libbpf_tools_of_all_spellings(system: System) -> None:
    host = system(
        {
            "/usr/sbin/runqlat": ELF,
            "/usr/sbin/biolatency-libbpf": ELF,
            "/usr/sbin/biolatency": b"#!/usr/bin/python3\n# libbpf",  # a script of bcc's, as make install names it
            "/usr/sbin/bpf-tcplife": ELF,
            "/usr/sbin/opensnoop": b"#!/bin/sh\n",  # of perf-tools
            "/usr/sbin/execsnoop": b"\x7fELF\2\1\1 another program of the name",
            "/usr/sbin/vfsstat": "-> gone",
            "/usr/sbin/softirqs": b"\x7fEL",
            "/usr/bin/sigsnoop": "-> sigsnoop.real",
            "/usr/bin/sigsnoop.real": ELF,
            "/usr/sbin/cpudist": ELF,  # which no collector runs
        }
    )
    found = userland.libbpf_tools(host, lambda _path: None)
    assert {name: tool["path"] for name, tool in found.items()} == {
        "biolatency": "/usr/sbin/biolatency-libbpf",
        "runqlat": "/usr/sbin/runqlat",
        "sigsnoop": "/usr/bin/sigsnoop",
        "tcplife": "/usr/sbin/bpf-tcplife",
    }
    assert all((tool["trusted"], tool["reason"]) == (True, None) for tool in found.values())
    assert userland.bcc_tools(host) == {}


def test_of_two_programs_of_libbpf_tools_the_one_that_can_be_trusted_is_found(system: System) -> None:
    host = system({"/usr/sbin/runqlat": ELF, "/usr/sbin/bpf-runqlat": ELF, "/usr/sbin/runqlat-libbpf": b"#!"})
    asked = []

    def untrusted(path: str) -> str | None:
        asked.append(path)
        return None if path == "/usr/sbin/runqlat" else path + " is odd"

    path = "/usr/sbin/runqlat"
    assert userland.libbpf_tools(host, untrusted) == {"runqlat": {"path": path, "trusted": True, "reason": None}}
    assert asked == ["/usr/sbin/bpf-runqlat", "/usr/sbin/runqlat"]
    reason = "/usr/sbin/bpf-runqlat is odd"
    assert userland.libbpf_tools(host, lambda path: path + " is odd") == {
        "runqlat": {"path": "/usr/sbin/bpf-runqlat", "trusted": False, "reason": reason}
    }


def test_the_tools_that_are_looked_for_are_those_that_collectors_run() -> None:
    wanted = [collector.libbpf_tools.tool for collector in every() if collector.libbpf_tools is not None]
    assert sorted(wanted) == list(userland.LIBBPF_TOOLS)


@pytest.mark.parametrize(
    ("files", "machine", "path", "version"),
    [
        (
            {
                "/usr/lib/x86_64-linux-gnu/libbpf.so.1": "-> libbpf.so.1.1.2",
                "/usr/lib/x86_64-linux-gnu/libbpf.so.1.1.2": "",
            },
            "x86_64",
            "/usr/lib/x86_64-linux-gnu/libbpf.so.1",
            "1.1.2",
        ),
        (
            {"/usr/lib64/libbpf.so.0": "-> libbpf.so.0.5.0", "/usr/lib64/libbpf.so.0.5.0": ""},
            "x86_64",
            "/usr/lib64/libbpf.so.0",
            "0.5.0",
        ),
        ({"/usr/lib/aarch64-linux-gnu/libbpf.so.1": ""}, "aarch64", "/usr/lib/aarch64-linux-gnu/libbpf.so.1", "1"),
        ({"/usr/lib64/libbpf.so.0": "", "/usr/lib/libbpf.so.1": ""}, "x86_64", "/usr/lib/libbpf.so.1", "1"),
        ({"/usr/lib64/libbpf.so": ""}, "x86_64", None, None),
        ({"/usr/lib64/libbpf.so.1": "-> gone"}, "x86_64", None, None),
        ({}, "x86_64", None, None),
    ],
)
def test_libbpf(system: System, files: dict[str, str], machine: str, path: str | None, version: str | None) -> None:
    found = userland.libbpf(system(files, machine=machine))
    assert found == (None if path is None else {"path": path, "version": version})
