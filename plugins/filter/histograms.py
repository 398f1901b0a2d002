# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for histograms; the documentation of each stands beside, in NAME.yml."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _people

_FILTERS: dict[str, t.Callable[..., t.Any]] = {
    "merge_histograms": _people.merged,
    "quantile": _people.quantile,
    "draw_histogram": _people.drawn,
}


def _told(name: str, function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """Return a filter whose errors are Ansible's own, so that the user sees one sentence."""

    @functools.wraps(function)
    def wrapper(*arguments: t.Any, **options: t.Any) -> t.Any:
        try:
            return function(*arguments, **options)
        except _people.Unusable as error:
            raise AnsibleFilterError("ebpf.fleet.%s: %s" % (name, error)) from error

    return wrapper


class FilterModule:
    """The filters of this collection."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {name: _told(name, function) for name, function in _FILTERS.items()}
