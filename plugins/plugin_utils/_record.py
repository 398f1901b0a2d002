# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's record: made from what the host sent or from why it sent nothing, and checked against the contract."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _schema, _versions
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line

Record = dict[str, t.Any]

SCHEMA = "ebpf.fleet.record/1"
LIMIT = 16 << 20  # bytes of one record as JSON

_SPOKEN = ("capability", "window", "results", "cost", "warnings")  # what the host says; the rest is ours
_ANSWERED = ("ok", "idle")


class Refused(Exception):
    """What a host sent, or what a file holds, is not a record; the text is one sentence."""


class Envelope(t.NamedTuple):
    """What the controller knows of a record."""

    run: str
    host: str
    fleets: list[str]
    received: str


def from_host(sent: t.Any, envelope: Envelope, failure: str | None) -> Record:
    """Return the record of a host that sent one; `failure` is the module's message where it failed all the same.

    Refused where the host speaks another version or breaks the contract.
    """
    if not isinstance(sent, dict):
        raise Refused("The host sent no record: its answer is of type %s." % type(sent).__name__)
    _same_version(sent.get("schema"))
    record = {
        "schema": SCHEMA,
        **_ours(envelope),
        "outcome": "ok",
        "message": None,
        **{key: sent.get(key) for key in _SPOKEN},
    }
    _conforms(record)
    record["outcome"], record["message"] = outcome(record["results"], failure)
    return record


def silent(envelope: Envelope, outcome_name: str, message: str, warnings: t.Sequence[str] = ()) -> Record:
    """Return the record of a host that gave no answer: `failed`, `unreachable` or `timed_out`, and why."""
    return {
        "schema": SCHEMA,
        **_ours(envelope),
        "outcome": outcome_name,
        "message": message,
        "capability": None,
        "window": None,
        "results": [],
        "cost": None,
        "warnings": list(warnings),
    }


def outcome(results: t.Sequence[t.Mapping[str, t.Any]], failure: str | None) -> tuple[str, str | None]:
    """Return what became of a host, and why it is not `ok`.

    `ok`: every collector answered (also where rows beyond a limit are left out and the count is complete). `partial`:
    something is missing (a collector failed, lost events or has no way to ask here, or the module failed after it had
    gathered something). `failed`: nothing was answered.
    """
    missing = [one for one in results if not _whole(one)]
    useful = [one for one in results if one["status"] in (*_ANSWERED, "truncated")]
    if not missing and not failure:
        return "ok", None
    words = [one_line(failure, 2000)] if failure else []
    words += ["%s %s: %s" % (one["collector"], one["status"], _why(one)) for one in missing]
    failed = failure or any(one["status"] == "failed" for one in missing)
    return ("failed" if failed and not useful else "partial"), one_line("; ".join(words), 4000)


def check_stored(record: t.Any) -> Record:
    """Return what a file held, if it is a record of this version; Refused if not."""
    if not isinstance(record, dict):
        raise Refused("The stored record is not a JSON object.")
    _same_version(record.get("schema"))
    _conforms(record)
    return record


def headline(record: Record) -> dict[str, t.Any]:
    """Return the few KB of a record that stay in Ansible's memory as ansible_facts.ebpf."""
    capability = record["capability"] or {}
    return {
        "run": record["run"],
        "outcome": record["outcome"],
        "message": None if record["message"] is None else one_line(record["message"], 500),
        "tier": capability.get("tier"),
        "published_tier": capability.get("published_tier"),
        "blockers": [
            {
                key: None if one[key] is None else one_line(one[key], 200)
                for key in ("requirement", "state", "message", "remedy")
            }
            for one in capability.get("blockers", [])[:10]
        ],
        "kernel": {"release": one_line(capability["kernel"]["release"], 100) if capability else None},
        "collectors": {
            one_line(one["collector"], 60): {
                "status": one["status"],
                "tier": one["tier"],
                "count": None if one["data"] is None else one["data"]["count"],
            }
            for one in record["results"][:50]
        },
    }


def _ours(envelope: Envelope) -> dict[str, t.Any]:
    return {"collection": _versions.collection(), **envelope._asdict()}


def _whole(result: t.Mapping[str, t.Any]) -> bool:
    """Whether a result's count is the whole answer."""
    return result["status"] in _ANSWERED or (
        result["status"] == "truncated" and result["reason"] is not None and result["reason"]["code"] == "omitted"
    )


def _why(result: t.Mapping[str, t.Any]) -> str:
    reason = result["reason"]
    return one_line(reason["message"], 300) if reason else "no reason was given"


def _same_version(schema: t.Any) -> None:
    if schema == SCHEMA:
        return
    if isinstance(schema, str) and re.fullmatch(r"ebpf\.fleet\.record/[0-9]{1,9}", schema):
        raise Refused(
            "The record has the version %s, and this ebpf.fleet reads %s: use one version of ebpf.fleet for both."
            % (schema, SCHEMA)
        )
    raise Refused("The record does not say that it is %s: its schema is %s." % (SCHEMA, one_line(repr(schema), 80)))


def _conforms(record: Record) -> None:
    """Raise Refused unless the record fits its schema, each collector is there once, and buckets ascend."""
    try:
        _schema.check(record, _schema.load("record.v1.json"))
    except _schema.Mismatch as mismatch:
        raise Refused("The record breaks its schema %s: %s." % (SCHEMA, one_line(mismatch, 300))) from mismatch
    seen: set[str] = set()
    for result in record["results"]:
        name = result["collector"]
        if name in seen:
            raise Refused("The record has two results of %s." % one_line(name, 60))
        seen.add(name)
        _data_fits(result)


def _data_fits(result: t.Mapping[str, t.Any]) -> None:
    data, name = result["data"], one_line(result["collector"], 60)
    if data is None:
        if result["status"] in _ANSWERED:
            raise Refused("The record's %s is %s but has no data." % (name, result["status"]))
        return
    rows = "series" if result["kind"] == "histogram" else "items"
    if rows not in data or (result["kind"] == "stacks" and "stacks" not in data):
        raise Refused("The record's %s has the data of another kind than %s." % (name, result["kind"]))
    for one in data.get("series", ()) if rows == "series" else ():
        end = 0
        for lo, hi, _count in one["buckets"] or ():
            if not end <= lo < hi:
                raise Refused("The record's %s has buckets that do not ascend." % name)
            end = hi
