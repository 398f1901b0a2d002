# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The initramfs of a kernel: its modules, and what makes a plain Debian a guest of the lab (guest/, the lab's keys)."""

from __future__ import annotations

import gzip
import pathlib
import shutil
import subprocess

import debian
import kernels
import needs
import store

GUEST = pathlib.Path(__file__).with_name("guest")


def build(kernel: kernels.Built) -> pathlib.Path:
    """Return the initramfs, built if it is not there."""
    inputs = {"kernel": kernel.tree.parent.name, "files": store.digest(GUEST, keys(), pathlib.Path(__file__))}
    return store.entry("initramfs", inputs, lambda work: _build(kernel, work)) / "initramfs"


def keys() -> pathlib.Path:
    """Return the folder of the lab's own keys, made once: `login` of its user, `host` of every guest."""
    folder = needs.CACHE / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("login", "host"):
        if not (folder / name).exists():
            debian.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab " + name, "-f", str(folder / name)],
                "Making a key",
            )
    return folder


def _build(kernel: kernels.Built, work: pathlib.Path) -> None:
    tree = work / "tree"
    shutil.copytree(kernel.tree, tree, symlinks=True)
    shutil.copy(GUEST / "initramfs.sh", tree / "init")
    (tree / "init").chmod(0o755)
    added = tree / "guest"  # copied over the root file system
    lab = added / "etc/lab"
    lab.mkdir(parents=True)
    shutil.copy(GUEST / "sshd_config", lab)
    shutil.copytree(GUEST / "views", lab / "views")
    shutil.copy(keys() / "host", lab / "host_key")
    (lab / "host_key").chmod(0o600)
    shutil.copy(keys() / "login.pub", lab / "authorized_keys")
    (added / "usr/sbin").mkdir(parents=True)
    shutil.copy(GUEST / "init.sh", added / "usr/sbin/lab-init")
    (added / "usr/sbin/lab-init").chmod(0o755)
    listed = debian.run(["find", ".", "-print0"], "Listing the initramfs", cwd=tree)
    packed = subprocess.run(
        ["cpio", "--null", "--create", "--format=newc", "--quiet", "--owner=0:0"],
        cwd=tree,
        input=listed.encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    (work / "initramfs").write_bytes(gzip.compress(packed.stdout, 1))
    shutil.rmtree(tree)
