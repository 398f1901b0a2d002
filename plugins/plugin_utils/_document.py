# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML files that people write: read with the line of every key, checked by a schema, mistakes shown where they are."""

from __future__ import annotations

import difflib
import typing as t

import yaml
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files, _schema
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import one_line, sentence

_LIMIT = 4 << 20  # bytes
_DEEPEST = 50
_NODES = 200000

Lines = dict[str, int]  # place, as _schema names it (".rules.x", ".items[2]"), to line from 1


class _Loader(yaml.SafeLoader):
    """Plain YAML in which a day stays the text that it is."""


_Loader.yaml_implicit_resolvers = {
    first: [one for one in found if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Wrong(Exception):
    """A mistake in a file; the text is FILE:LINE: one sentence."""


class Document(t.NamedTuple):
    """A file's content, and where each part of it stands."""

    path: str
    value: t.Any
    lines: Lines

    def wrong(self, place: str, why: str) -> Wrong:
        """Return the error to raise for a place."""
        return Wrong("%s:%d: %s" % (self.path, self.line(place), why))

    def line(self, place: str) -> int:
        """Return the line of a place, or of the nearest place around it."""
        while place and place not in self.lines:
            place = place[: max(place.rfind("."), place.rfind("["))]
        return self.lines.get(place, 1)


def load(path: str, schema: str) -> Document:
    """Read a file and check it by a schema of docs/schemas; Wrong for a mistake, StorageError where it cannot be read."""
    document = parse(path, _files.read_text(path, _LIMIT))
    try:
        _schema.check(document.value, _schema.load(schema))
    except _schema.Mismatch as mismatch:
        raise document.wrong(mismatch.place, sentence(mismatch, 2000)) from mismatch
    return document


def parse(path: str, text: str) -> Document:
    """Return the content of YAML; Wrong where it is none, where a key is there twice, or where it is not plain data."""
    lines: Lines = {}
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                raise Wrong("%s:1: the file is empty." % path)
            _look(path, node, "", lines, 0)
            return Document(path, loader.construct_document(node), lines)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Wrong(
            "%s:%d: %s." % (path, mark.line + 1 if mark else 1, one_line(error.problem or error.context, 300))
        ) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise Wrong("%s:1: this is not plain YAML (%s)." % (path, one_line(error, 300))) from error


def nearest(word: str, known: t.Iterable[str]) -> str:
    """Return what to say of a word that is not known.

    >>> nearest("runqlat.p9", ["runqlat.p99", "biolatency.p50"])
    'did you mean runqlat.p99?'
    >>> nearest("zzz", ["b", "a"])
    'there are a, b.'
    """
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return "did you mean %s?" % near[0] if near else "there are %s." % one_line(", ".join(words), 1500)


def _look(path: str, node: yaml.Node, place: str, lines: Lines, depth: int) -> None:
    """Note where each part stands. A part that an alias repeats stands where it was first."""
    if depth > _DEEPEST or len(lines) > _NODES:
        raise Wrong("%s:%d: the file is too deep or too large." % (path, node.start_mark.line + 1))
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, one in enumerate(node.value):
            _look(path, one, "%s[%d]" % (place, index), lines, depth + 1)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, one in node.value:
            line = key.start_mark.line + 1
            name = str(key.value)
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                raise Wrong("%s:%d: a key must be a plain word here." % (path, line))
            if name in seen:
                raise Wrong("%s:%d: the key %s is there twice." % (path, line, one_line(name, 60)))
            seen.add(name)
            lines["%s.%s" % (place, name)] = line
            _look(path, one, "%s.%s" % (place, name), lines, depth + 1)
