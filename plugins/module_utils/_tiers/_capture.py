# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""What a tool has written, bounded: the beginning of its output, the end of its errors, the samples it says it lost."""

from __future__ import annotations

import re

_ERRORS_KEPT = 65536  # bytes, the last ones: clang says a lot before the cause
_LINE_KEPT = 4096  # bytes of a line of errors that has no end yet
# libbcc writes this where a perf buffer was full (src/cc/perf_reader.c), and what libbpf-tools write follows; some of them, to
# their output.
_LOST = re.compile(rb"(?:Possibly lost ([0-9]{1,18}) samples|[Ll]ost ([0-9]{1,18}) events on CPU #[0-9]{1,6}!?)")
_LOST_LINE = re.compile(rb"^[Ll]ost ([0-9]{1,18}) events on CPU #[0-9]{1,6}!\n", re.MULTILINE)


class Capture:
    """`full` says that output beyond the limit was dropped, `lost` how many samples the tool says it lost."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._output = bytearray()
        self._head = 0  # bytes of output that end with the tool's greeting
        self._errors = bytearray()
        self._rest = b""  # a line of errors that has no end yet
        self.full = False
        self.lost = 0

    def add(self, output: bytes, errors: bytes) -> None:
        """Take what was read."""
        room = self._limit - len(self._output)
        self._output += output[:room]
        self.full = self.full or len(output) > room
        lines = (self._rest + errors).split(b"\n")
        self._rest = lines.pop()[-_LINE_KEPT:]
        for line in lines:
            lost = _LOST.fullmatch(line)
            if lost:
                self.lost += int(lost.group(1) or lost.group(2))
            else:
                self._errors += line + b"\n"
        del self._errors[: max(len(self._errors) - _ERRORS_KEPT, 0)]

    def greeted(self, ready: str) -> bool:
        """Say whether a whole line of output that holds `ready` has come."""
        found = self._output.find(ready.encode())
        self._head = self._output.find(b"\n", found) + 1 if found >= 0 else 0
        return self._head > 0

    def cut(self) -> None:
        """Forget the whole lines after the greeting, and what was lost until now."""
        del self._output[self._head : max(self._output.rfind(b"\n") + 1, self._head)]
        self.full, self.lost = False, 0

    def greeting(self) -> str:
        """Return the output up to the greeting's end, all of it as long as there is no greeting."""
        return self._output[: self._head or None].decode("utf-8", "replace")

    def text(self) -> str:
        """Return the output for a parser: whole lines if it is full; bytes that are not UTF-8 become lone surrogates."""
        text = _LOST_LINE.sub(b"", self._output).decode("utf-8", "surrogateescape")
        return text[: text.rfind("\n") + 1] if self.full else text

    def lost_of_output(self) -> int:
        """Return how many events the tool says, in its output, that it has lost."""
        return sum(int(number) for number in _LOST_LINE.findall(self._output))

    def errors(self) -> str:
        """Return the end of the errors, without those that `lost` counts."""
        return (bytes(self._errors) + self._rest).decode("utf-8", "replace")
