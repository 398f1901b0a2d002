# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published JSON Schemas, enforced: the subset of JSON Schema 2020-12 that docs/schemas uses."""

from __future__ import annotations

import difflib
import functools
import json
import os
import re
import typing as t

Schema = t.Mapping[str, t.Any]
Judge = t.Callable[[t.Any, t.Any, Schema, Schema, str], None]  # value, rule, schema, root, place

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "schemas")
_ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description"})
_TYPES: dict[str, t.Callable[[t.Any], bool]] = {
    "null": lambda v: v is None,
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "string": lambda v: isinstance(v, str),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}


class Mismatch(Exception):
    """A value does not fit its schema; the text names the place and the rule. `place` is the place alone: ".rules.x[2]"."""

    def __init__(self, text: str, place: str = "") -> None:
        """Hold both."""
        super().__init__(text)
        self.place = place


@functools.cache
def load(name: str) -> Schema:
    """Return a schema of docs/schemas by its file name."""
    with open(os.path.join(_FOLDER, name), encoding="utf-8") as stream:
        return t.cast("Schema", json.load(stream))


def check(value: t.Any, schema: Schema) -> None:
    """Raise Mismatch unless the value fits."""
    _check(value, schema, schema, "")


def _check(value: t.Any, schema: Schema, root: Schema, place: str) -> None:
    for judge, rule in _plan(schema):
        judge(value, rule, schema, root, place)


def _plan(schema: Schema) -> list[tuple[Judge, t.Any]]:
    """Return a schema's rules and who judges each, looked up once: a record has thousands of values."""
    found = _PLANS.get(id(schema))
    if found is None or found[0] is not schema:
        rules = [(_KEYWORDS[keyword], rule) for keyword, rule in schema.items() if keyword not in _ANNOTATIONS]
        found = _PLANS[id(schema)] = (schema, rules)
    return found[1]


def _fail(place: str, why: str) -> t.NoReturn:
    raise Mismatch("%s %s" % (place.lstrip(".") or "the record", why), place)


def _shown(value: t.Any) -> str:
    return (
        repr(value)[:60]
        if not isinstance(value, (dict, list))
        else "a JSON " + ("object" if isinstance(value, dict) else "array")
    )


def _ref(value: t.Any, rule: str, _schema: Schema, root: Schema, place: str) -> None:
    _check(value, root["$defs"][rule.removeprefix("#/$defs/")], root, place)


def _type(value: t.Any, rule: str | list[str], _schema: Schema, _root: Schema, place: str) -> None:
    if isinstance(rule, str):
        if not _TYPES[rule](value):
            _fail(place, "is %s, not %s" % (_shown(value), rule))
        return
    for name in rule:
        if _TYPES[name](value):
            return
    _fail(place, "is %s, not %s" % (_shown(value), " or ".join(rule)))


def _const(value: t.Any, rule: t.Any, _schema: Schema, _root: Schema, place: str) -> None:
    if value != rule or isinstance(value, bool) != isinstance(rule, bool):
        _fail(place, "is %s, not %r" % (_shown(value), rule))


def _enum(value: t.Any, rule: list[t.Any], _schema: Schema, _root: Schema, place: str) -> None:
    if isinstance(value, (bool, dict, list)) or value not in rule:
        near = (
            difflib.get_close_matches(value, [one for one in rule if isinstance(one, str)])
            if isinstance(value, str)
            else []
        )
        hint = ": did you mean %s?" % near[0] if near else ""
        _fail(place, "is %s, not one of %s%s" % (_shown(value), ", ".join(json.dumps(one) for one in rule), hint))


def _required(value: t.Any, rule: list[str], _schema: Schema, _root: Schema, place: str) -> None:
    if isinstance(value, dict):
        missing = [name for name in rule if name not in value]
        if missing:
            _fail(place, "has no %r" % missing[0])


def _properties(value: t.Any, rule: Schema, _schema: Schema, root: Schema, place: str) -> None:
    if isinstance(value, dict):
        for name, part in rule.items():
            if name in value:
                _check(value[name], part, root, "%s.%s" % (place, name))


def _additional(value: t.Any, rule: Schema | bool, schema: Schema, root: Schema, place: str) -> None:
    known = schema.get("properties", {})
    if isinstance(value, dict) and rule is False:
        for name in value:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1)
                hint = "did you mean %s?" % near[0] if near else "there are %s" % ", ".join(known)
                _fail("%s.%s" % (place, str(name)[:60]), "is not a word that is known here: %s" % hint)
    if isinstance(value, dict) and isinstance(rule, dict):
        for name, part in value.items():
            if name not in known:
                _check(part, rule, root, "%s.%s" % (place, str(name)[:60]))


def _items(value: t.Any, rule: Schema, _schema: Schema, root: Schema, place: str) -> None:
    if isinstance(value, list):
        for index, part in enumerate(value):
            _check(part, rule, root, "%s[%d]" % (place, index))


def _any_of(value: t.Any, rule: list[Schema], _schema: Schema, root: Schema, place: str) -> None:
    failure = None
    for choice in rule:
        try:
            _check(value, choice, root, place)
            return
        except Mismatch as mismatch:
            failure = failure or mismatch  # the first choice is the usual one: its complaint helps most
    if failure:
        raise failure


def _bound(
    applies: t.Callable[[t.Any], bool], fits: t.Callable[[t.Any, t.Any], bool], said: str
) -> t.Callable[[t.Any, t.Any, Schema, Schema, str], None]:
    def rule_check(value: t.Any, rule: t.Any, _schema: Schema, _root: Schema, place: str) -> None:
        if applies(value) and not fits(value, rule):
            _fail(place, said % rule)

    return rule_check


_PLANS: dict[int, tuple[Schema, list[tuple[Judge, t.Any]]]] = {}  # by the schema's identity; it is held here as well
_KEYWORDS: dict[str, Judge] = {
    "$ref": _ref,
    "type": _type,
    "const": _const,
    "enum": _enum,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "anyOf": _any_of,
    "minimum": _bound(_TYPES["number"], lambda v, rule: v >= rule, "is under %s"),
    "maximum": _bound(_TYPES["number"], lambda v, rule: v <= rule, "is over %s"),
    "minLength": _bound(_TYPES["string"], lambda v, rule: len(v) >= rule, "is shorter than %d characters"),
    "maxLength": _bound(_TYPES["string"], lambda v, rule: len(v) <= rule, "is longer than %d characters"),
    "minItems": _bound(_TYPES["array"], lambda v, rule: len(v) >= rule, "has fewer than %d entries"),
    "maxItems": _bound(_TYPES["array"], lambda v, rule: len(v) <= rule, "has more than %d entries"),
    "pattern": _bound(_TYPES["string"], lambda v, rule: re.search(rule, v) is not None, "does not look like %s"),
}
