# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems: plain Debian of one suite as a disk image. What makes it a guest comes with the initramfs."""

from __future__ import annotations

import pathlib
import shutil
import typing as t

import debian
import kernels
import store
import table

PACKAGES = ("e2fsprogs", "iproute2", "kmod", "mount", "nftables", "openssh-server", "procps", "python3", "sudo")
FREE_BYTES = 1 << 30  # for what is installed into a guest; the image is sparse
WITHOUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")


def build(root: table.Root, kernel: table.Kernel | None) -> pathlib.Path:
    """Return the disk image, built if it is not there; with the headers of `kernel`, if there is one."""
    wanted = [*PACKAGES, *root.packages]
    if kernel:
        wanted.append(kernels.resolve(kernel).name.replace("linux-image", "linux-headers", 1))
    inputs = {
        "suite": [root.suite, root.architecture, debian.archive((root.suite,), root.architecture).digest()],
        "packages": sorted(wanted),
        "code": store.digest(pathlib.Path(__file__)),
    }
    return store.entry("roots", inputs, lambda work: _build(root, wanted, work)) / "disk.img"


def _build(root: table.Root, wanted: t.Sequence[str], work: pathlib.Path) -> None:
    tree = work / "tree"
    foreign = root.architecture != debian.run(["dpkg", "--print-architecture"], "Asking dpkg").strip()
    # What it mounts below the tree (/proc, /sys) is seen by nobody else, and gone with it however it ends: the tree can be removed.
    command = ["unshare", "--mount", "mmdebstrap", "--quiet", "--mode=root", "--architectures=" + root.architecture]
    # Programs of another architecture do not run here: such a tree is only unpacked, and configured below.
    variant = ["--variant=extract", "--include=?essential"] if foreign else ["--variant=minbase"]
    command += [*variant, "--include=" + ",".join(wanted)]
    command += ["--dpkgopt=force-unsafe-io"]
    command += ["--dpkgopt=path-exclude=" + path for path in WITHOUT]
    command += [root.suite, str(tree), debian.source_line(root.suite)]
    debian.run(command, "Making a root file system of %s for %s" % (root.suite, root.architecture))
    if foreign:
        _configure(tree)
    image = work / "disk.img"
    size = int(debian.run(["du", "-s", "-B1", str(tree)], "Measuring").split()[0])
    with image.open("wb") as file:
        file.truncate(size * 5 // 4 + FREE_BYTES)
    debian.run(["mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(image)], "Making a disk image")
    shutil.rmtree(tree)


def _configure(tree: pathlib.Path) -> None:
    """Do what the packages' own scripts would have done, as far as a guest needs it."""
    for name in ("passwd", "group"):
        shutil.copy(tree / "usr/share/base-passwd" / (name + ".master"), tree / "etc" / name)
    with (tree / "etc/passwd").open("a") as passwd:
        passwd.write("sshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n")
    shell = tree / "usr/bin/sh"
    if not shell.exists():
        shell.symlink_to("dash")
