# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""survey.junit.xml: a suite for each host, a case for its visit, for each requirement of a tier and for each collector.

The shape is that of the JUnit XML that CI servers read (testsuites, testsuite, testcase with error, failure or skipped).
"""

from __future__ import annotations

import collections
import shutil
import tempfile
import typing as t
import xml.etree.ElementTree as ET  # it writes here, and parses nothing

from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Survey
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import printable, sentence

_REQUIREMENTS = 200  # different ones that get cases; hostile hosts can invent more
_IN_MEMORY = 1 << 20  # characters, before they go to the disk
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


class Case(t.NamedTuple):
    """A test case. `kind` is None where it passed, or else failure, error or skipped, with its reason."""

    group: str
    name: str
    kind: str | None = None
    message: str = ""


Suite = tuple[str, list[Case]]


def write(survey: Survey, stream: t.IO[str]) -> None:
    """Write the report's cases."""
    known: dict[tuple[str, int], None] = {}
    for row in survey.rows():
        for one in row["requirements"]:
            if len(known) < _REQUIREMENTS:
                known.setdefault((one["name"], one["tier"]))
    names = list(known)
    write_suites(
        stream, "eBPF survey %s" % survey.head["run"], ((row["host"], cases(row, names)) for row in survey.rows())
    )


def write_suites(stream: t.IO[str], title: str, suites: t.Iterable[Suite]) -> None:
    """Write suites. They wait until all are counted, for the counts come first."""
    totals: collections.Counter[str] = collections.Counter()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="\n") as waiting:
        for name, found in suites:
            totals.update(_counted(found))
            waiting.write(ET.tostring(_suite(name, found), encoding="unicode") + "\n")
        root = ET.Element("testsuites", {"name": printable(title), **_attributes(totals)})
        opening = ET.tostring(root, encoding="unicode").removesuffix("/>").rstrip()
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n%s>\n' % opening)
        waiting.seek(0)
        shutil.copyfileobj(waiting, stream)
    stream.write("</testsuites>\n")


def cases(row: Row, requirements: t.Sequence[tuple[str, int]]) -> list[Case]:
    """Return a host's cases; one that gave no answer has them all, as not known."""
    visit = _visit(row)
    found = {(one["name"], one["tier"]): one for one in row["requirements"]}
    return [
        visit,
        *(_requirement(name, tier, found.get((name, tier)), row) for name, tier in requirements),
        *(_collector(result) for result in row["results"]),
    ]


def _visit(row: Row) -> Case:
    kinds = {"ok": None, "partial": None, "skipped": "skipped"}
    kind = kinds.get(row["outcome"], "error")
    return Case("visit", "the host was visited", kind, "%s: %s" % (row["outcome"], row["message"] or ""))


def _requirement(name: str, tier: int, found: Row | None, row: Row) -> Case:
    """Unmet fails where it keeps the host from the tier; unknown is never a failure, nor a success."""
    group = "requirement of tier %d" % tier
    if found is None:
        return Case(group, name, "skipped", "Not known: %s" % (row["message"] or "the host did not say."))
    if found["state"] == "met":
        return Case(group, name)
    said = sentence(found["evidence"] or "no evidence was given", 2000)
    said += " Remedy: %s" % sentence(found["remedy"], 1000) if found["remedy"] else ""
    if found["state"] == "unknown":
        return Case(group, name, "skipped", "Not known: " + said)
    if row["tier"] is not None and row["tier"] >= tier:
        return Case(group, name, "skipped", "Not needed, the host is at tier %d: %s" % (row["tier"], said))
    return Case(group, name, "failure", said)


def _collector(result: Row) -> Case:
    reason = result["reason"]
    said = sentence(reason["message"], 2000) if reason else ""
    cut = result["status"] == "truncated" and reason is not None and reason["code"] != "omitted"
    if result["status"] == "failed" or cut:
        return Case("collector", result["collector"], "failure", "%s: %s" % (result["status"], said))
    if result["status"] == "unsupported":
        return Case("collector", result["collector"], "skipped", said)
    return Case("collector", result["collector"])


def _counted(found: t.Iterable[Case]) -> collections.Counter[str]:
    counted: collections.Counter[str] = collections.Counter()
    for case in found:
        counted["tests"] += 1
        if case.kind:
            counted[_COUNTED[case.kind]] += 1
    return counted


def _attributes(counted: t.Mapping[str, int]) -> dict[str, str]:
    return {name: str(counted.get(name, 0)) for name in ("tests", *_COUNTED.values())}


def _suite(name: str, found: t.Sequence[Case]) -> ET.Element:
    suite = ET.Element("testsuite", {"name": printable(name), **_attributes(_counted(found))})
    for case in found:
        where = {"classname": "%s.%s" % (printable(name), case.group), "name": printable(case.name)}
        element = ET.SubElement(suite, "testcase", where)
        if case.kind:
            ET.SubElement(element, case.kind, {"message": printable(case.message)})
    return suite
