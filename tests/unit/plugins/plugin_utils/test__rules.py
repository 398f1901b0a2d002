# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that people add or change, everywhere or for a fleet, and the mistakes that they make."""

from __future__ import annotations

import pathlib

import jsonschema
import pytest
import yaml
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _rules, _schema, _values
from ansible_collections.ebpf.fleet.plugins.plugin_utils._document import Wrong

HEAD = "schema: ebpf.fleet.rules/1\n"
NEW = """
rules:
  mine:
    title: Mine
    value: runqlat.p99
    at_least: {warning: 512}
    means: It is mine.
    next: Ask me.
"""


def load(folder: pathlib.Path, text: str) -> _rules.Book:
    """Return the book with a file's rules."""
    path = folder / "rules.yml"
    path.write_text(HEAD + text)
    return _rules.load(str(path))


def rule(book: _rules.Book, name: str, *fleets: str) -> _rules.Rule | None:
    """Return a rule as it holds in fleets."""
    return next((one for one in book.of(fleets) if one.id == name), None)


def test_the_shipped_file_fits_its_schema() -> None:
    raw = yaml.safe_load(pathlib.Path(_rules._OURS).read_text(encoding="utf-8"))
    jsonschema.validate(raw, _schema.load("rules.v1.json"))
    assert len(raw["rules"]) == len(_rules.default().of([]))


@pytest.mark.parametrize("one", _rules.default().of([]), ids=lambda one: one.id)
def test_shipped_rules_are_well_made(one: _rules.Rule) -> None:
    assert one.value in _values.known()
    assert one.steps
    thresholds = [threshold for _severity, threshold in one.steps]
    assert thresholds == sorted(thresholds, reverse=one.above)
    if one.value.endswith((".p50", ".p90", ".p99")) and one.compare == "value":
        assert all(threshold & (threshold - 1) == 0 for threshold in map(int, thresholds)), "no bucket begins there"
    for text in (one.means, one.next):
        assert text[-1] == "."
    assert len(one.title) <= 70


def test_a_new_rule(tmp_path: pathlib.Path) -> None:
    found = rule(load(tmp_path, NEW), "mine")
    assert found is not None
    assert (found.steps, found.above, found.tiers, found.source) == ((("warning", 512),), True, (1, 2, 3), "runqlat")


def test_a_changed_rule_keeps_the_rest(tmp_path: pathlib.Path) -> None:
    book = load(tmp_path, "rules:\n  run_queue_p99: {at_least: {critical: 1024}}\n  disk_p99: {enabled: false}\n")
    found, ours = rule(book, "run_queue_p99"), rule(_rules.default(), "run_queue_p99")
    assert found is not None
    assert ours is not None
    assert found == ours._replace(steps=(("critical", 1024),))
    assert rule(book, "disk_p99") is None
    assert rule(_rules.default(), "disk_p99") is not None


def test_a_fleet_changes_a_rule_and_the_last_fleet_counts(tmp_path: pathlib.Path) -> None:
    book = load(
        tmp_path,
        "fleets:\n  prod:\n    run_queue_p99: {at_least: {warning: 1}, events: 5}\n    disk_p99: {enabled: false}\n"
        "  web:\n    run_queue_p99: {at_least: {warning: 2}}\n",
    )
    both = rule(book, "run_queue_p99", "prod", "web")
    assert both is not None
    assert (both.steps, both.events) == ((("warning", 2),), 5)
    assert rule(book, "disk_p99", "prod") is None
    assert rule(book, "disk_p99", "web") is not None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("rules:\n  mine:\n    value: runqlat.p99\n", "rules.yml:3: a new rule needs title, means, next."),
        (NEW.replace("at_least: {warning: 512}", "events: 1"), "rules.yml:4: a rule needs at_least or at_most, and not both."),
        (NEW + "    at_most: {warning: 1}\n", "rules.yml:4: a rule needs at_least or at_most, and not both."),
        (NEW.replace("runqlat.p99", "runqlat.p9"), "rules.yml:6: there is no value 'runqlat.p9': did you mean runqlat.p99?"),
        (NEW + "    compare: fleet\n", "rules.yml:4: a rule that compares by a factor needs a floor"),
        ("fleets:\n  web:\n    run_queue_p9: {events: 1}\n", "rules.yml:4: there is no rule 'run_queue_p9': did you mean run_queue_p99?"),
        ("fleets:\n  web:\n    disk_p99: {at_most: {warning: 1}}\n", "rules.yml:4: a rule needs at_least or at_most"),
        (NEW + "    severity: bad\n", "rules.yml:10: rules.mine.severity is not a word that is known here"),
    ],
)  # fmt: skip
def test_mistakes_are_shown_with_file_line_and_the_right_word(tmp_path: pathlib.Path, text: str, wanted: str) -> None:
    with pytest.raises(Wrong) as caught:
        load(tmp_path, text)
    assert wanted in str(caught.value)


def test_an_empty_file_of_rules_changes_nothing(tmp_path: pathlib.Path) -> None:
    assert load(tmp_path, "rules:\n") == _rules.default()
    assert _rules.load(None) is _rules.default()
