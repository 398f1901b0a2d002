# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every tool of every version of bcc takes our arguments, and what it prints is read without a line that is not understood.

The tools are the real ones; pretend.py stands in for the kernel.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import by_name, every, of_tools
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Collector, Command, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._tools import TOOLS
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._process import ENVIRONMENT
from conftest import HERE, VERSIONS, Unpacked
from left_out import LEFT_OUT

COLLECTORS = [collector for collector in (*every(), *of_tools()) if collector.bcc is not None]
# Tools that later versions do not have any more.
GONE = {"swapin": ("0.26", "0.31")}
MOST_SECONDS = 60


def printed(bcc: Unpacked, script: pathlib.Path, spec: Command) -> str:
    """Return what the tool prints, as the engine decodes it."""
    command = [sys.executable, str(HERE / "pretend.py"), str(script), str(bcc.table), *spec.args]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=ENVIRONMENT, timeout=MOST_SECONDS, check=False
    )
    errors = done.stderr.decode(errors="replace")
    assert "unrecognized arguments" not in errors, errors
    assert "Traceback" not in errors or "KeyboardInterrupt" in errors.splitlines()[-1], errors
    return done.stdout.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("suite", VERSIONS)
@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda collector: collector.name)
def test_it_takes_our_arguments_and_is_understood(bcc: dict[str, Unpacked], collector: Collector, suite: str) -> None:
    spec = collector.bcc
    assert spec is not None
    script = bcc[suite].tool(spec.tool)
    if script is None:
        tool = TOOLS.get(collector.name)
        absent = tool is not None and tool.since > bcc[suite].version
        assert absent or bcc[suite].version in GONE.get(collector.name, ())
        return
    text = printed(bcc[suite], script, spec)
    answer = spec.parse(text, 0.0, Limits())
    assert answer.data["count"] > 0, text
    assert not answer.lost, text
    assert answer.truncated is None
    rows = answer.data.get("events") or answer.data.get("items") or answer.data["series"]
    for row in rows:
        for name, value in {**row, **row.get("labels", {})}.items():
            if name in ("comm", "process") and value is not None:
                assert value == ("4242" if collector.name == "tcptop" and suite == "bullseye" else "two words"), text
            if isinstance(value, str):
                assert value, (name, text)
                assert not re.match("b['\"]", value), (name, text)


@pytest.mark.parametrize("suite", VERSIONS)
def test_every_tool_is_a_collector_or_left_out_for_a_reason(bcc: dict[str, Unpacked], suite: str) -> None:
    there = {path.name.replace("-bpfcc", "") for path in (bcc[suite].folder / "usr" / "sbin").iterdir()}
    ours = {collector.bcc.tool for collector in COLLECTORS if collector.bcc is not None}
    assert there - ours <= set(LEFT_OUT), there - ours - set(LEFT_OUT)
    assert not ours & set(LEFT_OUT)


def test_what_is_left_out_is_there(bcc: dict[str, Unpacked]) -> None:
    there = {
        path.name.replace("-bpfcc", "") for one in bcc.values() for path in (one.folder / "usr" / "sbin").iterdir()
    }
    assert set(LEFT_OUT) <= there, set(LEFT_OUT) - there
    assert all(by_name(collector.name).name == collector.name for collector in COLLECTORS)
