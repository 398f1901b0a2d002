# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all filters of this collection have in common: an error of theirs is Ansible's own, so that the user sees one sentence."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError


class Unusable(ValueError):
    """What a filter was given is not what it is for; the text is one sentence."""


def told(name: str, function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """Return a filter whose errors are Ansible's own."""

    @functools.wraps(function)
    def wrapper(*arguments: t.Any, **options: t.Any) -> t.Any:
        try:
            return function(*arguments, **options)
        except Unusable as error:
            raise AnsibleFilterError("ebpf.fleet.%s: %s" % (name, error)) from error

    return wrapper


def all_told(functions: t.Mapping[str, t.Callable[..., t.Any]]) -> dict[str, t.Callable[..., t.Any]]:
    """Return filters by name, as Ansible asks a plugin for them."""
    return {name: told(name, function) for name, function in functions.items()}
