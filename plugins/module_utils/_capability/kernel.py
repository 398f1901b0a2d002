# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What kernel runs: its release, its type information (BTF), how it was built, and where its headers are."""

from __future__ import annotations

import errno
import re
import zlib

from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts, Host
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

BTF = "/sys/kernel/btf/vmlinux"
MAX_CONFIG = 4 << 20  # bytes of a decompressed kernel config that are looked at; real ones have 100 to 300 KB

# major.minor[.patch], then the end or a separator: 5.15.0-91-generic, 6.6.9+rpt-rpi-v8, 4.18.0-553.el8_10.x86_64, 5.10
_RELEASE = re.compile(r"([0-9]{1,5})\.([0-9]{1,5})(?:\.([0-9]{1,5}))?(?=$|[-+._~ ])")

# The options that decide what BPF and this collection's sources can do. Everything else of a config is left out.
_OPTIONS = """
    BPF BPF_SYSCALL BPF_JIT BPF_JIT_ALWAYS_ON BPF_JIT_DEFAULT_ON BPF_UNPRIV_DEFAULT_OFF BPF_EVENTS BPF_LSM BPF_PRELOAD
    BPF_KPROBE_OVERRIDE BPF_STREAM_PARSER CGROUP_BPF NET_CLS_BPF NET_ACT_BPF LWTUNNEL_BPF XDP_SOCKETS
    DEBUG_INFO_BTF DEBUG_INFO_BTF_MODULES DEBUG_INFO_REDUCED MODULE_ALLOW_BTF_MISMATCH
    FTRACE FTRACE_SYSCALLS FUNCTION_TRACER DYNAMIC_FTRACE DYNAMIC_FTRACE_WITH_DIRECT_CALLS FPROBE
    KPROBES KPROBE_EVENTS UPROBES UPROBE_EVENTS PERF_EVENTS TRACEPOINTS FUNCTION_ERROR_INJECTION
    IKCONFIG IKCONFIG_PROC IKHEADERS SCHEDSTATS SCHED_INFO DEBUG_FS
    LSM SECURITY SECURITYFS SECURITY_LOCKDOWN_LSM LOCK_DOWN_KERNEL_FORCE_NONE LOCK_DOWN_KERNEL_FORCE_INTEGRITY
    LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY SECCOMP SECCOMP_FILTER
"""
_OPTION = re.compile(r"^(# )?CONFIG_(%s)(?:=(.*)| is not set)$" % "|".join(_OPTIONS.split()), re.MULTILINE)


def parse_release(release: str) -> tuple[int, int, int] | None:
    """Return (major, minor, patch) of a kernel release, patch 0 where it has none, or None for what is no release."""
    found = _RELEASE.match(release)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def parse_config(text: str) -> dict[str, str]:
    """Return the options that matter to BPF: CONFIG_NAME to y, m, n (`is not set`), or the value without quotes.

    An option that the config does not mention is left out: that kernel does not know it, or not on this machine.
    """
    found = {}
    for unset, name, value in _OPTION.findall(text):
        if bool(unset) != bool(value):  # neither "# CONFIG_X=y", which is a comment, nor "CONFIG_X is not set"
            found["CONFIG_" + name] = "n" if unset else clean(value.strip().strip('"'), 200)
    return found


def gunzip(raw: bytes) -> str | None:
    """Return the text of a gzip file, at most MAX_CONFIG bytes of it, or None when it is none."""
    try:
        return zlib.decompressobj(wbits=31).decompress(raw, MAX_CONFIG).decode("utf-8", "replace")
    except zlib.error:
        return None


def config_paths(release: str) -> tuple[str, ...]:
    """Return where the running kernel's config can be, the surest first. A release that is no file name has no paths."""
    paths: tuple[str, ...] = ("/proc/config.gz",)
    if release and "/" not in release:
        paths += ("/boot/config-" + release,)
        for folder in module_folders(release):
            paths += (folder + "/config", folder + "/build/.config")
    return paths


def module_folders(release: str) -> tuple[str, ...]:
    """Return where the running kernel's modules can be."""
    return tuple(top + release for top in ("/lib/modules/", "/usr/lib/modules/") if release and "/" not in release)


def config(host: Host) -> Facts:
    """Return {"source": path or None, "options": {}}: the first config that can be read and is one."""
    for path in config_paths(host.release):
        try:
            raw = host.read(path, MAX_CONFIG)
        except OSError:
            continue  # absent, or not for this user: unseen() says which
        text = gunzip(raw) if path.endswith(".gz") else raw.decode("utf-8", "replace")
        options = parse_config(text) if text else {}
        if options:
            return {"source": path, "options": options}
    return {"source": None, "options": {}}


def config_hidden(host: Host) -> str | None:
    """Return the path of a config that is there and closed to this user, or None."""
    for path in config_paths(host.release):
        try:
            host.read(path, 1)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                return path
    return None


def btf(host: Host) -> Facts:
    """Return {"present", "bytes"} of the kernel's BTF; an empty or masked file is not present, None is not known."""
    size = host.size(BTF)
    return {"present": None if size is None else size > 0, "bytes": size or None}


def headers(host: Host) -> str | None:
    """Return where the headers of the running kernel are, for a compiler on the host such as bcc's, or None.

    A build folder counts only with its include folder: the link alone often outlives the headers' package. The last
    resort is the kernel's own copy (CONFIG_IKHEADERS), built in or as a module that bcc loads by itself.
    """
    for folder in module_folders(host.release):
        if host.is_folder(folder + "/build/include"):
            return folder + "/build"
    if host.is_file("/sys/kernel/kheaders.tar.xz"):
        return "/sys/kernel/kheaders.tar.xz"
    for folder in module_folders(host.release):
        for name in host.names(folder + "/kernel/kernel"):
            if name.startswith("kheaders.ko"):
                return "%s/kernel/kernel/%s" % (folder, name)
    return None


def kernel(host: Host) -> Facts:
    """Return the part of `capability.kernel` that does not depend on who asks."""
    version = parse_release(host.release)
    return {
        "release": clean(host.release, 128),
        "version": None if version is None else list(version),
        "machine": clean(host.machine, 64),
        "byte_order": host.byte_order,
        "btf": btf(host),
        "config": config(host),
        "headers": headers(host),
    }
