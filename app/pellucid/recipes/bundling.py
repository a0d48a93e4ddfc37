"""Copy functions with everything they need into a script: their source, in an order that runs.

A function is followed through the names it uses: modules become import lines, constants and other functions of
Pellucid are copied as well. What is copied must not need more of Pellucid than that.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Callable, Iterable
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

OWN = "pellucid."
_INSTEAD = {
    "pellucid.language": "pellucid.operations.plain_language",
    "pellucid.operations.engines.registration.plans": "pellucid.operations.engines.registration.plain_plans",
}
"""Modules that scripts do without, and where simple things of the same names are."""


class Bundle:
    """Source copied so far: the import lines, and the definitions in the order of their need.

    Two modules may call different things by one name: the second gets another one, and is then written as Python
    writes it. The functions that are ``wanted`` by name keep theirs.
    """

    def __init__(self, wanted: Iterable[Callable[..., Any]] = ()) -> None:
        self.imports: set[str] = set()
        self.definitions: dict[str, str] = {}
        self._homes = {thing.__name__: thing.__module__ for thing in reversed(list(wanted))}
        self._names: dict[tuple[str, str], str] = {}

    def add(self, thing: Callable[..., Any]) -> None:
        """Copy a function or class of Pellucid, after what it uses."""
        self._define(thing.__name__, sys.modules[thing.__module__])

    def add_used(self, code: str, known: Iterable[Callable[..., Any]]) -> None:
        """Copy those of some functions that a piece of code names, and import the modules it names."""
        names = _loaded(ast.parse(code))
        for thing in known:
            if thing.__name__ in names:
                self.add(thing)

    @property
    def text(self) -> str:
        """Return the definitions as source; one that defines several names stands there once."""
        return "\n\n\n".join(dict.fromkeys(self.definitions.values()))

    def _define(self, name: str, module: ModuleType) -> str:
        """Copy what a module calls by a name, and return what the script calls it."""
        known = self._names.get((module.__name__, name))
        if known is not None:
            return known
        found = _definition(name, module)
        if found is None:
            raise ValueError(f"{module.__name__} defines no {name} that can be copied")
        node, source = found
        called = {one: self._free(one, module) for one in _defined(node)}
        for one, final in called.items():
            self._names[module.__name__, one] = final
            self.definitions[final] = ""  # a name that is being copied: it may call itself
        renamed = {one: final for one, final in called.items() if one != final}
        renamed |= self._needed(node, module, set(called))
        for final in called.values():
            del self.definitions[final]
            self.definitions[final] = _renamed(source, renamed) if renamed else source
        return called[name]

    def _needed(self, node: ast.AST, module: ModuleType, own: set[str]) -> dict[str, str]:
        """Copy what a definition uses; return what of it has another name in the script."""
        renamed = {}
        for whole in sorted(_dotted(node, module)):
            stem, _, attribute = whole.partition(".")
            renamed[whole] = self._define(attribute, _module_called(stem, module))  # type: ignore[arg-type]
        for used in sorted(_loaded(node) - own):
            final = self._resolve(used, module)
            if final != used:
                renamed[used] = final
        return renamed

    def _free(self, name: str, module: ModuleType) -> str:
        """Return a name for what a module calls so that nothing else of the script has."""
        if name not in self.definitions and self._homes.get(name, module.__name__) == module.__name__:
            return name
        n = 2
        while f"{name}_{n}" in self.definitions or f"{name}_{n}" in self._homes:
            n += 1
        return f"{name}_{n}"

    def _resolve(self, name: str, module: ModuleType) -> str:
        """Import or copy what a module calls by a name; return what the script calls it."""
        line = _imports(module).get(name)
        if line is not None and OWN not in line:
            self.imports.add(line)
        elif line is not None and _module_called(name, module) is None:
            home, original = line.split()[1], line.split()[3]
            if original != name:
                raise ValueError(f"{module.__name__} imports {original} as {name}; a script cannot follow that")
            return self._define(original, importlib.import_module(_INSTEAD.get(home, home)))
        elif hasattr(module, name) and _definition(name, module) is not None:
            return self._define(name, module)
        return name


def _module_called(name: str, module: ModuleType) -> ModuleType | None:
    """Return the module of Pellucid that another one has imported under a name, or None."""
    found = getattr(module, name, None)
    return found if isinstance(found, ModuleType) and found.__name__.startswith(OWN) else None


def _dotted(tree: ast.AST, module: ModuleType) -> set[str]:
    """Return what code reads of modules of Pellucid, as ``"demons.run"``."""
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        and _module_called(node.value.id, module) is not None
    }  # fmt: skip


def _defined(node: ast.AST) -> list[str]:
    """Return the names that a definition gives."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Module):
        return [name for part in node.body for name in _defined(part)]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]
    return [part.id for one in targets for part in ast.walk(one) if isinstance(part, ast.Name)]


class _Renaming(ast.NodeTransformer):
    """Gives things other names, where they are not local."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        final = self._names.get(f"{node.value.id}.{node.attr}") if isinstance(node.value, ast.Name) else None
        return ast.Name(final, node.ctx) if final else self.generic_visit(node)


def _renamed(source: str, names: dict[str, str]) -> str:
    """Return a definition with other names for what it gives and uses; its own variables make way."""
    tree = ast.parse(source)
    given = {old: new for old, new in names.items() if old not in _local(tree)}
    top = tree.body[0]
    if isinstance(top, (ast.FunctionDef, ast.ClassDef)):
        top.name = names.get(top.name, top.name)
        stored = {node.id for node in ast.walk(top) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        given |= {one: f"{one}_here" for one in stored & set(names.values())}
    return ast.unparse(_Renaming(given).visit(tree))


def _local(tree: ast.Module) -> set[str]:
    """Return the names of arguments, of functions within functions and of fields of classes."""
    found = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            found |= {one.name for one in ast.walk(node) if isinstance(one, ast.FunctionDef) and one is not node}
        elif isinstance(node, ast.ClassDef):
            fields = [one for one in node.body if isinstance(one, (ast.Assign, ast.AnnAssign))]
            found |= {name for one in fields for name in _defined(one)}
    return found


def _loaded(tree: ast.AST) -> set[str]:
    """Return the names that code reads, without those of annotations, which a script never evaluates."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
            arguments = node.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg):
                if argument is not None:
                    argument.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
    return names


@cache
def _parsed(module: ModuleType) -> tuple[ast.Module, str]:
    source = inspect.getsource(module)
    return ast.parse(source), source


def _definition(name: str, module: ModuleType) -> tuple[ast.AST, str] | None:
    """Return what a module says about a name at its top: a function, a class or a constant."""
    tree, source = _parsed(module)
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            lines = source.splitlines()[first - 1 : node.end_lineno]
            return ast.parse("\n".join(lines)).body[0], "\n".join(lines)
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if name in {part.id for one in targets for part in ast.walk(one) if isinstance(part, ast.Name)}:
                text = ast.get_source_segment(source, node) or ""
                return ast.parse(text), text
    return None


@cache
def _imports(module: ModuleType) -> dict[str, str]:
    """Return each imported name of a module with a line that imports it."""
    found: dict[str, str] = {}
    for node in ast.walk(_parsed(module)[0]):
        if isinstance(node, ast.Import):
            for one in node.names:
                found[(one.asname or one.name).split(".")[0]] = f"import {one.name}" + (
                    f" as {one.asname}" if one.asname else ""
                )
        elif isinstance(node, ast.ImportFrom) and node.module and node.module != "__future__":
            for one in node.names:
                found[one.asname or one.name] = f"from {node.module} import {one.name}" + (
                    f" as {one.asname}" if one.asname else ""
                )
    return found


def functions_of(module: ModuleType) -> tuple[Callable[..., Any], ...]:
    """Return the functions a module defines itself."""
    return tuple(
        thing
        for thing in vars(module).values()
        if isinstance(thing, FunctionType) and thing.__module__ == module.__name__
    )

