# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let tools run in guests of the lab, each by our own engine, and keep what they print.

    python tests/tools/guests.py [HOST...] [COLLECTOR...]    all of bcc's, if none is named; libbpf-tools:COLLECTOR for those

About a minute for each tool where guests are emulated.

What came of them goes to outcomes.json of the lab's cache, what they printed beside it: printed/HOST/COLLECTOR.txt. What is
there already of other collectors stays.
"""

from __future__ import annotations

import base64
import json
import pathlib
import sys
import typing as t

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "lab")]

import guest
import lab
import needs
from page import HOSTS
from remote import Remote

FOLDER = needs.CACHE / "tools"
OUTCOMES = FOLDER / "outcomes.json"
WINDOW_SECONDS = "8"


def kept() -> dict[str, dict[str, dict[str, t.Any]]]:
    """Return what came of earlier runs."""
    return t.cast("dict[str, t.Any]", json.loads(OUTCOMES.read_text())) if OUTCOMES.exists() else {}


def run(host: str, names: t.Sequence[str]) -> dict[str, dict[str, t.Any]]:
    """Boot a host's guest, run the tools there one after another, and end it; yield what came of each."""
    running = guest.find(host) is not None
    if not running:
        lab.boot(lab.build(lab.choose([host])), bound=True)
    try:
        remote = Remote(host)
        asked = remote.start(remote.python("tools", WINDOW_SECONDS, *names))
        assert asked.stdout is not None
        found = {}
        for line in asked.stdout:
            row = json.loads(line)
            name, printed = row.pop("collector"), base64.b64decode(row.pop("printed"))
            found[name] = row
            keep(host, name, row, printed)
        _rest, errors = asked.communicate()
        assert asked.returncode == 0, errors[-2000:]
        return found
    finally:
        if not running:
            guest.stop(host)


def keep(host: str, name: str, row: dict[str, t.Any], printed: bytes) -> None:
    """Write what came of a tool: a run that is cut short has what it had until then."""
    outcomes = kept()
    outcomes.setdefault(host, {})[name] = row
    outcomes[host] = dict(sorted(outcomes[host].items()))
    path = FOLDER / "printed" / host / (name.replace(":", "-") + ".txt")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(printed)
    OUTCOMES.write_text(json.dumps(outcomes, indent=1, sort_keys=True) + "\n")
    print("%-10s %-16s %-12s %s" % (host, name, row["outcome"], row["message"] or row["count"]), flush=True)


def main() -> None:
    """Run what is asked for, on all hosts."""
    from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _tools

    words = sys.argv[1:]
    for host in [word for word in words if word in HOSTS] or HOSTS:
        run(host, [word for word in words if word not in HOSTS] or list(_tools.TOOLS))


if __name__ == "__main__":
    main()
