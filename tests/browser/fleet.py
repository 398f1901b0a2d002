# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of many hosts, made of the records of real ones by a seeded generator, and their pages."""

from __future__ import annotations

import copy
import json
import math
import pathlib
import random
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import (
    _html,
    _ndjson,
    _previous,
    _record,
    _run,
    _store,
    _survey,
)

RECORDS = pathlib.Path(__file__).resolve().parents[1] / "unit" / "fixtures" / "records"
STARTED = "2026-11-24T03:40:00Z"  # the records' own clocks say 03:40:58
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "=cmd|' /C calc'!A0",
    "\u202eevil\u202d\u2066txt.exe",
    "nul\x00and\x1b[31mescape",
    "\ud800broken\udfff\ufffe",
    "</script><script>alert(3)</script>",
    "<!--<script>",
    "long" * 2500,
    "{{ 7*7 }}${7*7}<svg onload=alert(4)>",
    "javascript:alert(5)//#host=x&tier=3",
)

_SYSTEMS = (  # kernel, distribution, share of hosts, tiers that are likely
    ("6.1.0-40-amd64", ("debian", "12", "Debian GNU/Linux 12 (bookworm)"), 30, (90, 6, 4)),
    ("6.12.48+deb13-amd64", ("debian", "13", "Debian GNU/Linux 13 (trixie)"), 22, (96, 2, 2)),
    ("5.14.0-570.12.1.el9_6.x86_64", ("rhel", "9.6", "Red Hat Enterprise Linux 9.6 (Plow)"), 20, (80, 12, 8)),
    ("4.18.0-553.el8_10.x86_64", ("rhel", "8.10", "Red Hat Enterprise Linux 8.10 (Ootpa)"), 12, (0, 45, 55)),
    ("6.8.0-64-generic", ("ubuntu", "24.04", "Ubuntu 24.04.3 LTS"), 12, (88, 6, 6)),
    ("5.4.0-216-generic", ("ubuntu", "20.04", "Ubuntu 20.04.6 LTS"), 4, (0, 30, 70)),
)
_ROLES = (("web", 40), ("db", 16), ("cache", 12), ("batch", 14), ("edge", 12), ("build", 6))
_SITES = ("fra1", "iad2", "sin1")
_OUTCOMES = (
    ("unreachable", "Failed to connect to the host via ssh: Connection timed out."),
    ("timed_out", "No answer in 90 s."),
)


def sent(tier: int) -> dict[str, t.Any]:
    """Return what a real host of a tier sent."""
    found: dict[str, t.Any] = json.loads((RECORDS / ("tier%d.json" % tier)).read_text(encoding="utf-8"))
    return found


class Made(t.NamedTuple):
    """A run in a folder."""

    folder: pathlib.Path
    run: _run.Run
    slow: list[str]  # hosts that were made much slower than the others
    after: pathlib.Path | None = None  # the folder of an earlier run

    def survey(self) -> _survey.Survey:
        """Return its report as data."""
        previous = None if self.after is None else _previous.read(str(self.after), frozenset())
        return _survey.gather(str(self.folder), self.run, lambda host: None, str(self.folder), None, previous)

    def page(self) -> pathlib.Path:
        """Return its page, made now."""
        path = self.folder / "survey.html"
        survey = self.survey()
        with path.open("w", encoding="utf-8", errors="backslashreplace") as stream:
            _html.write(survey, stream)
        with (self.folder / _previous.FILE).open("w", encoding="utf-8") as stream:
            _ndjson.write(survey, stream)
        survey.close()
        return path


def make(folder: pathlib.Path, hosts: int, seed: int = 7, after: Made | None = None) -> Made:
    """Return a run of so many hosts; `after` another one, of which some hosts are still there."""
    chance = random.Random(seed)
    (folder / "hosts").mkdir(parents=True)
    samples = {tier: sent(tier) for tier in (1, 2, 3)}
    roll, slow = [], []
    for number in range(hosts):
        role = _weighted(chance, _ROLES)
        site = chance.choice(_SITES)
        name = after.run.hosts[number].host if after and number % 10 else "%s-%s-%04d" % (role, site, number + 1)
        fleets = [role, site, "prod" if chance.random() < 0.8 else "staging"]
        roll.append(_run.RollHost(name, fleets, chance.random() > 0.01 or hosts == 1))
        if not roll[-1].in_play:
            continue
        envelope = _record.Envelope("20261124T030000Z-5eed00", name, fleets, "2026-11-24T03:41:%02dZ" % (number % 60))
        if hosts > 1 and chance.random() < 0.015:
            _store.write(str(folder), _record.silent(envelope, *chance.choice(_OUTCOMES)))
            continue
        far = hosts > 1 and chance.random() < min(0.01, 3 / hosts) + 0.002
        if far:
            slow.append(name)
        answer = _vary(chance, samples, role, 32.0 if far else 1.0, hosts == 1)
        _store.write(str(folder), _record.from_host(answer, envelope, None))
    versions = {"collection": "0.1.0", "ansible_core": "2.21.0", "python": "3.12.1"}
    run = _run.Run("20261124T030000Z-5eed00", STARTED, versions, {"duration": 5}, roll)
    return Made(folder, run, slow, after and after.folder)


def hostile(folder: pathlib.Path) -> Made:
    """Return a run of which every free text is hostile."""
    (folder / "hosts").mkdir(parents=True)
    roll = []
    for number, word in enumerate(HOSTILE):
        name, fleets = word[:900] + str(number), [HOSTILE[number - 1][:900], "all-of-them"]
        roll.append(_run.RollHost(name, fleets, True))
        envelope = _record.Envelope("r1", name, fleets, "2026-11-24T03:41:01Z")
        _store.write(str(folder), _record.from_host(_poison(sent(number % 3 + 1), word), envelope, None))
    versions = {"collection": HOSTILE[0], "ansible_core": HOSTILE[1], "python": None}
    return Made(folder, _run.Run("r1", STARTED, versions, {}, roll), [])


def _weighted(chance: random.Random, options: t.Sequence[tuple[t.Any, int]]) -> t.Any:
    return chance.choices([one for one, _weight in options], [weight for _one, weight in options])[0]


def _vary(
    chance: random.Random, samples: dict[int, dict[str, t.Any]], role: str, factor: float, best: bool
) -> dict[str, t.Any]:
    """Return a host's answer: a real one's, with another system, and with distributions of its own."""
    kernel, system, _share, likely = chance.choices(_SYSTEMS, [one[2] for one in _SYSTEMS])[0]
    tier = 3 if best else chance.choices((3, 2, 1), likely)[0]
    answer = copy.deepcopy(samples[tier])
    capability = answer["capability"]
    capability["kernel"]["release"] = kernel
    capability["published_tier"] = max(tier, 3 if kernel[0] == "6" and chance.random() < 0.5 else 1)
    if capability["published_tier"] != tier:
        capability["differs"] = "the kernel is locked down (confidentiality): no program may read kernel memory"
    capability["userland"]["distribution"] = dict(zip(("id", "version", "name"), system, strict=True))
    text = json.dumps(answer).replace("6.18.44", kernel)
    answer = json.loads(text)
    _vary_figures(chance, answer["cost"])
    answer["window"]["seconds"] = round(answer["window"]["seconds"] + chance.uniform(0, 0.02), 6)
    for result in answer["results"]:
        _vary_result(chance, result, role, factor)
        _vary_figures(chance, result["cost"] or {})
    return answer


def _vary_result(chance: random.Random, result: dict[str, t.Any], role: str, factor: float) -> None:
    data = result["data"]
    if data is None:
        return
    if result["kind"] == "histogram":
        middle = {"web": 5.0, "db": 6.0, "cache": 3.5, "batch": 8.0, "edge": 5.5, "build": 7.5}[role]
        for series in data["series"]:
            if series["buckets"] is not None:
                events = int(10 ** chance.uniform(2.3, 4.5))
                series["buckets"] = _distribution(chance, middle + math.log2(factor), events)
                series["count"] = sum(count for _lo, _hi, count in series["buckets"])
                series["total"] = round(sum((lo + hi) / 2 * count for lo, hi, count in series["buckets"]), 3)
        known = [one for one in data["series"] if one["buckets"] is not None]
        if known:
            data["count"], data["total"] = sum(one["count"] for one in known), sum(one["total"] for one in known)
        return
    for item in data["items"]:
        item["count"] = max(1, int(item["count"] * chance.uniform(0.2, 4)))
    if data["items"]:
        data["count"] = sum(item["count"] for item in data["items"])


def _vary_figures(chance: random.Random, cost: dict[str, t.Any]) -> None:
    """Change every figure of a cost by up to a third."""
    for key, value in cost.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            changed = value * chance.uniform(0.75, 1.33)
            cost[key] = int(changed) if isinstance(value, int) else round(changed, 3)


def _distribution(chance: random.Random, middle: float, events: int) -> list[list[int]]:
    """Return buckets of a log-normal body and a thin tail."""
    middle += chance.gauss(0, 0.35)
    weights = [
        math.exp(-((slot - middle) ** 2) / 4.5) + 0.004 * math.exp(-((slot - middle - 7) ** 2) / 3)
        for slot in range(22)
    ]
    counts = [round(events * weight / sum(weights) * chance.uniform(0.8, 1.25)) for weight in weights]
    return [[0 if not slot else 1 << slot, 2 << slot, count] for slot, count in enumerate(counts) if count]


_FIXED = {"tier", "status", "kind", "state", "schema", "byte_order", "lockdown", "errno"}
_NAMES = {"name", "requirement", "code", "category", "collector", "unit", "loader"}  # of at most 1024 characters


def _poison(value: t.Any, word: str) -> t.Any:
    """Return JSON with every free text begun with a word."""
    if isinstance(value, dict):
        return {
            key: one if key in _FIXED else _poison(one, word[:900] if key in _NAMES else word)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_poison(one, word) for one in value]
    return word[:9000] + value if isinstance(value, str) else value
