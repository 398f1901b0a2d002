# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a module of plugins/module_utils needs, as Ansible finds them: by what each imports. Needs Python 3.8 only."""

from __future__ import annotations

import ast
import hashlib
import pathlib
import typing as t

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
ROOM = CHECKOUT / "plugins" / "module_utils"
PREFIX = "ansible_collections.ebpf.fleet.plugins.module_utils."


def _locate(name: str) -> pathlib.Path | None:
    stem = ROOM.joinpath(*name.split("."))
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)


def _named(package: str, source: str) -> t.Iterator[str]:
    """Name what a package's own file may import by name: the texts there that could be those of its modules."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield "%s.%s" % (package, node.value)


def _imported(source: str) -> t.Iterator[str]:
    """Name all that may be a module of the room; what `from` imports may also be something within one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            base = node.module + "." if isinstance(node, ast.ImportFrom) and node.module else ""
            for alias in node.names:
                if (base + alias.name).startswith(PREFIX):
                    yield (base + alias.name)[len(PREFIX) :]


def reach(entry: str) -> dict[str, pathlib.Path]:
    """Return the files of a module and of all that it reaches, with their packages', by the modules' names, sorted."""
    found: dict[str, pathlib.Path] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if "." in name:
            waiting.append(name.rpartition(".")[0])
        path = _locate(name)
        if path is not None and name not in found:
            found[name] = path
            source = path.read_text(encoding="utf-8")
            waiting += _imported(source)
            if path.name == "__init__.py":
                waiting += _named(name, source)
    return dict(sorted(found.items()))


def sha256(paths: t.Iterable[pathlib.Path]) -> str:
    """Hash files of the checkout, names and contents."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(CHECKOUT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
