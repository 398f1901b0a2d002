# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems: Debian of one suite as a disk image, with a way in by SSH."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import typing as t

import debian
import kernels
import needs
import store
import table

GUEST = pathlib.Path(__file__).with_name("guest")
PACKAGES = ("iproute2", "kmod", "openssh-server", "procps", "python3", "sudo", "tcpdump")
FREE_BYTES = 256 << 20
WITHOUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")


def build(root: table.Root, kernel: table.Kernel | None) -> pathlib.Path:
    """Return the disk image, built if it is not there; with the headers of `kernel`, if there is one."""
    wanted = [*PACKAGES, *root.packages]
    if kernel:
        wanted.append(kernels.resolve(kernel).name.replace("linux-image", "linux-headers", 1))
    inputs = {
        "suite": [root.suite, root.architecture, debian.archive((root.suite,), root.architecture).digest()],
        "packages": sorted(wanted),
        "files": store.digest(GUEST, keys(), pathlib.Path(__file__)),
    }
    return store.entry("roots", inputs, lambda work: _build(root, wanted, work)) / "disk.img"


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


def _build(root: table.Root, wanted: t.Sequence[str], work: pathlib.Path) -> None:
    tree = work / "tree"
    foreign = root.architecture != debian.run(["dpkg", "--print-architecture"], "Asking dpkg").strip()
    command = ["mmdebstrap", "--quiet", "--mode=root", "--architectures=" + root.architecture]
    # Programs of another architecture do not run here: such a tree is only unpacked, and configured below.
    command += ["--variant=" + ("extract" if foreign else "minbase"), "--include=" + ",".join(wanted)]
    command += ["--dpkgopt=force-unsafe-io"]
    command += ["--dpkgopt=path-exclude=" + path for path in WITHOUT]
    command += [root.suite, str(tree), debian.source_line(root.suite)]
    debian.run(command, "Making a root file system of %s for %s" % (root.suite, root.architecture))
    if foreign:
        _configure(tree)
    _add_guest(tree)
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


def _add_guest(tree: pathlib.Path) -> None:
    """Add what makes it a guest of the lab: process 1, keys, views, a user without rights."""
    shutil.copy(GUEST / "init.sh", tree / "usr/sbin/lab-init")
    (tree / "usr/sbin/lab-init").chmod(0o755)
    lab = tree / "etc/lab"
    lab.mkdir()
    shutil.copy(GUEST / "sshd_config", lab)
    shutil.copytree(GUEST / "views", lab / "views")
    shutil.copy(keys() / "host", lab / "host_key")
    (lab / "host_key").chmod(0o600)
    shutil.copy(keys() / "login.pub", lab / "authorized_keys")
    with (tree / "etc/passwd").open("a") as passwd:
        passwd.write("plain:x:1000:1000::/home/plain:/bin/sh\n")
    with (tree / "etc/group").open("a") as group:
        group.write("plain:x:1000:\n")
    if (tree / "etc/shadow").exists():
        with (tree / "etc/shadow").open("a") as shadow:
            shadow.write("plain:*:19000:0:99999:7:::\n")
    home = tree / "home/plain"
    home.mkdir(parents=True)
    shutil.chown(home, 1000, 1000)
    subprocess.run(["chown", "-R", "0:0", str(lab), str(tree / "usr/sbin/lab-init")], check=True)
