# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics that Prometheus' own tool takes, without a complaint."""

from __future__ import annotations

import io
import re
import shutil
import subprocess

import packages
import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _openmetrics

from .conftest import HOSTILE, Folder, record


@pytest.fixture(scope="module")
def promtool() -> str:
    """Return the path of promtool, which Debian's package prometheus has."""
    if not shutil.which("promtool"):
        packages.install(["prometheus"], "The check of the metrics")
    path = shutil.which("promtool")
    assert path
    return path


def text_of(folder: Folder) -> str:
    """Return the file."""
    survey, stream = folder.survey(), io.StringIO()
    _openmetrics.write(survey, stream)
    survey.close()
    return stream.getvalue()


def values(text: str) -> dict[str, float]:
    """Return the samples."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _space, value = line.rpartition(" ")
            assert name not in found
            found[name] = float(value)
    return found


def test_promtool_has_no_complaint(mixed: Folder, promtool: str) -> None:
    text = text_of(mixed)
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_promtool_would_complain(mixed: Folder, promtool: str) -> None:
    text = text_of(mixed).replace('tier="3"', "tier=3", 1)
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode != 0


def test_every_family_stands_together_with_its_type_and_the_end_is_marked(mixed: Folder) -> None:
    lines = text_of(mixed).splitlines()
    assert lines[-1] == "# EOF"
    current, seen = "", []
    for line in lines[:-1]:
        if line.startswith("# HELP"):
            current = line.split()[2]
            seen.append(current)
        else:
            name = re.split(r"[ {]", line.removeprefix("# TYPE "))[0]
            assert re.sub("_(bucket|count)$", "", name) == current
    assert len(seen) == len(set(seen))
    assert set(seen) <= {"ebpf_fleet_" + name for name in _openmetrics._FAMILIES}


def test_figures(mixed: Folder) -> None:
    found = values(text_of(mixed))
    assert found['ebpf_fleet_hosts{fleet="all",tier="unknown"}'] == 3
    assert found['ebpf_fleet_hosts_by_outcome{fleet="db",outcome="unreachable"}'] == 1
    assert found['ebpf_fleet_host_tier{host="web-01"}'] == 3
    assert 'ebpf_fleet_host_tier{host="db-02"}' not in found  # not known is absent, not 0
    assert found['ebpf_fleet_host_outcome{host="db-02",outcome="unreachable"}'] == 1
    assert found['ebpf_fleet_collector_events{host="web-01",collector="runqlat",unit="us"}'] == 4325
    quantile = 'ebpf_fleet_collector_quantile_seconds{host="web-01",collector="runqlat",q="0.99",bound="%s"}'
    assert (found[quantile % "lower"], found[quantile % "upper"]) == (0.004096, 0.008192)
    labels = '{fleet="web",collector="runqlat",le="%s"}'
    assert found["ebpf_fleet_latency_seconds_bucket" + labels % "2e-06"] == 583
    assert found["ebpf_fleet_latency_seconds_bucket" + labels % "+Inf"] == 4325
    assert found['ebpf_fleet_latency_seconds_count{fleet="web",collector="runqlat"}'] == 4325
    assert found["ebpf_fleet_run_started_timestamp_seconds"] == 1795489200


def test_hostile_labels_are_escaped(folder: Folder, promtool: str) -> None:
    for number, name in enumerate((HOSTILE, 'a"} 1\nb{c="', "\\", "\x00\ud800")):
        folder.add(name, ("%d" % number,), record("tier3", name))
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text_of(folder), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
