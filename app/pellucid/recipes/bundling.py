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


class Bundle:
    """Source copied so far: the import lines, and the definitions in the order of their need."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.definitions: dict[str, str] = {}

    def add(self, thing: Callable[..., Any]) -> None:
        """Copy a function or class of Pellucid, after what it uses."""
        module = sys.modules[thing.__module__]
        self._define(thing.__name__, module)

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

    def _define(self, name: str, module: ModuleType) -> None:
        if name in self.definitions:
            return
        found = _definition(name, module)
        if found is None:
            raise ValueError(f"{module.__name__} defines no {name} that can be copied")
        node, source = found
        self.definitions[name] = ""  # a name that is being copied: it may call itself
        for used in sorted(_loaded(node) - {name}):
            self._resolve(used, module)
        del self.definitions[name]
        self.definitions[name] = source

    def _resolve(self, name: str, module: ModuleType) -> None:
        line = _imports(module).get(name)
        if line is not None and OWN not in line:
            self.imports.add(line)
        elif line is not None:
            home, original = line.split()[1], line.split()[3]
            if original != name:
                raise ValueError(f"{module.__name__} imports {original} as {name}; a script cannot follow that")
            self._define(original, importlib.import_module(home))
        elif hasattr(module, name) and _definition(name, module) is not None:
            self._define(name, module)


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

