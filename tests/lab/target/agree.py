# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a guest: the native programs and the bcc tool of each collector over the same time, while there is load.

    agree.py SECONDS COLLECTOR...    prints {"load": what load.py says, collector: {"native": answer, "bcc": answer}}

A tool that counts does so from the moment on when it is attached: then the window of the native programs is opened.
Both are ended together. Tools are started one after another, so that each has the guest to itself while it compiles. An
answer is data, lost, cost and, of a tool, its peak resident KiB; or `failed`: the reason. `completed` is what the root disk
completed meanwhile, as the kernel counts it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t

import load
from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import assess
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Collector, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import native, tools
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context, Running
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window

STARTUP_SECONDS = 1000
LONGEST_SECONDS = 3000
LIMITS = Limits(max_items=10000, max_events=100000)
LOAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.py")


def children() -> set[int]:
    """Return the processes that this one has started."""
    with open("/proc/self/task/%d/children" % os.getpid(), encoding="ascii") as file:
        return set(map(int, file.read().split()))


def peak_kib(process: int) -> int | None:
    """Return the most memory that a process ever had resident; None when it has ended."""
    try:
        with open("/proc/%d/status" % process, encoding="ascii", errors="replace") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("VmHWM:")), None)
    except OSError:
        return None


class Pair:
    """A collector at tiers 3 and 2."""

    def __init__(self, collector: Collector, context: Context) -> None:
        """Start both."""
        self.name = collector.name
        self.failed: dict[str, t.Any] = {}
        self.running: dict[str, Running] = {"native": native.start(collector, LIMITS, context)}
        before = children()
        self.running["bcc"] = tools.start(collector, LIMITS, context)
        (self._tool,) = children() - before
        self._peak_kib: int | None = None
        self._completed = [0, 0]
        self._open = False

    def opened(self) -> bool:
        """Open the window as soon as the tool is attached; say whether that is settled."""
        if self._open or self.failed:
            return True
        try:
            if self.running["bcc"].ready():
                window = Window.beginning(LONGEST_SECONDS)
                for running in self.running.values():
                    running.open(window)
                self._open = True
                self._completed[0] = load.completed()[0]
        except TierFailure as failure:
            self.failed["bcc"] = {"failed": failure.reason.as_dict()}
        return self._open or bool(self.failed)

    def end(self) -> None:
        """Stop both."""
        self._peak_kib = peak_kib(self._tool)
        for tier, running in self.running.items():
            if tier not in self.failed and self._open:
                running.end()
        self._completed[1] = load.completed()[0]

    def answers(self) -> dict[str, t.Any]:
        """Return what both say."""
        if not self._open:
            return self.failed
        found: dict[str, t.Any] = {"completed": self._completed[1] - self._completed[0]}
        for tier, running in self.running.items():
            try:
                answer = running.finish(time.monotonic() + 30)
                found[tier] = {"data": answer.data, "lost": answer.lost, "cost": running.cost}
                if tier == "bcc":
                    found[tier]["peak_kib"] = self._peak_kib
            except TierFailure as failure:
                found[tier] = {"failed": failure.reason.as_dict()}
        return found


def main() -> int:
    """Run all pairs at once."""
    seconds, names = sys.argv[1], sys.argv[2:]
    context = Context(assess.assess(), STARTUP_SECONDS)
    pairs: list[Pair] = []
    try:
        for name in names:
            pairs.append(Pair(_collectors.by_name(name), context))
            while not pairs[-1].opened():
                time.sleep(0.1)  # it takes processor time from the tool, which compiles
        loading = subprocess.Popen([sys.executable, LOAD, seconds], stdout=subprocess.PIPE)
        while loading.poll() is None:
            for pair in pairs:
                pair.running["bcc"].pump()
            time.sleep(0.2)
        for pair in pairs:
            pair.end()
        assert loading.stdout is not None
        said: dict[str, t.Any] = {"load": json.loads(loading.stdout.read())}
        said.update({pair.name: pair.answers() for pair in pairs})
    finally:
        for pair in pairs:
            for running in pair.running.values():
                running.close()
    print(json.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
