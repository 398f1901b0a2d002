# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import kernel
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Host

System = t.Callable[..., Host]
CONFIG = 'CONFIG_BPF=y\n# CONFIG_KPROBES is not set\nCONFIG_LSM="yama,bpf"\nCONFIG_IKHEADERS=m\nCONFIG_USB=y\n'
OPTIONS = {"CONFIG_BPF": "y", "CONFIG_KPROBES": "n", "CONFIG_LSM": "yama,bpf", "CONFIG_IKHEADERS": "m"}
RELEASE = "6.1.0-28-amd64"


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("5.15.0-91-generic", (5, 15, 0)),
        ("6.6.9+rpt-rpi-v8", (6, 6, 9)),
        ("4.18.0-553.el8_10.x86_64", (4, 18, 0)),
        ("6.18.44-fc", (6, 18, 44)),
        ("5.10", (5, 10, 0)),
        ("6.12-rc3", (6, 12, 0)),
        ("5.4.17-2136.340.4.1.el8uek.x86_64", (5, 4, 17)),
        ("5.15.167.4-microsoft-standard-WSL2", (5, 15, 167)),
        ("6.1.0_1", (6, 1, 0)),
        ("6.8.0~bpo", (6, 8, 0)),
        ("2.6.32", (2, 6, 32)),
        ("", None),
        ("6", None),
        ("v5.10", None),
        ("5.x", None),
        ("linux", None),
        ("5.10rc1", None),
        ("-5.10", None),
        ("99999999999.1", None),
        ("\u0665.\u0661\u0660", None),  # digits, but no kernel's
        ("5.10\n6.1", None),
    ],
)
def test_every_spelling_of_a_release(release: str, version: tuple[int, int, int] | None) -> None:
    assert kernel.parse_release(release) == version


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (CONFIG, OPTIONS),
        ("", {}),
        ("CONFIG_BPF is not set\n", {}),
        ("# CONFIG_BPF=y\n", {}),
        (" CONFIG_BPF=y\n", {}),
        ("CONFIG_BPF_NOT_OURS=y\n", {}),
        ("CONFIG_LSM=\n", {}),
        ("CONFIG_BPF=y\r\n", {"CONFIG_BPF": "y"}),
        ('CONFIG_LSM="' + "x" * 5000 + '"\n', {"CONFIG_LSM": "x" * 199 + "\u2026"}),
    ],
)
def test_config_keeps_what_matters(text: str, options: dict[str, str]) -> None:
    assert kernel.parse_config(text) == options


@pytest.mark.parametrize(
    ("files", "source"),
    [
        ({"/proc/config.gz": gzip.compress(CONFIG.encode())}, "/proc/config.gz"),
        ({"/boot/config-" + RELEASE: CONFIG}, "/boot/config-" + RELEASE),
        ({"/lib/modules/%s/config" % RELEASE: CONFIG}, "/lib/modules/%s/config" % RELEASE),
        ({"/lib/modules/%s/build/.config" % RELEASE: CONFIG}, "/lib/modules/%s/build/.config" % RELEASE),
        ({"/usr/lib/modules/%s/config" % RELEASE: CONFIG}, "/usr/lib/modules/%s/config" % RELEASE),
        # what is no gzip file, or no config, is passed over
        ({"/proc/config.gz": CONFIG, "/boot/config-" + RELEASE: CONFIG}, "/boot/config-" + RELEASE),
        (
            {"/boot/config-" + RELEASE: "nothing", "/lib/modules/%s/config" % RELEASE: CONFIG},
            "/lib/modules/%s/config" % RELEASE,
        ),
        # another kernel's config is not this one's
        ({"/boot/config-5.10.0-8-amd64": CONFIG}, None),
    ],
)
def test_config_is_found_where_distributions_put_it(
    system: System, files: dict[str, t.Any], source: str | None
) -> None:
    found = kernel.config(system(files))
    assert found == {"source": source, "options": OPTIONS if source else {}}


@pytest.mark.parametrize("release", ["../../etc", "", "6.1/../.."])
def test_a_release_never_leads_elsewhere(release: str) -> None:
    assert kernel.config_paths(release) == ("/proc/config.gz",)


def test_a_config_that_never_ends_is_cut() -> None:
    bomb = gzip.compress(b"CONFIG_BPF=y\n" + b"\0" * (64 << 20))
    assert len(kernel.gunzip(bomb) or "") == kernel.MAX_CONFIG


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({kernel.BTF: b"\x9f\xeb" + b"\0" * 98}, {"present": True, "bytes": 100}),
        ({}, {"present": False, "bytes": None}),
        ({kernel.BTF: b""}, {"present": False, "bytes": None}),
        ({kernel.BTF + "/x": b""}, {"present": False, "bytes": None}),
    ],
)
def test_btf(system: System, files: dict[str, t.Any], found: dict[str, t.Any]) -> None:
    assert kernel.btf(system(files)) == found


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({"/lib/modules/%s/build/include/x" % RELEASE: ""}, "/lib/modules/%s/build" % RELEASE),
        ({"/usr/lib/modules/%s/build/include/x" % RELEASE: ""}, "/usr/lib/modules/%s/build" % RELEASE),
        ({"/lib/modules/%s/build" % RELEASE: "-> ../../../usr/src/gone"}, None),
        ({"/lib/modules/%s/build/Makefile" % RELEASE: ""}, None),
        ({"/sys/kernel/kheaders.tar.xz": b"x"}, "/sys/kernel/kheaders.tar.xz"),
        (
            {"/lib/modules/%s/kernel/kernel/kheaders.ko.zst" % RELEASE: b"x"},
            "/lib/modules/%s/kernel/kernel/kheaders.ko.zst" % RELEASE,
        ),
        ({}, None),
    ],
)
def test_headers(system: System, files: dict[str, t.Any], path: str | None) -> None:
    assert kernel.headers(system(files)) == path


def test_a_kernel_of_unknown_spelling_is_data(system: System) -> None:
    found = kernel.kernel(system({}, release="gar\x1bbage"))
    assert (found["release"], found["version"]) == ("gar\ufffdbage", None)
