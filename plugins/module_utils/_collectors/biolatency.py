# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""biolatency: how long do block devices take to answer?"""

from __future__ import annotations

import functools
import os
import re
import struct
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _decode
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_sections import TABLE_SIZE, full
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import after as text_after
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._bcc_text import log2_histograms
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._counters import Sample, both, natural, of_one
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._shape import Row, histogram, series
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    DISKS,
    Answer,
    Collector,
    Command,
    Limits,
    Native,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._histogram import Bucket, merge
from ansible_collections.ebpf.fleet.plugins.module_utils._programs import biolatency as program
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean

# --- tier 3 -----------------------------------------------------------------------------------------------------------

_NUMBERS = "/sys/dev/block/%d:%d"


def read(maps: Maps, limits: Limits) -> Answer:
    """Return one distribution per device."""
    rows = [_decode.series([raw], {"device": name_of(struct.unpack("=I", key)[0])}) for key, raw in maps.items("hists")]
    return histogram(rows, limits, lost=maps.variable("lost"))


def name_of(number: int, pattern: str = _NUMBERS) -> str:
    """Return the name of a device number (major << 20 | minor), or "major:minor" when it is there no more."""
    major, minor = number >> 20, number & 0xFFFFF
    try:
        return clean(os.path.basename(os.readlink(pattern % (major, minor))), 64)
    except OSError:
        return "%d:%d" % (major, minor) if number else "unknown"


_NATIVE = Native(narrows=DISKS, program=program, read=read)


# --- tier 2 -----------------------------------------------------------------------------------------------------------

_READY = "Tracing block device I/O"
_NO_NAME = ("", "?", "<unknown>", "Unknown")  # bcc up to 0.24, from 0.31 on, in between; libbpf-tools


def parse(text: str, _elapsed: float, limits: Limits, room: int | None = TABLE_SIZE) -> Answer:
    """Read the histograms per disk that bcc's biolatency -D prints at its end, in microseconds."""
    by_device: dict[str, list[list[Bucket]]] = {}
    for value, buckets in log2_histograms(text_after(text, _READY), "usecs", "disk"):
        by_device.setdefault(_device(value), []).append(buckets)
    merged = {device: merge(several) for device, several in by_device.items()}
    answer = histogram(
        (
            series({"device": device}, sum(n for _lo, _hi, n in buckets), None, buckets)
            for device, buckets in merged.items()
        ),
        limits,
    )
    return full(answer, sum(len(buckets) for several in by_device.values() for buckets in several), room, "device")


def _device(value: str) -> str:
    """Return the name in a section's value: old versions print Python's form of it, b'vda'."""
    quoted = re.fullmatch(r"b?(['\"])(.*)\1", value)
    name = quoted.group(2) if quoted else value.strip()
    return "unknown" if name in _NO_NAME else clean(name, 64)


# --- tier 1 -----------------------------------------------------------------------------------------------------------

DISKSTATS = "/proc/diskstats"
DEVICES = "/sys/block/*/dev"  # one for every whole device, none for partitions
_STACKED = re.compile(r"(dm-|md|bcache|drbd|loop).*")
# Columns of Documentation/admin-guide/iostats.rst, from 0: (requests completed, milliseconds they took) of each kind.
_KINDS = ((3, 6), (7, 10), (14, 17), (18, 19))  # reads, writes; discards since 4.18; flushes since 5.5
_COLUMNS = (14, 18, 20)
_NOTES = (
    "a mean, not a distribution: the kernel counts requests and adds up their milliseconds",
    "the time includes waiting in the kernel's own queue, which tiers 2 and 3 leave out",
)


class Disk(t.NamedTuple):
    """One line of /proc/diskstats: its number "8:0", and two figures of each kind of request that the kernel counts."""

    number: str
    kinds: tuple[tuple[int, int], ...]


def difference(before: Sample, after: Sample, _seconds: float, limits: Limits) -> Answer:
    """Subtract device by device, leaving out partitions, whose requests their device counts as well."""
    first, last = (disks(text) for text in both(DISKSTATS, before, after))
    whole = whole_devices(last, after)
    rows: list[Row] = []
    for name, disk in last.items():
        if name not in whole:
            continue
        grown = grown_by(first.get(name), disk)
        done, milliseconds = sum(grown[::2]), sum(grown[1::2])
        if done:
            rows.append(series({"device": clean(name, 64)}, done, milliseconds * 1000, None))
    changed = came_and_went((first, whole_devices(first, before)), (last, whole))
    return histogram(rows, limits, notes=_NOTES + caveats(*changed, (row["labels"]["device"] for row in rows)))


def grown_by(before: Disk | None, after: Disk) -> list[int]:
    """Return how far the figures of a device have grown, one kind after the other; since its birth where it is another one."""
    same = before is not None and before.number == after.number
    first, last = ([number for kind in disk.kinds for number in kind] if disk else None for disk in (before, after))
    return of_one(first if same else None, last or [])


_Found = t.Tuple[t.Mapping[str, Disk], t.Collection[str]]  # the devices of a sample, and which of them are whole


def came_and_went(first: _Found, last: _Found) -> tuple[list[str], list[str]]:
    """Return the whole devices that are not in both samples: those that came, and those that went."""
    return [name for name in last[1] if name not in first[0]], [name for name in first[1] if name not in last[0]]


def caveats(came: t.Iterable[str], gone: t.Iterable[str], found: t.Iterable[str]) -> tuple[str, ...]:
    """Return notes about devices that appeared or went away, and about those that lie on others."""
    notes: tuple[str, ...] = ()
    new, lost = (", ".join(sorted(names)) for names in (came, gone))
    if new:
        notes += ("appeared in the window, and are counted since: %s" % clean(new, 200),)
    if lost:
        notes += ("went away in the window, so that their requests are not counted: %s" % clean(lost, 200),)
    stacked = ", ".join(sorted({name for name in found if _STACKED.fullmatch(name)}))
    if stacked:
        notes += ("lie on other devices, which count the same requests again: %s" % clean(stacked, 200),)
    return notes


def disks(text: str, columns: t.Sequence[tuple[int, int]] = _KINDS) -> dict[str, Disk]:
    """Return the devices of /proc/diskstats by name, of each two columns by kind; ValueError when a line is none."""
    found: dict[str, Disk] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) not in _COLUMNS and len(words) <= _COLUMNS[-1]:
            raise ValueError("a line of %s has %d columns" % (DISKSTATS, len(words)))
        number = "%d:%d" % (natural(words[0]), natural(words[1]))
        kinds = tuple((natural(words[done]), natural(words[took])) for done, took in columns if took < len(words))
        found[words[2]] = Disk(number, kinds)
    return found


def whole_devices(found: t.Mapping[str, Disk], sample: Sample) -> set[str]:
    """Return the names that are no partitions: by /sys/block where it could be read, by the kernel's naming otherwise."""
    numbers = {text.strip() for path, text in sample.items() if path.startswith("/sys/block/")}
    if numbers:
        return {name for name, disk in found.items() if disk.number in numbers}
    return {name for name in found if _parent(name) not in found}


def _parent(name: str) -> str | None:
    """Return the device whose partition has this name, if it is one: sda of sda1, nvme0n1 of nvme0n1p2, none of dm-10.

    block/partitions/core.c puts a "p" between when the device's own name ends in a digit.
    """
    match = re.fullmatch(r"(.*[0-9])p[0-9]+|(.*[^0-9])[0-9]+", name)
    return (match.group(1) or match.group(2)) if match else None


_COMMAND = Command(tool="biolatency", args=("-D",), ready=_READY, parse=parse)

COLLECTOR = Collector(
    name="biolatency",
    category="disk",
    question="How long do block devices take to answer?",
    kind="histogram",
    unit="us",
    native=_NATIVE,
    bcc=_COMMAND,
    libbpf_tools=_COMMAND._replace(parse=functools.partial(parse, room=None)),
    procfs=Procfs(files=(DISKSTATS, DEVICES), difference=difference),
)
