# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for histograms; the documentation of each stands beside, in NAME.yml."""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _filters, _people

_FUNCTIONS: dict[str, t.Callable[..., t.Any]] = {
    "merge_histograms": _people.merged,
    "quantile": _people.quantile,
    "draw_histogram": _people.drawn,
}


class FilterModule:
    """The filters for histograms."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return _filters.all_told(_FUNCTIONS)
