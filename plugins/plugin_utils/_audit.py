# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run held against a policy: hosts streamed, exceptions applied, the verdict, and what it rests on."""

from __future__ import annotations

import collections
import datetime as dt
import hashlib
import json
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _checks, _document, _policy, _run
from ansible_collections.ebpf.fleet.plugins.plugin_utils._checks import Check
from ansible_collections.ebpf.fleet.plugins.plugin_utils._policy import Excuse, Policy
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._spool import Spool
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Survey

SCHEMA = "ebpf.fleet.audit/1"
_SILENT = ("failed", "unreachable", "timed_out")
_STATES = (_checks.KEPT, _checks.BROKEN, _checks.UNKNOWN, _checks.EXCUSED, _checks.NOTED)


class Audit:
    """`head` is audit.json without its hosts; `hosts()` gives these, one at a time."""

    def __init__(self, head: dict[str, t.Any], spool: Spool) -> None:
        """Hold what `audit` found."""
        self.head = head
        self._spool = spool

    @property
    def broken(self) -> bool:
        """Whether the policy is broken."""
        return bool(self.head["verdict"] == _checks.BROKEN)

    def hosts(self) -> t.Iterator[Row]:
        """Yield every host with its checks."""
        return self._spool.rows()

    def write_json(self, stream: t.IO[str]) -> None:
        """Write audit.json: a line per host."""
        stream.write(json.dumps(self.head, indent=1).removesuffix("\n}") + ',\n "hosts": [')
        separator = "\n"
        for line in self._spool.lines():
            stream.write(separator + "  " + line.rstrip("\n"))
            separator = ",\n"
        stream.write("\n ]\n}\n")

    def close(self) -> None:
        """Let the hosts on disk go."""
        self._spool.close()


class _Excuses:
    """The exceptions, and how often each was used."""

    def __init__(self, excuses: t.Sequence[Excuse], today: dt.date) -> None:
        self._all = excuses
        self._today = today
        self._uses: collections.Counter[int] = collections.Counter()

    def apply(
        self, check: Check, host: str, fleets: t.Sequence[str], fails: bool, line: int | None
    ) -> dict[str, t.Any]:
        """Return a check in the shape `check` of docs/schemas/audit.v1.json, excused where an exception covers it."""
        told = {**check._asdict(), "fails": fails, "line": line, "reason": None, "expires": None}
        if not fails:
            return told
        for index, excuse in enumerate(self._all):
            if excuse.covers(check.rule, host, fleets):
                self._uses[index] += 1
                if excuse.expires >= self._today:
                    expires = excuse.expires.isoformat()
                    return {
                        **told,
                        "state": _checks.EXCUSED,
                        "fails": False,
                        "reason": excuse.reason,
                        "expires": expires,
                    }
        return told

    def as_list(self) -> list[dict[str, t.Any]]:
        """Return each exception and whether it was needed."""
        found = []
        for index, one in enumerate(self._all):
            uses = self._uses[index]
            state = "expired" if one.expires < self._today else "used" if uses else "unused"
            shape = {
                "rule": one.rule,
                "hosts": list(one.hosts),
                "reason": one.reason,
                "expires": one.expires.isoformat(),
            }
            found.append({**shape, "state": state, "uses": uses})
        return found


def audit(survey: Survey, policy: Policy, today: dt.date, spool_folder: str) -> Audit:
    """Hold a run against a policy. StorageError where the hosts find no room in `spool_folder`.

    Changes are those since the run that the survey was compared with, which is the baseline.
    """
    excuses = _Excuses(policy.excuses, today)
    sizes = {fleet["fleet"]: fleet["hosts"] for fleet in survey.head["fleets"]}
    states: collections.Counter[str] = collections.Counter()
    hosts: collections.Counter[str] = collections.Counter()
    broken: dict[str, list[str]] = {}

    def held() -> t.Iterator[Row]:
        for row in survey.rows():
            found = _of_host(row, policy, survey.head, sizes, excuses)
            fails = sorted({one["rule"] for one in found if one["fails"]})
            for rule in fails:
                broken.setdefault(rule, []).append(row["host"])
            states.update(one["state"] for one in found)
            silent, skipped = row["outcome"] in _SILENT, row["outcome"] == "skipped"
            hosts.update(
                hosts=1, judged=not silent and not skipped, unanswered=silent, skipped=skipped, broken=bool(fails)
            )
            same = {key: row[key] for key in ("host", "fleets", "outcome")}
            yield {**same, "fails": bool(fails), "checks": found}

    spool = Spool(spool_folder)
    spool.fill(held())
    scopes = _scopes(survey.head, policy, excuses, hosts)
    for scope in scopes:
        states.update(one["state"] for one in scope["checks"])
    failed = hosts["broken"] or any(one["fails"] for scope in scopes for one in scope["checks"])
    names = sorted(broken.items(), key=lambda one: (-len(one[1]), one[0]))
    told = excuses.as_list()
    counts = {name: int(hosts[name]) for name in ("hosts", "judged", "unanswered", "skipped", "broken")}
    head = {
        "schema": SCHEMA,
        "run": survey.head["run"],
        "made": _run.now(),
        "policy": {"path": policy.document.path, "sha256": _digest(policy.document.path)},
        "baseline": survey.head["previous"] and _baseline(survey.head),
        "verdict": _checks.BROKEN if failed else _checks.KEPT,
        "counts": {**counts, "checks": {state: states[state] for state in _STATES}},
        "notes": _notes(survey.head, policy, told),
        "exceptions": told,
        "scopes": scopes,
        "broken": [{"rule": rule, "hosts": len(found), "names": found} for rule, found in names],
    }
    return Audit(head, spool)


def _of_host(
    row: Row, policy: Policy, head: t.Mapping[str, t.Any], sizes: t.Mapping[str, int], excuses: _Excuses
) -> list[dict[str, t.Any]]:
    if row["outcome"] == "skipped":
        return []
    fleets = sorted(row["fleets"], key=lambda fleet: (-sizes.get(fleet, 0), fleet))
    asked, places = policy.of_host(row["host"], fleets)
    if row["outcome"] in _SILENT:
        found = [Check("answered", _checks.UNKNOWN, row["message"] or row["outcome"])]  # counted for its fleets
    else:
        found = _checks.checks(row, asked, head["rules"])
    if head["previous"]:
        found += _checks.drift(row, asked)
    unknown_fails = asked.get("unknown", "fail") == "fail"
    told = []
    for check in found:
        unknown = check.state == _checks.UNKNOWN and unknown_fails and check.rule != "answered"
        place = places.get(check.rule) or places.get(check.rule.partition(".")[0])
        line = policy.document.line(place) if place else None
        told.append(excuses.apply(check, row["host"], fleets, check.state == _checks.BROKEN or unknown, line))
    return told


def _scopes(
    head: t.Mapping[str, t.Any], policy: Policy, excuses: _Excuses, hosts: t.Mapping[str, int]
) -> list[dict[str, t.Any]]:
    """Return the checks of the inventory and of fleets as a whole."""
    by_name: dict[str | None, t.Mapping[str, t.Any]] = {fleet["fleet"]: fleet for fleet in head["fleets"]}
    by_name[None] = head["inventory"]
    scopes = []
    for fleet, most, line in policy.unanswered():
        if fleet not in by_name:
            continue
        found: list[tuple[Check, int | None]] = [(_unanswered(by_name[fleet]["outcomes"], most), line)]
        if fleet is None:
            found += [(check, None) for check in (_anything(hosts), _gone(head, policy)) if check]
        fleets = [] if fleet is None else [fleet]
        told = [
            excuses.apply(check, fleet or "", fleets, check.state == _checks.BROKEN, where) for check, where in found
        ]
        scopes.append({"fleet": fleet, "checks": told})
    return scopes


def _unanswered(outcomes: t.Mapping[str, int], most: int | str) -> Check:
    silent = sum(outcomes[name] for name in _SILENT)
    asked = sum(outcomes.values()) - outcomes["skipped"]
    allowed = _policy.allowed(most, asked)
    said = "%d of %d hosts gave no answer, at most %d may" % (silent, asked, allowed)
    if silent <= allowed:
        return Check("maximum_unanswered", _checks.KEPT, said + ".")
    return Check(
        "maximum_unanswered", _checks.BROKEN, said + ".", "see each host's message; mend what many share first"
    )


def _anything(hosts: t.Mapping[str, int]) -> Check | None:
    """A run that tells nothing of any host keeps no policy."""
    if hosts["judged"]:
        return None
    return Check(
        "judged", _checks.BROKEN, "No host gave an answer, so that nothing was judged.", "survey the hosts again"
    )


def _gone(head: t.Mapping[str, t.Any], policy: Policy) -> Check | None:
    drift = (policy.document.value.get("defaults") or {}).get("drift")
    level = drift is not None and (drift.get("gone_host") or _policy.DRIFT["gone_host"])
    gone = head["previous"]["gone"] if head["previous"] else []
    if not gone or not level or level == "ignore":
        return None
    said = "%d hosts of the baseline are no longer in the inventory: %s" % (len(gone), ", ".join(gone[:20]))
    return Check("drift.gone_host", _checks.BROKEN if level == "fail" else _checks.NOTED, said + ".")


def _baseline(head: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    previous = head["previous"]
    return {
        "run": previous["run"],
        "hosts": previous["hosts"],
        "in_common": previous["hosts"] - len(previous["gone"]),
    }


def _notes(head: t.Mapping[str, t.Any], policy: Policy, excuses: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """Return what a reader should know of the policy itself."""
    fleets = [fleet["fleet"] for fleet in head["fleets"]]
    notes = [
        "Line %d: the policy names the fleet %r, which this run does not have: %s"
        % (policy.document.line(".fleets." + name), name, _document.nearest(name, fleets))
        for name in policy.document.value.get("fleets") or ()
        if name not in fleets
    ]
    wants_drift = any("drift" in part for part in _all_parts(policy))
    if wants_drift and not head["previous"]:
        notes.append(
            "The policy asks for changes since a baseline, and there is none: this is the first run, or name one."
        )
    words = {"expired": "has expired (%s)", "unused": "is not needed any more (it would hold until %s)"}
    for one in excuses:
        if one["state"] in words:
            why = words[one["state"]] % one["expires"]
            notes.append("The exception from %s for %s %s." % (one["rule"], ", ".join(one["hosts"][:5]), why))
    return notes


def _all_parts(policy: Policy) -> t.Iterator[t.Mapping[str, t.Any]]:
    value = policy.document.value
    yield value.get("defaults") or {}
    for section in ("fleets", "hosts"):
        yield from (value.get(section) or {}).values()


def _digest(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
