# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's figures in a few words: the result of the report, and what job systems keep of a run (`set_stats`)."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._rules import SEVERITIES

SURVEY, AUDIT = "ebpf_fleet_survey", "ebpf_fleet_audit"


def of(head: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the headline figures of a survey."""
    whole = head["inventory"]
    return {
        **{key: whole[key] for key in ("hosts", "outcomes", "tiers", "published_tiers")},
        "findings": {
            severity: sum(one["hosts"] for one in whole["findings"] if one["severity"] == severity)
            for severity in SEVERITIES
        },
        "outlier_hosts": len({one["host"] for one in whole["outliers"]}),
        "health": whole["health"]["healthy"],
        "notes": head["notes"],
    }


def stats(head: t.Mapping[str, t.Any], folder: str) -> dict[str, t.Any]:
    """Return the same as a statistic of the whole play, in the form of ansible.builtin.set_stats."""
    return _stats(SURVEY, {"run": head["run"], "run_dir": folder, **of(head)})


def audit_stats(result: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the verdict of an audit as such a statistic."""
    kept = ("run", "run_dir", "verdict", "counts", "msg")
    return _stats(AUDIT, {key: result[key] for key in kept})


def _stats(name: str, data: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"data": {name: data}, "per_host": False, "aggregate": False}
