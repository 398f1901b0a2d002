# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""An object in the kernel, whichever loader brought it there: descriptors by name."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import links
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.blob import Blob
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf.maps import Maps


class Loaded:
    """Maps, programs and links of one object. Closing them is the only cleanup there is."""

    def __init__(self, loader: str, blob: Blob, maps: Maps, programs: dict[str, int], sha256: str) -> None:
        """`loader` is what made it (light, libbpf), `programs` descriptors by name, `sha256` that of the bytes it used."""
        self.loader = loader
        self.maps = maps
        self.programs = programs
        self.links: list[int] = []
        self.sha256 = sha256
        self.because: str | None = None  # why it is not the light loader
        self._sections = blob.PROGRAMS

    def attach(self, targets: t.Mapping[str, t.Sequence[str]] | None = None) -> None:
        """Attach every program as its section says ("tp_btf/sched_switch"), or to each of the `targets` that its name has.

        Raise BpfError when the kernel refuses one; `close` gives back those that it has taken.
        """
        for name, section in self._sections:
            kind, _slash, target = section.partition("/")
            for one in (targets or {}).get(name, (target,)):
                self.links.append(links.ATTACH[kind](self.programs[name], one))

    def detach(self) -> None:
        """Close the links; the programs stop."""
        while self.links:
            links.close(self.links.pop())

    def close(self) -> None:
        """Give everything back. May be called again."""
        self.detach()
        while self.programs:
            os.close(self.programs.popitem()[1])
        self.maps.close()
