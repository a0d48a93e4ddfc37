"""From the text of a formula to Python's own tree of it, and where in the text something is wrong."""

from __future__ import annotations

import ast
import re

from pellucid.language import tr
from pellucid.operations.context import Refused

_LONGEST = 500  # characters
_CHARACTERS = re.compile(r"[\w\s.,+\-*/%<>=!&|~()]*", re.ASCII)
_GLUED_NUMBER = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![eE][+-]?\d)[A-Za-z_]", re.ASCII)
_SINGLE_EQUALS = re.compile(r"(?<![<>=!])=(?!=)")


def python_tree(text: str) -> ast.expr:
    """Return Python's own tree of a text of harmless characters; columns in it count from the start of the text."""
    if len(text) > _LONGEST:
        raise Refused(tr("The expression is longer than {count} characters; split it into steps.", count=_LONGEST))
    fine = _CHARACTERS.match(text)
    good = fine.end() if fine else 0
    if good < len(text):
        hint = tr("use ** for powers") if text[good] == "^" else tr("“{what}” has no meaning here", what=text[good])
        raise refusal(good, hint)
    glued = _GLUED_NUMBER.search(text)
    if glued:
        raise refusal(glued.end() - 1, tr("an operator is missing after the number"))
    single = _SINGLE_EQUALS.search(text)
    if single:
        raise refusal(single.start(), tr("use == to compare"))
    if not text.strip():
        raise Refused(tr("The expression is empty; write one such as a * 2 + b."))
    try:
        line = re.sub(r"\s", " ", text)
        blank = len(line) - len(line.lstrip())
        return _shifted(ast.parse(line.lstrip(), mode="eval").body, blank)
    except SyntaxError as error:
        last = len(text.rstrip()) - 1
        place = min(error.offset - 1 + blank, last) if error.offset else last
        raise refusal(place, tr("the expression cannot be understood here")) from None
    except (ValueError, RecursionError, MemoryError):
        raise Refused(tr("The expression is nested too deeply; split it into steps.")) from None


def _shifted(tree: ast.expr, columns: int) -> ast.expr:
    for node in ast.walk(tree):
        if hasattr(node, "col_offset"):
            node.col_offset += columns
    return tree


def refusal(column: int, what: str) -> Refused:
    """Return the refusal of what stands at a place of the text, counted from 0."""
    return Refused(tr("Column {column} of the expression: {what}.", column=column + 1, what=what))
