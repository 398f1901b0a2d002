# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a guest: tools by our own engine, one after another, while exercise.py gives them something to count.

    tools.py SECONDS [SOURCE:]COLLECTOR...    prints a JSON object a line, as each is done; the source is bcc or libbpf-tools

Each: collector, outcome (ok, idle, or the reason's code), message, count, lost, seconds until the tool had attached, and
what the tool printed, the beginning of it.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import assess
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._reason import TierFailure
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import tools
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context, Running
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._window import Window

STARTUP_SECONDS = 600
FINISH_SECONDS = 60
KEPT = 200000  # bytes of what a tool printed
EXERCISE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exercise.py")
WANTING = ("compactsnoop", "drsnoop", "oomkill")  # have something to count where memory is wanted


def attached(running: Running, begun: float) -> float:
    """Wait until the tool has attached; return how long that took."""
    while not running.ready():
        time.sleep(0.2)
    return round(time.monotonic() - begun, 1)


def counted(running: Running, seconds: float, wanting: bool) -> dict[str, t.Any]:
    """Let the tool count for a time, and return what came of it."""
    loading = subprocess.Popen([sys.executable, EXERCISE, *(["memory"] if wanting else [])])
    try:
        time.sleep(1)  # until there is something to count
        running.open(Window.beginning(seconds))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            running.pump()
            time.sleep(0.1)
        running.end()
        answer = running.finish(time.monotonic() + FINISH_SECONDS)
    finally:
        loading.kill()
        loading.wait()
    outcome = "ok" if answer.data["count"] else "idle"
    return {"outcome": outcome, "message": answer.truncated, "count": answer.data["count"], "lost": answer.lost}


def tried(name: str, seconds: float, context: Context) -> dict[str, t.Any]:
    """Return the row of one collector; bcc's tool is run where no source is named."""
    row: dict[str, t.Any] = {"collector": name, "attached": None, "printed": ""}
    running = None
    begun = time.monotonic()
    try:
        source, _colon, collector = name.rpartition(":")
        running = tools.start(_collectors.by_name(collector), Limits(), context, source or "bcc")
        row["attached"] = attached(running, begun)
        row.update(counted(running, seconds, name in WANTING))
    except TierFailure as failure:
        row.update(outcome=failure.reason.code, message=failure.reason.message, count=None, lost=None)
    finally:
        if running is not None:
            printed: bytes = running._capture.text().encode("utf-8", "surrogateescape")  # type: ignore[attr-defined]
            row["printed"] = base64.b64encode(printed[:KEPT]).decode()
            running.close()
    return row


def main() -> int:
    """Try all."""
    context = Context(assess.assess(), STARTUP_SECONDS)
    for name in sys.argv[2:]:
        print(json.dumps(tried(name, float(sys.argv[1]), context)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
