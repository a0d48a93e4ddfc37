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


_SPELLED = {"&": "and", "|": "or", "~": "not", "!": "not", "im": "a"}
_SIGNS = re.compile(r"&&?|\|\|?|~|!(?!=)|\bim\b", re.ASCII)


def python_tree(text: str, *, logic: bool = False) -> ast.expr:
    """Return Python's own tree of a text of harmless characters; columns in it count from the start of the text.

    With ``logic`` the signs & | ~ ! stand for and, or, not, which bind less than comparisons, and im for a.
    """
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
        spelled, columns = _spelled_out(line.lstrip()) if logic else (line.lstrip(), None)
        return _shifted(ast.parse(spelled, mode="eval").body, blank, columns)
    except SyntaxError as error:
        last = len(text.rstrip()) - 1
        offset = error.offset - 1 if error.offset else len(text)
        place = min((columns[min(offset, len(columns) - 1)] if columns else offset) + blank, last)
        raise refusal(place, tr("the expression cannot be understood here")) from None
    except (ValueError, RecursionError, MemoryError):
        raise Refused(tr("The expression is nested too deeply; split it into steps.")) from None


def _spelled_out(line: str) -> tuple[str, list[int]]:
    """Return a line with words for the signs of logic, and for each column of it the one it came from."""
    parts, columns, done = [], [], 0
    for sign in _SIGNS.finditer(line):
        word = _SPELLED[sign.group() if sign.group() == "im" else sign.group()[0]]
        word = word if sign.group() == "im" else f" {word} "
        parts += [line[done : sign.start()], word]
        columns += [*range(done, sign.start()), *([sign.start()] * len(word))]
        done = sign.end()
    spelled, places = "".join([*parts, line[done:]]), [*columns, *range(done, len(line) + 1)]
    return spelled.lstrip(), places[len(spelled) - len(spelled.lstrip()) :]


def _shifted(tree: ast.expr, blank: int, columns: list[int] | None) -> ast.expr:
    """Return a tree whose columns are those of the text that was written."""
    for node in ast.walk(tree):
        if hasattr(node, "col_offset"):
            node.col_offset = (columns[node.col_offset] if columns else node.col_offset) + blank
    return tree


def refusal(column: int, what: str) -> Refused:
    """Return the refusal of what stands at a place of the text, counted from 0."""
    return Refused(tr("Column {column} of the expression: {what}.", column=column + 1, what=what))
