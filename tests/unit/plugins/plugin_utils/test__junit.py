# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A case for each host's visit, requirement and collector, in XML that any parser takes."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _junit

from .conftest import HOSTILE, Folder, record


def parsed(folder: Folder) -> ET.Element:
    """Return the file's root."""
    survey, stream = folder.survey(), io.StringIO()
    _junit.write(survey, stream)
    survey.close()
    return ET.fromstring(stream.getvalue())


def kinds(root: ET.Element, suite: int) -> dict[tuple[str, str], tuple[str, str] | None]:
    """Return a suite's cases by group and name."""
    found: dict[tuple[str, str], tuple[str, str] | None] = {}
    for case in root[suite]:
        group = case.attrib["classname"].removeprefix(root[suite].attrib["name"] + ".")
        found[group, case.attrib["name"]] = (case[0].tag, case[0].attrib["message"]) if len(case) else None
    return found


def test_counts_are_those_of_the_cases(mixed: Folder) -> None:
    root = parsed(mixed)
    assert [suite.tag for suite in root] == ["testsuite"] * 7
    for element in (root, *root):
        assert int(element.attrib["tests"]) == len(list(element.iter("testcase")))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.attrib[attribute]) == len(list(element.iter(tag))), attribute


def test_a_host_at_tier_3_has_no_failure(mixed: Folder) -> None:
    cases = kinds(parsed(mixed), 0)
    assert cases["visit", "the host was visited"] is None
    assert cases["requirement of tier 3", "proof"] is None
    tools = cases["requirement of tier 2", "bcc_tools"]
    assert tools is not None
    assert tools[0] == "skipped"
    assert tools[1].startswith("Not needed, the host is at tier 3: no bcc tool is installed.")
    assert cases["collector", "execsnoop"] is None  # rows beyond a limit are left out, the count is complete


def test_unmet_fails_with_its_remedy_and_unknown_does_not(mixed: Folder) -> None:
    cases = kinds(parsed(mixed), 1)
    privilege, memory = cases["requirement of tier 3", "privilege"], cases["requirement of tier 3", "kernel_memory"]
    assert privilege == (
        "failure",
        "running as user 1001 without CAP_BPF and CAP_PERFMON. Remedy: run with become: true.",
    )
    assert memory is not None
    assert memory[0] == "skipped"
    assert memory[1].startswith("Not known: ")


def test_a_collector_that_failed_fails(mixed: Folder) -> None:
    failed = kinds(parsed(mixed), 2)["collector", "execsnoop"]
    assert failed is not None
    assert failed[0] == "failure"


@pytest.mark.parametrize(("suite", "kind"), [(3, "error"), (4, "error"), (5, "skipped")])
def test_hosts_without_an_answer_have_every_case(mixed: Folder, suite: int, kind: str) -> None:
    root = parsed(mixed)
    cases = kinds(root, suite)
    visit = cases.pop(("visit", "the host was visited"))
    assert visit is not None
    assert visit[0] == kind
    assert len(cases) == 18  # nine, and those of the host that calls them otherwise
    assert {case and case[0] for case in cases.values()} == {"skipped"}


def test_nobody_answered(folder: Folder) -> None:
    folder.add("a", (), None)
    root = parsed(folder)
    assert (root.attrib["tests"], root.attrib["errors"]) == ("1", "1")


def test_an_empty_inventory(folder: Folder) -> None:
    assert parsed(folder).attrib["tests"] == "0"


@pytest.mark.parametrize("text", [HOSTILE, "]]>&<![CDATA[", "\x00\x0b\ufffe\ud800", "x" * 1000])
def test_hostile_text_is_text(folder: Folder, text: str) -> None:
    bad = record("tier1", text)
    for one in bad["capability"]["requirements"]:
        one["evidence"] = one["remedy"] = text
    bad["capability"]["requirements"][0]["name"] = text
    folder.add(text, (), bad)
    root = parsed(folder)
    names = {element.tag for element in root.iter()}
    assert names <= {"testsuites", "testsuite", "testcase", "failure", "error", "skipped"}
