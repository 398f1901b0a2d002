# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What is installed and mounted on the host that bears on eBPF: distribution, bcc's tools, libbpf-tools, libbpf, file systems."""

from __future__ import annotations

import re
import sys
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts, Host
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.trust import why_untrusted
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

# Debian's spelling, then everybody else's; of the same tool the first that is trusted wins.
_BCC_SUFFIX = "-bpfcc"
_BCC_SUFFIXED = ("/usr/sbin", "/usr/bin", "/sbin")
_BCC_PLAIN = ("/usr/share/bcc/tools",)
_TOOL = re.compile(r"[a-z][a-z0-9_.-]{0,40}")
MAX_TOOLS = 300  # bcc ships about 130

# As Debian 13, as Fedora and RHEL, and as Debian 12 and make install name libbpf-tools; of the same tool the first that
# is trusted wins. The last spelling may also be another program's, or a script.
_LIBBPF_SPELLINGS = ("%s-libbpf", "bpf-%s", "%s")
_LIBBPF_FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin")
LIBBPF_TOOLS = (  # those that a collector runs
    *(
        "biolatency",
        "biotop",
        "bitesize",
        "drsnoop",
        "execsnoop",
        "exitsnoop",
        "gethostlatency",
        "hardirqs",
        "offcputime",
    ),
    *(
        "oomkill",
        "opensnoop",
        "runqlat",
        "runqslower",
        "sigsnoop",
        "softirqs",
        "syscount",
        "tcpconnlat",
        "tcplife",
        "tcprtt",
    ),
    *("tcpstates", "vfsstat"),
)
_ELF = b"\x7fELF"
# What libbpf writes where it is linked in, as libbpf-tools are, or is asked for.
_OF_LIBBPF = b"libbpf"
_MAX_PROGRAM = 4 << 20  # bytes; those of libbpf-tools have less than one million

_MOUNTS = {"tracefs": "tracefs", "debugfs": "debugfs", "bpf": "bpffs", "securityfs": "securityfs"}
_OCTAL = re.compile(r"\\([0-7]{3})")
_OS_RELEASE = re.compile(r"^([A-Z_]+)=(.*)$", re.MULTILINE)
_LIBBPF = re.compile(r"libbpf\.so\.([01])(?:\.[0-9.]+)?")
_LIBBPF_VERSION = re.compile(r"libbpf\.so\.([0-9]+(?:\.[0-9]+)*)")


def parse_mounts(text: str) -> dict[str, str | None]:
    """Return the first mount point of each file system that tracing uses, from /proc/self/mounts; None where not mounted."""
    found: dict[str, str | None] = dict.fromkeys(_MOUNTS.values())
    for line in text.splitlines():
        fields = line.split(" ")
        name = _MOUNTS.get(fields[2]) if len(fields) > 2 else None
        if name and found[name] is None:
            found[name] = clean(_OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[1]), 256)  # \040 is a space
    return found


def mounts(host: Host) -> Facts:
    """Return `capability.mounts`."""
    return parse_mounts(host.text("/proc/self/mounts") or "")


def parse_os_release(text: str) -> dict[str, str | None]:
    """Return {"id", "version", "name"} of os-release(5); None where it does not say."""
    values = {}
    for key, said in _OS_RELEASE.findall(text):
        value = said.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        values[key] = clean(re.sub(r"\\(.)", r"\1", value), 128)
    return {
        "id": values.get("ID"),
        "version": values.get("VERSION_ID"),
        "name": values.get("PRETTY_NAME") or values.get("NAME"),
    }


def distribution(host: Host) -> dict[str, str | None]:
    """Return the distribution; os-release(5) names the two places and their order."""
    text = host.text("/etc/os-release", 65536)
    return parse_os_release((host.text("/usr/lib/os-release", 65536) if text is None else text) or "")


def bcc_spellings(name: str) -> list[str]:
    """Return every path at which the bcc tool `name` can be, the surest first."""
    return ["%s/%s%s" % (folder, name, _BCC_SUFFIX) for folder in _BCC_SUFFIXED] + [
        "%s/%s" % (folder, name) for folder in _BCC_PLAIN
    ]


def bcc_tool_names(host: Host) -> list[str]:
    """Return the names, without spelling, of the bcc tools that any of the folders holds."""
    found = {
        name[: -len(_BCC_SUFFIX)]
        for folder in _BCC_SUFFIXED
        for name in host.names(folder)
        if name.endswith(_BCC_SUFFIX)
    }
    found.update(name for folder in _BCC_PLAIN for name in host.names(folder))
    return sorted(name for name in found if _TOOL.fullmatch(name))[:MAX_TOOLS]


def bcc_tools(host: Host, untrusted: t.Callable[[str], str | None] = why_untrusted) -> dict[str, Facts]:
    """Return {name: {"path", "trusted", "reason"}} of the bcc tools on the host.

    `untrusted` says why a file must not be run by root, or None. A tool that is there twice is reported where it is trusted.
    """
    tools: dict[str, Facts] = {}
    for name in bcc_tool_names(host):
        for path in bcc_spellings(name):
            if not host.is_file(path):
                continue
            reason = untrusted(path)
            if name not in tools or reason is None:
                tools[name] = {"path": path, "trusted": reason is None, "reason": reason}
            if reason is None:
                break
    return tools


def libbpf_tools(host: Host, untrusted: t.Callable[[str], str | None] = why_untrusted) -> dict[str, Facts]:
    """Return {name: {"path", "trusted", "reason"}} of the tools of libbpf-tools on the host, of those that a collector runs."""
    there = {folder: set(host.names(folder)) for folder in _LIBBPF_FOLDERS}
    return {
        name: found
        for name in LIBBPF_TOOLS
        for found in [_libbpf_tool(host, [spelling % name for spelling in _LIBBPF_SPELLINGS], there, untrusted)]
        if found
    }


def _libbpf_tool(
    host: Host, spellings: t.Iterable[str], there: t.Mapping[str, set[str]], untrusted: t.Callable[[str], str | None]
) -> Facts | None:
    first = None
    for spelling in spellings:
        for path in ["%s/%s" % (folder, spelling) for folder, names in there.items() if spelling in names]:
            if _is_of_libbpf(host, path):
                reason = untrusted(path)
                if reason is None:
                    return {"path": path, "trusted": True, "reason": None}
                first = first or {"path": path, "trusted": False, "reason": reason}
    return first


def _is_of_libbpf(host: Host, path: str) -> bool:
    """Say whether a file is a program that was linked with libbpf: another one of the name must not be run."""
    if not host.is_file(path):
        return False
    try:
        return host.read(path, len(_ELF)) == _ELF and _OF_LIBBPF in host.read(path, _MAX_PROGRAM)
    except OSError:
        return False


def library_folders(machine: str) -> tuple[str, ...]:
    """Return where the host's shared libraries are: Debian's folder of the architecture, 64-bit, plain."""
    triplet = "%s-linux-gnu" % {"ppc64le": "powerpc64le"}.get(machine, machine)
    return (
        "/usr/lib/" + triplet,
        "/lib/" + triplet,
        "/usr/lib64",
        "/lib64",
        "/usr/lib",
        "/lib",
        "/usr/local/lib64",
        "/usr/local/lib",
    )


def libbpf(host: Host) -> Facts | None:
    """Return {"path", "version"} of the host's libbpf, 1.x before 0.x, or None when there is none.

    The version is in the name of the real file, behind the link by the library's major number; asking the library itself
    would mean to load it, and it would say only major and minor.
    """
    for major in ("1", "0"):
        for folder in library_folders(host.machine):
            for name in host.names(folder):
                found = _LIBBPF.fullmatch(name)
                if found and found[1] == major and host.is_file("%s/%s" % (folder, name)):
                    real = _LIBBPF_VERSION.fullmatch(host.real("%s/%s" % (folder, name)).rpartition("/")[2])
                    return {"path": "%s/%s" % (folder, name), "version": real[1] if real else None}
    return None


def userland(host: Host, untrusted: t.Callable[[str], str | None] = why_untrusted) -> Facts:
    """Return `capability.userland`."""
    return {
        "distribution": distribution(host),
        "python": "%d.%d.%d" % sys.version_info[:3],
        "bcc_tools": bcc_tools(host, untrusted),
        "libbpf_tools": libbpf_tools(host, untrusted),
        "libbpf": libbpf(host),
    }
