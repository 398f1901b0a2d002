# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the controller's actions, composed from parts."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _survey

Spec = dict[str, t.Any]


def run_spec() -> Spec:
    """Return the options that say which run is meant."""
    return {"report_dir": {"type": "path", "default": "reports"}, "run": {"type": "str"}}


def report_spec() -> Spec:
    """Return these, and the options of a report."""
    return {
        **run_spec(),
        "rules": {"type": "path"},
        "keep": {"type": "int", "default": 0},
        "keep_days": {"type": "int", "default": 0},
    }


def audit_spec() -> Spec:
    """Return those of a run, and the options of an audit."""
    return {
        **run_spec(),
        "policy": {"type": "path", "required": True},
        "rules": {"type": "path"},
        "baseline": {"type": "str"},
    }


def visit_spec() -> Spec:
    """Return those of a run, and what is asked of the hosts: the options of the module `collect`."""
    return {**run_spec(), **_survey.argument_spec()}


def asked(arguments: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the arguments that the module `collect` gets; the window's length always, so that whoever reads a run knows it.

    >>> asked({"report_dir": "r", "run": None, "duration": 3, "collectors": []})
    {'duration': 3}
    >>> asked({"duration": None, "profile": "deep"})
    {'profile': 'deep', 'duration': 60}
    """
    known = _survey.argument_spec()
    given = {name: value for name, value in arguments.items() if name in known and value not in (None, [])}
    return {**given, "duration": _survey.duration(arguments)}


def check(arguments: t.Mapping[str, t.Any]) -> None:
    """Raise ValueError, with one sentence, for what no host could be asked."""
    _survey.settings(arguments)
