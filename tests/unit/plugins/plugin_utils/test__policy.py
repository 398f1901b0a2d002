# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy asks, of whom, and the mistakes that people make in one."""

from __future__ import annotations

import datetime as dt
import pathlib

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _policy, _rules
from ansible_collections.ebpf.fleet.plugins.plugin_utils._document import Wrong
from ansible_collections.ebpf.fleet.plugins.plugin_utils._policy import Excuse

HEAD = "---\nschema: ebpf.fleet.policy/1\n"
FULL = """
defaults:
  minimum_tier: 3
  kernels: ["6.*"]
  findings: {critical: 0, warning: 2}
  values:
    runqlat.p99: {at_most: 16384}
  maximum_unanswered: 5%
fleets:
  prod:
    findings: {warning: 0}
  web:
    minimum_tier: 2
    kernels: null
    maximum_unanswered: 1
hosts:
  "web-0*":
    minimum_tier: 1
  web-09:
    values: {runqlat.p99: null, biolatency.p99: {at_most: 65536}}
exceptions:
  - {rule: values.*, hosts: ["web-1", "@prod"], reason: "It is known.", expires: 2027-01-31}
"""


def load(folder: pathlib.Path, text: str) -> _policy.Policy:
    """Return a policy."""
    path = folder / "policy.yml"
    path.write_text(HEAD + text)
    return _policy.load(str(path), _rules.default())


def test_what_is_asked_of_a_host_comes_from_all_parts(tmp_path: pathlib.Path) -> None:
    policy = load(tmp_path, FULL)
    asked, places = policy.of_host("web-09", ["prod", "web"])
    assert asked == {
        "minimum_tier": 1,
        "findings": {"critical": 0, "warning": 0},
        "values": {"runqlat.p99": None, "biolatency.p99": {"at_most": 65536}},
        "maximum_unanswered": 1,
    }
    lines = {word: policy.document.line(place) for word, place in places.items()}
    assert (lines["minimum_tier"], lines["findings.critical"], lines["findings.warning"]) == (20, 7, 13)
    assert policy.of_host("x", [])[0]["kernels"] == ["6.*"]


def test_how_many_may_give_no_answer(tmp_path: pathlib.Path) -> None:
    assert list(load(tmp_path, FULL).unanswered()) == [(None, "5%", 10), ("web", 1, 17)]
    assert [one[:2] for one in load(tmp_path, "defaults: {}\n").unanswered()] == [(None, 0)]


@pytest.mark.parametrize(
    ("rule", "host", "fleets", "wanted"),
    [
        ("values.runqlat.p99", "web-1", [], True),
        ("values.runqlat.p99", "web-2", [], False),
        ("values.runqlat.p99", "web-2", ["prod"], True),
        ("minimum_tier", "web-1", [], False),
    ],
)
def test_whom_an_exception_covers(rule: str, host: str, fleets: list[str], wanted: bool) -> None:
    excuse = Excuse("values.*", ("web-1", "@prod"), "It is known.", dt.date(2027, 1, 31))
    assert excuse.covers(rule, host, fleets) == wanted


def test_exceptions_are_read(tmp_path: pathlib.Path) -> None:
    wanted = (Excuse("values.*", ("web-1", "@prod"), "It is known.", dt.date(2027, 1, 31)),)
    assert load(tmp_path, FULL).excuses == wanted


EXCEPTION = "exceptions:\n  - {rule: %s, hosts: [a], reason: r, expires: %s}\n"


@pytest.mark.parametrize(
    ("text", "line", "wanted"),
    [
        ("default: {}\n", 3, "default is not a word that is known here: did you mean defaults?"),
        ("defaults:\n  minimum_teir: 3\n", 4, "did you mean minimum_tier?"),
        ("defaults:\n  minimum_tier: 4\n", 4, "defaults.minimum_tier is 4, not one of 1, 2, 3, null."),
        ("defaults:\n  requirements:\n    - btf\n    - prof\n", 6, "there is no 'prof': did you mean proof?"),
        ("defaults:\n  probes: [programm:kprobe]\n", 4, "there is no 'programm:kprobe': did you mean program:kprobe?"),
        ("fleets:\n  web:\n    forbidden_findings: [tier_lots]\n", 5, "there is no 'tier_lots': did you mean tier_lost?"),
        ("defaults:\n  findings: {warnings: 0}\n", 4, "did you mean warning?"),
        ("defaults:\n  drift: {kernels: fail}\n", 4, "did you mean kernel?"),
        ("defaults:\n  drift: {kernel: fial}\n", 4, "did you mean fail?"),
        ("defaults:\n  values:\n    runqlat.p9: {at_most: 1}\n", 5, "there is no 'runqlat.p9': did you mean runqlat.p99?"),
        ("defaults:\n  values:\n    fleet.kernels: {at_most: 1}\n", 5, "there is no 'fleet.kernels'"),
        ("defaults:\n  values:\n    runqlat.p99:\n      at_most: 10000\n", 6, "use 8192 or 16384, not 10000."),
        ("defaults:\n  maximum_unanswered: 120%\n", 4, "maximum_unanswered"),
        ("hosts:\n  a:\n    maximum_unanswered: 1\n", 5, "maximum_unanswered is not a word that is known here"),
        ("hosts:\n  a:\n    unknown: maybe\n", 5, "is 'maybe', not one of"),
        (EXCEPTION % ("minimum_teir", "2027-01-31"), 4, "no rule 'minimum_teir' in a policy: did you mean minimum_tier?"),
        (EXCEPTION % ("kernels", "2027-02-31"), 4, "'2027-02-31' is no day"),
        (EXCEPTION % ("kernels", "soon"), 4, "does not look like"),
        ("exceptions:\n  - {rule: kernels, hosts: [a], expires: 2027-01-31}\n", 4, "has no 'reason'"),
    ],
)  # fmt: skip
def test_mistakes_are_shown_with_file_line_and_the_right_word(
    tmp_path: pathlib.Path, text: str, line: int, wanted: str
) -> None:
    with pytest.raises(Wrong) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith("%s:%d: " % (tmp_path / "policy.yml", line))
    assert wanted in str(caught.value)
