"""A safe reader of formulas such as ``a * 2 + b``: nothing is ever executed but a short list of NumPy functions.

A text becomes a tree of a few kinds of nodes (the kinds of Python's own ``ast``, so that it can be printed as a line
of Python): names, numbers, arithmetic, comparisons, logic and calls. Whatever consists of numbers alone is computed
while reading, in floats, so that no tower of powers can grow; everything else is refused with its column.
"""

from __future__ import annotations

import ast
import copy
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Refused
from pellucid.operations.engines.expression_text import python_tree, refusal

NAMES = ("a", "b", "c", "d")
_DEEPEST, _LARGEST = 80, 200  # levels, nodes

_Rules = dict[type, Callable[[Any, Any], Any]]
_ARITHMETIC: _Rules = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_LOGIC: _Rules = {ast.BitAnd: operator.and_, ast.BitOr: operator.or_}
_COMPARISONS: _Rules = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: Mapping[str, tuple[str, int]] = {
    **{name: (name, 1) for name in ("abs", "sqrt", "exp", "log", "sin", "cos", "floor", "isnan")},
    "round": ("rint", 1),
    "clip": ("clip", 3),
    "where": ("where", 3),
    "min": ("minimum", 2),
    "max": ("maximum", 2),
}
"""What may be called: the function of NumPy, and how many arguments it takes (min and max: or more)."""

@dataclass(frozen=True)
class Expression:
    """A formula that was read: its tree, and the images it names in the order of the alphabet."""

    tree: ast.expr
    names: tuple[str, ...]

    @property
    def python(self) -> str:
        """Return the formula as Python with NumPy."""
        return ast.unparse(_Signs().visit(copy.deepcopy(self.tree)))

    def column(self, name: str) -> int:
        """Return the first column in which an image is named, from 1 on."""
        named = [node for node in ast.walk(self.tree) if isinstance(node, ast.Name) and node.id == name]
        return min(node.col_offset for node in named) + 1

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return what the formula makes of arrays (64-bit floats) by name."""
        return _evaluate(self.tree, values)


def parse(text: str, *, condition: bool = False) -> Expression:
    """Return the formula of a text; raise Refused with a sentence that says what is wrong in which column.

    A ``condition`` is true or false; & and | join its comparisons as they are read, and im is another name for a.
    """
    part = _Reader().read(python_tree(text, logic=condition), 0)
    names = {node.id for node in ast.walk(part.tree) if isinstance(node, ast.Name) and node.id != "np"}
    if not names:
        raise Refused(tr("The expression names no image; write a for this image."))
    if condition and not part.logical:
        raise Refused(tr("The expression gives a number, not yes or no; compare it, such as im > 0."))
    return Expression(part.tree, tuple(sorted(names)))


def complaint(text: str, *, condition: bool = False) -> str | None:
    """Return what is wrong with a text, or None."""
    try:
        parse(text, condition=condition)
    except Refused as refusal:
        return str(refusal)
    return None


@dataclass(frozen=True)
class _Part:
    """A piece of a formula: its tree, whether it is true or false, and how many nodes it has."""

    tree: ast.expr
    logical: bool
    size: int

    @property
    def constant(self) -> Any:
        return self.tree.value if isinstance(self.tree, ast.Constant) else None


class _Reader:
    """Turns Python's tree into one of the few kinds of nodes that are allowed."""

    def read(self, node: ast.expr, depth: int) -> _Part:
        """Return the allowed piece for a node; raise Refused where there is none."""
        if depth > _DEEPEST:
            raise refusal(node.col_offset, tr("the expression is nested too deeply; split it into steps"))
        readers: dict[type, Callable[[Any, int], _Part]] = {
            ast.Constant: self._number,
            ast.Name: self._name,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.BoolOp: self._words,
            ast.Compare: self._comparison,
            ast.Call: self._call,
        }
        reader = readers.get(type(node))
        if reader is None:
            raise refusal(node.col_offset, tr("only numbers, a to d, operators and functions are allowed"))
        part = reader(node, depth + 1)
        if part.size > _LARGEST:
            raise refusal(node.col_offset, tr("the expression has too many parts; split it into steps"))
        return part

    def _number(self, node: ast.Constant, depth: int) -> _Part:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise refusal(node.col_offset, tr("only numbers, a to d, operators and functions are allowed"))
        return self._constant(node, lambda: float(value))

    def _name(self, node: ast.Name, depth: int) -> _Part:
        if node.id not in NAMES:
            raise _unknown(node)
        place = {"lineno": node.lineno, "col_offset": node.col_offset}
        return _Part(ast.Name(node.id, ast.Load(), **place), logical=False, size=1)

    def _unary(self, node: ast.UnaryOp, depth: int) -> _Part:
        inner = self.read(node.operand, depth)
        if isinstance(node.op, (ast.Invert, ast.Not)):
            self._need_logical(inner, node.operand)
            if inner.constant is not None:
                return _Part(ast.Constant(not inner.constant), logical=True, size=1)
            return _Part(ast.UnaryOp(ast.Invert(), inner.tree), logical=True, size=inner.size + 1)
        number = self._as_number(inner)
        if isinstance(node.op, ast.UAdd):
            return number
        if number.constant is not None:
            return self._constant(node, lambda: -number.constant)
        return _Part(ast.UnaryOp(node.op, number.tree), logical=False, size=number.size + 1)

    def _binary(self, node: ast.BinOp, depth: int) -> _Part:
        left, right = self.read(node.left, depth), self.read(node.right, depth)
        if type(node.op) in _LOGIC:
            self._need_logical(left, node.left)
            self._need_logical(right, node.right)
            return self._joined(left, node.op, right)
        if type(node.op) not in _ARITHMETIC:
            raise refusal(node.right.col_offset, tr("only + - * / // % ** are operators of numbers"))
        first, second = self._as_number(left), self._as_number(right)
        if first.constant is not None and second.constant is not None:
            rule = _ARITHMETIC[type(node.op)]
            return self._constant(node, lambda: rule(float(first.constant), float(second.constant)))
        return _Part(ast.BinOp(first.tree, node.op, second.tree), logical=False, size=first.size + second.size + 1)

    def _words(self, node: ast.BoolOp, depth: int) -> _Part:
        sign = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        parts = [self.read(value, depth) for value in node.values]
        for part, value in zip(parts, node.values, strict=True):
            self._need_logical(part, value)
        whole = parts[0]
        for part in parts[1:]:
            whole = self._joined(whole, sign, part)
        return whole

    def _comparison(self, node: ast.Compare, depth: int) -> _Part:
        parts = [self._as_number(self.read(one, depth)) for one in (node.left, *node.comparators)]
        whole: _Part | None = None
        for left, sign, right in zip(parts, node.ops, parts[1:], strict=False):
            if type(sign) not in _COMPARISONS:
                raise refusal(node.col_offset, tr("only < <= > >= == != compare"))
            if left.constant is not None and right.constant is not None:
                answer = bool(_COMPARISONS[type(sign)](left.constant, right.constant))
                one = _Part(ast.Constant(answer), logical=True, size=1)
            else:
                one = _Part(ast.Compare(left.tree, [sign], [right.tree]), logical=True, size=left.size + right.size + 1)
            whole = one if whole is None else self._joined(whole, ast.BitAnd(), one)
        assert whole is not None
        return whole

    def _call(self, node: ast.Call, depth: int) -> _Part:
        if not isinstance(node.func, ast.Name) or node.func.id in NAMES or node.keywords:
            raise refusal(node.col_offset, tr("only functions such as sqrt(a) can be called"))
        if node.func.id not in _FUNCTIONS:
            raise _unknown(node.func)
        name, count = _FUNCTIONS[node.func.id]
        many = node.func.id in ("min", "max")
        if len(node.args) < count or (len(node.args) > count and not many):
            raise refusal(
                node.col_offset, tr("{name} takes {count} values between its brackets", name=node.func.id, count=count)
            )
        parts = [self.read(one, depth) for one in node.args]
        if name == "where":
            self._need_logical(parts[0], node.args[0])
        parts = [part if name == "where" and n == 0 else self._as_number(part) for n, part in enumerate(parts)]
        if not many:
            return self._called(node, name, parts)
        whole = parts[0]
        for part in parts[1:]:
            whole = self._called(node, name, [whole, part])
        return whole

    def _called(self, node: ast.Call, name: str, parts: list[_Part]) -> _Part:
        logical = name == "isnan"
        if all(part.constant is not None for part in parts):
            if logical:
                return _Part(ast.Constant(False), logical=True, size=1)
            return self._constant(node, lambda: float(getattr(np, name)(*(part.constant for part in parts))))
        size = sum(part.size for part in parts) + 1
        return _Part(_numpy_call(name, *(part.tree for part in parts)), logical=logical, size=size)

    def _joined(self, left: _Part, sign: ast.operator, right: _Part) -> _Part:
        """Return both or either of two conditions."""
        if left.constant is not None and right.constant is not None:
            answer = bool(_LOGIC[type(sign)](left.constant, right.constant))
            return _Part(ast.Constant(answer), logical=True, size=1)
        return _Part(ast.BinOp(left.tree, sign, right.tree), logical=True, size=left.size + right.size + 1)

    def _constant(self, node: ast.expr, compute: Callable[[], Any]) -> _Part:
        """Return a number that is known already; whole ones are written without a point."""
        try:
            with np.errstate(all="ignore"):
                value = compute()
        except (OverflowError, ZeroDivisionError, ValueError):
            value = math.inf
        if isinstance(value, complex) or not math.isfinite(value):
            raise refusal(node.col_offset, tr("this is not a finite number"))
        whole = float(value).is_integer() and abs(value) < 1e15
        return _Part(ast.Constant(int(value) if whole else float(value)), logical=False, size=1)

    def _as_number(self, part: _Part) -> _Part:
        """Return a condition as 1 where it is true and 0 elsewhere."""
        if not part.logical:
            return part
        if part.constant is not None:
            return _Part(ast.Constant(int(part.constant)), logical=False, size=1)
        return _Part(_numpy_call("float64", part.tree), logical=False, size=part.size + 1)

    def _need_logical(self, part: _Part, node: ast.expr) -> None:
        if not part.logical:
            raise refusal(node.col_offset, tr("a comparison such as (a > 0) is needed; put it in brackets"))


def _unknown(node: ast.Name) -> Refused:
    known = ", ".join(_FUNCTIONS)
    return refusal(
        node.col_offset,
        tr("“{name}” is unknown; there are a, b, c, d and the functions {functions}", name=node.id, functions=known),
    )


class _Signs(ast.NodeTransformer):
    """Writes negative numbers as such, so that brackets are set around them where they are needed."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)) or node.value >= 0:
            return node
        return ast.UnaryOp(ast.USub(), ast.Constant(-node.value))


def _numpy_call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load()), list(arguments), [])


def _evaluate(node: Any, values: Mapping[str, Any]) -> Any:
    """Return what an allowed tree makes of arrays."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.UnaryOp):
        inner = _evaluate(node.operand, values)
        return ~inner if isinstance(node.op, ast.Invert) else -inner
    if isinstance(node, ast.BinOp):
        rule = (_ARITHMETIC | _LOGIC)[type(node.op)]
        return rule(_evaluate(node.left, values), _evaluate(node.right, values))
    if isinstance(node, ast.Compare):
        return _COMPARISONS[type(node.ops[0])](_evaluate(node.left, values), _evaluate(node.comparators[0], values))
    return getattr(np, node.func.attr)(*(_evaluate(one, values) for one in node.args))
