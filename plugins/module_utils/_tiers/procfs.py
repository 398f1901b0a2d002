# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Tier 1: two samples of /proc and /sys, and their difference over the window."""

from __future__ import annotations

import itertools
import os
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import (
    MAX_FILES,
    Answer,
    Collector,
    Limits,
    Procfs,
)
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import Reason, TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._text import clean, read_bytes
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context, Running
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window

MAX_BYTES = 8 << 20  # of one file; /proc/schedstat has about 2 KB for each CPU


def expand(pattern: str, root: str = "/", most: int = MAX_FILES) -> t.Iterator[str]:
    """Yield the paths that a pattern stands for, where `*` is a whole name. A pattern without `*` stands for itself.

    Directly under /proc a `*` is a process, so that its other entries are not tried. `**` stands for a folder and all
    below it, the upper ones first, `most` or so of them; links are not followed.
    """
    head, stars, tail = pattern.partition("/**")
    if stars:
        yield from (path + tail for path in _folders(head, root, most))
        return
    head, star, tail = pattern.partition("*")
    if not star:
        yield pattern
        return
    try:
        names = os.listdir(os.path.join(root, head.lstrip("/")))
    except OSError:  # it ended, or must not be seen
        return
    for name in names:
        if head != "/proc/" or name.isdigit():
            yield from expand(head + name + tail, root)


def _folders(top: str, root: str, most: int) -> t.Iterator[str]:
    level = [top]
    while level:
        below: list[str] = []
        for path in level:
            yield path
            try:
                with os.scandir(os.path.join(root, path.lstrip("/"))) as entries:
                    found = (path + "/" + one.name for one in entries if one.is_dir(follow_symlinks=False))
                    below.extend(itertools.islice(found, max(most + 1 - len(below), 0)))
            except OSError:  # it was removed, or must not be seen
                continue
        level = below


def sample(patterns: t.Iterable[str], root: str = "/", most: int = MAX_FILES) -> tuple[dict[str, str], bool]:
    """Return {path: text} of the files that can be read, and whether all were: False beyond `most` of a pattern.

    A file above MAX_BYTES counts as one that cannot be read: half of it would be a wrong sample.
    """
    found: dict[str, str] = {}
    complete = True
    for pattern in patterns:
        for number, path in enumerate(expand(pattern, root, most)):
            if number >= most:
                complete = False
                break
            raw = read_bytes(os.path.join(root, path.lstrip("/")), MAX_BYTES + 1)
            if raw is not None and len(raw) <= MAX_BYTES:
                found[path] = raw.decode("utf-8", "replace")
    return found, complete


def choose(spec: Procfs, root: str = "/") -> tuple[str, ...]:
    """Return the patterns to read on this host: `files`, or `instead` where the first of `files` cannot be read."""
    for patterns in (spec.files, spec.instead):
        for path in expand(patterns[0], root) if patterns else ():
            if read_bytes(os.path.join(root, path.lstrip("/")), 1):
                return patterns
    raise TierFailure(
        Reason("no_file", "%s cannot be read" % " nor ".join(spec.files[:1] + spec.instead[:1]), spec.remedy),
        "procfs:" + spec.files[0],
    )


class _Sampling(Running):
    def __init__(self, spec: Procfs, limits: Limits, root: str) -> None:
        self._spec, self._limits, self._root = spec, limits, root
        self._patterns = choose(spec, root)
        self.source = "procfs:" + self._patterns[0]
        self._before: dict[str, str] = {}
        self._after: dict[str, str] | None = None
        self._complete = True
        self._began = (0.0, 0.0)

    def _sample(self) -> dict[str, str]:
        found, complete = sample(self._patterns, self._root, self._spec.most)
        self._complete = self._complete and complete
        return found

    def open(self, window: Window) -> None:
        """Take the first sample."""
        self._began = (time.time(), time.monotonic())
        self._before = self._sample()

    def end(self) -> None:
        """Take the second sample."""
        self.span = (self._began[0], time.monotonic() - self._began[1])
        self._after = self._sample()

    def finish(self, deadline: float) -> Answer:
        """Return the difference."""
        if self._after is None or self.span is None:
            raise TierFailure(Reason("parse", "the second sample was not taken"), self.source)
        try:
            answer = self._spec.difference(self._before, self._after, self.span[1], self._limits)
        except TierFailure as failure:
            raise TierFailure(failure.reason, self.source) from None
        except ValueError as error:
            raise TierFailure(Reason("parse", clean(str(error), 300)), self.source) from None
        if not self._complete:
            answer = answer._replace(truncated="only the first %d files were read" % self._spec.most)
        return answer

    def close(self) -> None:
        """Forget the samples."""
        self._before, self._after = {}, None


def start(
    collector: Collector,
    limits: Limits,
    context: Context,
    root: str = "/",
) -> Running:
    """Choose what to read; nothing is read before the window opens."""
    if collector.procfs is None:
        raise TierFailure(Reason("unsupported", "%s cannot be answered from /proc" % collector.name), "procfs")
    return _Sampling(collector.procfs, limits, root)
