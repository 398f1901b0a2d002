# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has changed of a host since an earlier run. What is not known on one side is no change."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._previous import Past
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row

_ANSWERS = ("ok", "partial")


def changes(past: Past | None, row: Row) -> list[dict[str, t.Any]]:
    """Return the shape `change` of docs/schemas/survey.v1.json, a row for each thing that is not as it was.

    `worse` says whether something was lost: an answer, a tier, a requirement or probe that was met, or that the host is
    an outlier now.
    """
    if past is None:
        return [_change("host", None, None, row["outcome"], worse=False)]
    found = []
    if past.outcome != row["outcome"] and "skipped" not in (past.outcome, row["outcome"]):
        worse = past.outcome in _ANSWERS and row["outcome"] not in _ANSWERS
        found.append(_change("outcome", None, past.outcome, row["outcome"], worse=worse))
    if past.tier is None or row["tier"] is None:
        return found
    if past.tier != row["tier"]:
        found.append(_change("tier", None, past.tier, row["tier"], worse=row["tier"] < past.tier))
    if past.kernel != row["kernel"]:
        found.append(_change("kernel", None, past.kernel, row["kernel"], worse=False))
    requirements = {one["name"]: one["state"] for one in row["requirements"]}
    for what, before, after in (
        ("requirement", past.requirements, requirements),
        ("probe", past.probes, row["probes"]),
    ):
        for name in before:
            pair = before[name], after.get(name)
            if pair in (("met", "unmet"), ("unmet", "met")):
                found.append(_change(what, name, *pair, worse=pair[1] == "unmet"))
    return [*found, *_outliers(past, row)]


def gone(hosts: t.Iterable[str], now: t.Container[str]) -> list[str]:
    """Return the hosts of an earlier run that are no longer in the inventory."""
    return [host for host in hosts if host not in now]


def _outliers(past: Past, row: Row) -> t.Iterator[dict[str, t.Any]]:
    for one in row["comparisons"]:
        if one["outlier"] != (one["collector"] in past.outliers):
            said = {True: "outlier", False: "like its fleet"}
            yield _change(
                "outlier", one["collector"], said[not one["outlier"]], said[one["outlier"]], worse=one["outlier"]
            )


def _change(what: str, name: str | None, before: t.Any, after: t.Any, worse: bool) -> dict[str, t.Any]:
    def shown(value: t.Any) -> str | None:
        return None if value is None else str(value)

    return {"what": what, "name": name, "before": shown(before), "after": shown(after), "worse": worse}
