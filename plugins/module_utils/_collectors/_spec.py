# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What a collector declares: one question, one unit, one shape of data, and how each tier answers it."""

from __future__ import annotations

import typing as t

Data = t.Dict[str, t.Any]  # the shape `data` of docs/architecture.md
MAX_FILES = 50000  # of one pattern: threads of a very busy host


class Limits(t.NamedTuple):
    """Bounds on what one result may hold."""

    max_items: int = 200  # rows of `items` and of `series`, largest first
    max_events: int = 1000  # rows of `events`, first come
    max_output: int = 4 << 20  # bytes of a tool's output that are kept


class Filter(t.NamedTuple):
    """What questions are narrowed to; None for all."""

    process: str | None = None  # its name (comm), or its id
    cgroup: str | None = None  # its path below the cgroups' root, or a part of its own name
    device: str | None = None  # a disk's name

    def named(self) -> tuple[str, ...]:
        """Return which of the fields are given."""
        return tuple(name for name, value in zip(self._fields, self) if value is not None)


TASKS = ("process", "cgroup")  # what a question about tasks can be narrowed to
DISKS = ("device",)


class Answer(t.NamedTuple):
    """What a tier found out.

    `lost` counts events that were not kept in full, None where the source cannot tell; `truncated` says in a sentence that
    the source's output was cut short, so that the counts themselves are not complete; `left_out` is how many rows beyond the
    limits there were, where the data's `omitted` does not have them.
    """

    data: Data
    lost: int | None = None
    notes: tuple[str, ...] = ()
    truncated: str | None = None
    left_out: int = 0


class Native(t.NamedTuple):
    """Tier 3: an embedded object, whose sections say what its programs attach to, and how to read its maps at the end.

    The object has a global `struct window window` (bpf/include/window.h), closed until the engine opens it. Where kernels
    differ in what they let attach, `instead` is the variant to try next.

    `targets` is called where a section can only say how to attach ("uprobe"), and finds out on the host what to attach to:
    program name to targets, none for a program that is left out. It raises TierFailure where there is nothing to be found.
    """

    program: t.Any  # the generated module of _programs
    read: t.Callable[[t.Any, Limits], Answer]  # (an _bpf.maps.Maps, limits)
    sizes: t.Callable[[Limits], t.Mapping[str, int]] | None = None  # map name to max_entries, where limits change it
    instead: t.Any = None  # a Native
    narrows: tuple[str, ...] = ()  # fields of Filter; the object then has the constant `filter` (bpf/include/filter.h)
    targets: t.Callable[[], t.Mapping[str, t.Sequence[str]]] | None = None


class Command(t.NamedTuple):
    """Tier 2: a tool of bcc, or of libbpf-tools, that runs until SIGINT.

    `parse` is pure and raises ValueError on what it does not know. It gets what the tool printed (bytes that are not
    UTF-8 are lone surrogates, as os.fsdecode makes them), the seconds from the tool's readiness to the window's start,
    and the limits.
    """

    tool: str  # without spelling: runqlat, not runqlat-bpfcc or bpf-runqlat
    args: tuple[str, ...]
    ready: (
        str  # the text whose appearance on standard output says that the tool has attached; "": it holds a link by then
    )
    parse: t.Callable[[str, float, Limits], Answer]
    stream: bool = False  # it prints as things happen, so that what came before the window can be cut off
    tables: bool = False  # of these, one that prints tables, the last of them at SIGINT, which another SIGINT would cut
    sampler: bool = False  # it says `ready` before it compiles, and counts once it has a perf event for each CPU


class Procfs(t.NamedTuple):
    """Tier 1: two samples and their difference. Both are pure; reading files stays in the engine.

    `files` are read at both ends of the window; `instead` are read where the first of `files` cannot be; `remedy` says what
    helps where neither can. A path may hold `*` in place of a name (/proc/*/task/*/schedstat), or `**` once, for folders of
    any depth, none included. Of one pattern `most` files are read.
    `difference` gets {path: text} of each sample, path by path only those that could be read, and the seconds between;
    it raises TierFailure when they do not answer the question.
    """

    files: tuple[str, ...]
    difference: t.Callable[[t.Mapping[str, str], t.Mapping[str, str], float, Limits], Answer]
    instead: tuple[str, ...] = ()
    remedy: str | None = None
    most: int = MAX_FILES


class Collector(t.NamedTuple):
    """A question that every tier answers in the same shape."""

    name: str
    category: str  # cpu, disk, filesystem, memory, network, process
    question: str
    kind: str  # histogram, counts, events, stacks
    unit: str
    native: Native | None
    bcc: Command | None
    procfs: Procfs | None
    libbpf_tools: Command | None = None
