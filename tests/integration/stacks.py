# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process whose stacks are known (stacks.c), compiled with frame pointers."""

from __future__ import annotations

import pathlib
import subprocess

NAME = "ebpffleet_stack"  # as many characters as a process's name may have
_FRAMES = ("-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer")  # on aarch64 a leaf has none otherwise
_FLAGS = ("-O1", *_FRAMES, "-fno-optimize-sibling-calls", "-Wall", "-Wextra", "-Werror")


def build(made: pathlib.Path, compiler: str = "gcc", *more: str) -> str:
    """Compile it; return its path."""
    source = pathlib.Path(__file__).with_suffix(".c")
    subprocess.run([compiler, *_FLAGS, *more, "-o", str(made), str(source)], check=True)
    return str(made)
