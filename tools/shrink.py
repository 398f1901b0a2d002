# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a program of several Python modules smaller without changing what it does.

What only readers and type checkers read goes: comments, docstrings, annotations, casts, protocols, aliases of types. So
does what nothing names; the test is crude, so that it errs towards keeping: a definition stays as soon as its name occurs
anywhere in the program, in any sense. Then python-minifier renames what only a function or a module knows, parameters
included where no call names them, and writes it all tightly. Texts, and the public names of modules and classes, stay.
"""

from __future__ import annotations

import ast
import builtins
import typing as t

import python_minifier

# These read the source's own form.
FORBIDDEN = {"__doc__", "__annotations__", "__file__", "get_type_hints", "getsource", "co_varnames"}


class _Bare(ast.NodeTransformer):
    """Take out docstrings, annotations and what else only a type checker reads."""

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._without_docstring(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._without_docstring(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST | None:
        bases = [ast.unparse(base) for base in node.bases]
        if "t.Protocol" in bases:
            return None
        if "t.NamedTuple" in bases:  # whose fields are its annotations, whatever they say
            for part in node.body:
                if isinstance(part, ast.AnnAssign):
                    part.annotation = ast.Name("int", ast.Load())
            body = [self.visit(part) if isinstance(part, ast.FunctionDef) else part for part in node.body]
            node.body = body[1:] if ast.get_docstring(node) else body
            return node
        return self._without_docstring(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        return ast.Assign([node.target], node.value) if node.value else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if node.module == "__future__" else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return node.args[1] if ast.unparse(node.func) == "t.cast" else node

    _Documented = t.TypeVar("_Documented", ast.Module, ast.FunctionDef, ast.ClassDef)

    def _without_docstring(self, node: _Documented) -> _Documented:
        if ast.get_docstring(node) is not None:
            del node.body[0]
        self.generic_visit(node)
        if not node.body and not isinstance(node, ast.Module):
            node.body.append(ast.Pass())
        return node


class _Positional(ast.NodeTransformer):
    """Mark the parameters that no call of the program names, so that python-minifier may rename them, too."""

    def __init__(self, named: t.Container[str]) -> None:
        self._named = named

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        parameters = node.args
        while parameters.args and parameters.args[0].arg not in self._named:
            parameters.posonlyargs.append(parameters.args.pop(0))
        return node


class _Mentions(t.NamedTuple):
    """Which names a program mentions, their definitions not counted."""

    words: set[str]
    keywords: set[str]  # of calls
    attributes: set[str]
    imports: set[tuple[str, str]]  # the end of the module's name, and what is imported of it

    @classmethod
    def of(cls, trees: t.Iterable[ast.AST]) -> _Mentions:
        found = cls(set(), set(), set(), set())
        for node in (node for tree in trees for node in ast.walk(tree)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.words.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.attributes.add(node.attr)
            elif isinstance(node, ast.ImportFrom):
                found.imports.update(((node.module or "").rpartition(".")[2], alias.name) for alias in node.names)
            elif isinstance(node, ast.keyword) and node.arg:
                found.keywords.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.words.add(node.value)
        found.words.update(found.keywords, found.attributes, (name for _module, name in found.imports))
        return found


def _defines(node: ast.stmt) -> str | None:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return node.name
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return None


def _prune(module: str, tree: ast.Module, mentions: _Mentions, imports_only: bool) -> bool:
    """Remove a module's imports and definitions that nothing mentions; say whether there were any."""
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    before = ast.dump(tree)

    def used(alias: ast.alias) -> bool:
        name = (alias.asname or alias.name).partition(".")[0]
        return name in own or name in mentions.attributes or (module.rpartition(".")[2], name) in mentions.imports

    kept: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            node.names = list(filter(used, node.names))
            if not node.names:
                continue
        elif not imports_only and (name := _defines(node)) and name not in mentions.words:
            continue
        kept.append(node)
    tree.body = kept
    return ast.dump(tree) != before


def _globals(tree: ast.Module) -> set[str]:
    """Name what may be a module's global, builtins and imports included: these compress best when all call them alike."""
    found = set(dir(builtins)).union(filter(None, map(_defines, tree.body)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    return found


def _check(name: str, tree: ast.Module) -> None:
    """Raise ValueError for what could not be shrunk and do the same."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)):
            word = node.id if isinstance(node, ast.Name) else node.attr
            if word in FORBIDDEN:
                raise ValueError("%s, line %d: %s would not survive" % (name, node.lineno, word))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) != "dict":
            for keyword in node.keywords:
                if keyword.arg is None:
                    raise ValueError("%s, line %d: what ** names cannot be seen" % (name, node.lineno))


def shrink(sources: t.Mapping[str, str], entries: t.Collection[str]) -> dict[str, str]:
    """Return the smaller sources, by the same names. What the modules of `entries` define stays, all of it.

    Raise ValueError for a source that asks for what is taken out.
    """
    trees = {}
    for name, source in sources.items():
        tree = ast.parse(source)
        _check(name, tree)
        trees[name] = ast.fix_missing_locations(_Bare().visit(tree))
    again = True
    while again:
        mentions = _Mentions.of(trees.values())
        pruned = [_prune(name, tree, mentions, name in entries) for name, tree in trees.items()]
        again = any(pruned)
    mentions = _Mentions.of(trees.values())
    positional = _Positional(mentions.keywords)
    foreign = mentions.attributes | {name for _module, name in mentions.imports}
    smaller = {}
    for module, tree in trees.items():
        kept = (name for name in _globals(tree) if not name.startswith("_") or name in foreign)
        smaller[module] = python_minifier.minify(
            ast.unparse(positional.visit(tree)),
            hoist_literals=False,
            rename_globals=True,
            preserve_globals=sorted(kept),
        )
    return smaller
