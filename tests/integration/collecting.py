# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a real collection on this kernel in a process of its own, while a test makes something happen."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import time
import typing as t

import truth

# The collectors that are native on every kernel that these tests run on.
NATIVE = ["runqlat", "biolatency", "tcpretrans", "execsnoop"]
COLLECTIONS = pathlib.Path(__file__).resolve().parents[2] / ".cache" / "collections"

# What the module `collect` does, with a line when everything is attached.
_CHILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.ebpf.fleet.plugins.module_utils import _survey
options = {name: spec.get("default") for name, spec in _survey.argument_spec().items()}
options.update(json.loads(sys.argv[2]))
survey = _survey.Survey(_survey.settings(options))
message = survey.run(lambda: print("attached", flush=True))
json.dump({"message": message, "record": survey.record}, sys.stdout)
"""


class Collection:
    """A collection that runs in the background; its window is open when the constructor returns."""

    def __init__(self, within: t.Sequence[str] = (), **options: t.Any) -> None:
        """`options` are those of the module; `within` is a command that runs it elsewhere, such as in a namespace."""
        options["duration"] = round(options["duration"] * truth.SLOW)
        command = [*within, sys.executable, "-c", _CHILD, str(COLLECTIONS), json.dumps(options)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said == "attached\n", said
        time.sleep(0.1 + truth.SLOW - 1)  # the window opens milliseconds after; a record says when
        self.opened = time.time()

    @property
    def pid(self) -> int:
        """The collecting process."""
        return self._process.pid

    def ended(self) -> None:
        """Wait for the end of one that was killed."""
        self._process.communicate(timeout=600)

    def record(self) -> dict[str, t.Any]:
        """Wait for the end and return the record; the window must have covered all of the test's doing."""
        done = time.time()
        out, _err = self._process.communicate(timeout=600)
        said = json.loads(out)
        assert said["message"] is None, said["message"]
        record: dict[str, t.Any] = said["record"]
        window = record["window"]
        assert window["start"] < self.opened, "the window opened after the work had begun"
        assert done < window["start"] + window["seconds"], "the window closed before the work was done: give it longer"
        return record

    def result(self, collector: str) -> dict[str, t.Any]:
        """Wait for the end and return one collector's result."""
        (found,) = [r for r in self.record()["results"] if r["collector"] == collector]
        return t.cast("dict[str, t.Any]", found)


def asking(tier: int) -> dict[str, t.Any]:
    """Return a collection's options that ask one tier; of the native programs it is what is asked without them."""
    return {3: {}, 2: {"tier": "2", "startup_limit": 600}, 1: {"tier": "1"}}[tier]


def answered(result: dict[str, t.Any], tier: int) -> dict[str, t.Any]:
    """Return a result's data; it must come from that tier, and in full as far as that can tell."""
    truth.SOURCES.append(result["source"])
    if tier == 3:
        return native(result)
    assert (result["tier"], result["status"]) == (tier, "ok"), result
    assert not result["lost"]
    return t.cast("dict[str, t.Any]", result["data"])


def native(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return a result's data; it must come from our own programs, at once, and in full."""
    assert (result["tier"], result["status"]) == (3, "ok"), result
    assert result["source"].startswith("native:")
    assert result["attempts"] == []
    assert result["lost"] == 0
    return t.cast("dict[str, t.Any]", result["data"])
