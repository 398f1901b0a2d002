# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernels: from Debian's packages, with the modules that a guest needs."""

from __future__ import annotations

import gzip
import lzma
import pathlib
import shutil
import subprocess
import typing as t

import debian
import needs
import store
import table

BOOT_MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "ext4")  # loaded by the initramfs, in this order
GUEST_MODULES = (  # there for modprobe
    *("af_packet", "loop", "nf_tables", "nft_numgen", "null_blk", "overlay", "sch_netem", "tcp_diag", "tun", "veth"),
)
BUSYBOX_SUITE = ("bookworm",)


class Built(t.NamedTuple):
    """A kernel; `tree` is what goes into its initramfs: modules, the list of those to load, busybox."""

    image: pathlib.Path
    tree: pathlib.Path
    package: debian.Package
    release: str


def resolve(kernel: table.Kernel) -> debian.Package:
    """Return the package that the table's pattern means today."""
    return debian.archive(kernel.suites, kernel.architecture).newest(kernel.image)


def build(kernel: table.Kernel) -> Built:
    """Return the kernel, built if it is not there."""
    package = resolve(kernel)
    inputs = {
        "package": package,
        "modules": [BOOT_MODULES, GUEST_MODULES],
        "code": store.digest(pathlib.Path(__file__)),
    }
    place = store.entry("kernels", inputs, lambda work: _build(kernel, package, work))
    return Built(place / "vmlinuz", place / "tree", package, (place / "release").read_text())


def _build(kernel: table.Kernel, package: debian.Package, work: pathlib.Path) -> None:
    archive = debian.archive(kernel.suites, kernel.architecture)
    # From 7.x on the image package holds nothing itself, and the kernel lies beside its modules.
    parts = archive.depends(package, "linux-(base|binary|modules)-[0-9].*")
    unpacked = work / "unpacked"
    archive.unpack([package, *parts], unpacked)
    (modules,) = (found for place in ("usr/lib/modules", "lib/modules") for found in unpacked.glob(place + "/*"))
    release = modules.name
    (image,) = [*unpacked.glob("boot/vmlinuz-*"), *modules.glob("vmlinuz")]
    shutil.copy(image, work / "vmlinuz")
    (work / "release").write_text(release)

    tree = work / "tree"
    for name in ("bin", "boot"):
        (tree / name).mkdir(parents=True)
    boxes = debian.archive(BUSYBOX_SUITE, kernel.architecture)
    boxes.unpack([boxes.named("busybox-static")], work / "busybox")
    (busybox,) = (work / "busybox").rglob("bin/busybox")
    shutil.copy(busybox, tree / "bin/busybox")
    loaded = copy_modules(modules, tree / "lib/modules" / release, (*BOOT_MODULES, *GUEST_MODULES))
    for config in unpacked.glob("boot/config-*"):
        shutil.copy(config, tree / "boot")
    for config in modules.glob("config"):
        shutil.copy(config, tree / "lib/modules" / release)
    debian.run(["depmod", "-b", str(tree), release], "Listing the modules of %s" % release)
    (tree / "boot-modules").write_text("".join(name + "\n" for name in BOOT_MODULES if name in loaded))
    for leftover in ("unpacked", "busybox"):
        shutil.rmtree(work / leftover)


def copy_modules(source: pathlib.Path, target: pathlib.Path, wanted: t.Sequence[str]) -> set[str]:
    """Copy the wanted modules and all that they need, uncompressed; return those of `wanted` that are modules.

    One that is built into the kernel needs no file; one that is neither is an error.
    """
    files = {module_name(file.name): file for file in source.rglob("*.ko*")}
    builtin = {module_name(line.rpartition("/")[2]) for line in (source / "modules.builtin").read_text().splitlines()}
    missing = [name for name in wanted if name not in files and name not in builtin]
    if missing:
        raise needs.LabError("The kernel in %s has no module %s." % (source.name, " ".join(missing)))
    target.mkdir(parents=True)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        if (source / name).exists():
            shutil.copy(source / name, target / name)
    todo, done = [name for name in wanted if name in files], set()
    while todo:
        name = todo.pop()
        if name in done or name not in files:
            continue
        done.add(name)
        file = files[name]
        copy = target / file.relative_to(source).with_name(file.name.partition(".ko")[0] + ".ko")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(decompress(file))
        needed = debian.run(["modinfo", "--field", "depends", str(copy)], "Reading what a module needs")
        todo += [module_name(other) for other in needed.strip().split(",") if other]
    return done & set(wanted)


def module_name(file: str) -> str:
    """Return a module's name as the kernel spells it."""
    return file.partition(".ko")[0].replace("-", "_")


def decompress(file: pathlib.Path) -> bytes:
    """Return a module's bytes: .ko, .ko.xz, .ko.gz or .ko.zst."""
    if file.suffix == ".xz":
        return lzma.decompress(file.read_bytes())
    if file.suffix == ".gz":
        return gzip.decompress(file.read_bytes())
    if file.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", str(file)], stdout=subprocess.PIPE, check=True).stdout
    return file.read_bytes()
