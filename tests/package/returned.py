# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare a module's RETURN with a result that it really gave."""

from __future__ import annotations

import typing as t

# What ansible-core itself adds to a result; documented once, for all modules, in its own documentation.
COMMON = {"changed", "failed", "invocation", "warnings", "deprecations", "diff", "msg", "exception", "skipped", "rc"}

TYPES: dict[str, tuple[type, ...]] = {
    "dict": (dict,),
    "complex": (dict,),
    "list": (list,),
    "str": (str,),
    "string": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "raw": (object,),
}


def differences(documented: t.Mapping[str, t.Any], real: t.Mapping[str, t.Any], where: str = "") -> list[str]:
    """Return a sentence for each key that is only documented, only real, or of another type; null fits every type.

    A key whose `returned` names a condition may be missing.
    """
    found = []
    for key, entry in documented.items():
        name = where + key
        if key not in real:
            if entry.get("returned", "always") in ("always", "success"):
                found.append("%s is documented and not returned" % name)
            continue
        value = real[key]
        if value is None:
            continue
        kind = entry.get("type", "raw")
        if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind in ("int", "float")):
            found.append("%s is documented as %s and is %s" % (name, kind, type(value).__name__))
            continue
        inner = entry.get("contains")
        if inner:
            rows = value if isinstance(value, list) else [value]
            for row in rows:
                found += differences(inner, row, name + ("[]." if isinstance(value, list) else "."))
    for key in real:
        if key not in documented and not (not where and (key in COMMON or key.startswith("_ansible_"))):
            found.append("%s%s is returned and not documented" % (where, key))
    return sorted(set(found))
