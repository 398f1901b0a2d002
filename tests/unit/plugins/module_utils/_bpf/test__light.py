# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The light loader's context, byte by byte, and its refusal of what was not built."""

from __future__ import annotations

import base64
import hashlib
import struct
import typing as t
import zlib

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import light


class Blob:
    """A generated program of two maps and two programs."""

    NAME = "sample"
    MAPS = (("hists", 6, 4, 520, 1), ("sample.bss", 2, 4, 24, 1))
    PROGRAMS = (("on_a", "tp_btf/a"), ("on_b", "tp_btf/b"))
    VARIABLES: t.ClassVar[dict] = {"window": ("sample.bss", 0, 16)}
    OBJECT = ""
    OBJECT_SHA256 = ""

    def __init__(self, data: bytes = b"DATA", insns: bytes = b"12345678") -> None:
        raw = struct.pack("<I", len(data)) + data + insns
        self.LIGHT = base64.b64encode(zlib.compress(raw)).decode()
        self.SHA256 = hashlib.sha256(raw).hexdigest()


def test_unpack() -> None:
    assert light.unpack(Blob(b"the data", b"8 bytes!")) == (b"the data", b"8 bytes!")


@pytest.mark.parametrize("damage", ["!", "QUJD"])
def test_a_damaged_blob_is_refused(damage: str) -> None:
    blob = Blob()
    blob.LIGHT = damage + blob.LIGHT[len(damage) :]
    with pytest.raises(ValueError, match="sample is damaged"):
        light.unpack(blob)


def test_another_blob_is_refused() -> None:
    blob = Blob(b"good")
    blob.LIGHT = Blob(b"evil").LIGHT
    with pytest.raises(ValueError, match="is not what was built: SHA-256 [0-9a-f]{64}, not " + blob.SHA256):
        light.unpack(blob)


def test_context_is_the_kernels() -> None:
    # libbpf's skel_internal.h: struct bpf_loader_ctx, struct bpf_map_desc, struct bpf_prog_desc
    packed = light.pack_context(Blob(), {"hists": 3}, {"sample.bss": 0x1122334455667788}, 0, 0)
    assert packed.hex(" ", 4) == (
        "40000000 00000000 00000000 00000000 00000000 00000000 "  # sz 64, flags, log_level, log_size, log_buf
        "00000000 03000000 00000000 00000000 "  # hists: fd, max_entries, initial value
        "00000000 00000000 88776655 44332211 "  # sample.bss
        "00000000 00000000"  # two programs
    )


def test_context_with_a_log() -> None:
    packed = light.pack_context(Blob(), {}, {}, 0xABCD, 4096)
    assert struct.unpack_from("<IIIIQ", packed) == (64, 0, 1, 4096, 0xABCD)


def test_descriptors_come_back_by_name() -> None:
    packed = light.pack_context(Blob(), {}, {}, 0, 0)
    struct.pack_into("<i", packed, 24, 11)
    struct.pack_into("<i", packed, 40, 12)
    struct.pack_into("<ii", packed, 56, 13, 14)
    assert light.unpack_context(Blob(), packed) == ({"hists": 11, "sample.bss": 12}, {"on_a": 13, "on_b": 14})


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (b"", ""),
        (b"magic: 0xeb9f\nversion: 1\nhdr_len: 24\n[1] PTR (anon) type_id=2\n\t type_id=30 offset=0\n", ""),
        (
            b"0: (79) r6 = *(u64 *)(r1 +0)\nR1 invalid mem access 'scalar'\n",
            "0: (79) r6 = *(u64 *)(r1 +0)\nR1 invalid mem access 'scalar'",
        ),
        (
            b"[30] VAR window type_id=29\nunknown func bpf_probe_read_kernel#113\n",
            "unknown func bpf_probe_read_kernel#113",
        ),
        (b"\xff" * 10000, "\ufffd" * 4096),
    ],
)
def test_last_words_are_the_verifiers(log: bytes, words: str) -> None:
    assert light.last_words(log) == words
