"""What a user typed becomes a question: words, fields, dates and ranges. Nothing that is typed is ever an error.

``chest ct`` finds studies with both beginnings somewhere; ``name:doe``, ``modality:CT``, ``accession:77`` look in one
place; ``2024``, ``2024-03``, ``2024-03-01`` and ``2023..2024`` are dates. Every word goes to FTS5 in quotes.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST, MOST_WORDS = 300, 16
FIELDS = {
    "name": "name", "patient": "name", "id": "id", "description": "description", "desc": "description",
    "series": "description", "study": "description", "date": "date", "modality": "modality", "mod": "modality",
    "accession": "accession", "acc": "accession", "body": "body", "part": "body",
}  # fmt: skip
FIRST_DAY, LAST_DAY = 0, 99991231
_TOKEN = re.compile(r"[^\W_]+")
_DATE = r"(\d{4})(?:-?(\d{2})(?:-?(\d{2}))?)?"
_RANGE = re.compile(rf"(?:{_DATE})?(?:\.\.|…)(?:{_DATE})?")
_DASHED = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_APART = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})


@dataclass(frozen=True)
class Question:
    """``match`` is for FTS5 (``""``: everything); days, as 20240131, are both included."""

    match: str = ""
    first: int = FIRST_DAY
    last: int = LAST_DAY


def folded(text: str) -> str:
    """Return a text without case, accents and marks: how it is kept and how it is asked for."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_APART))
    return "".join(sign for sign in apart if not unicodedata.combining(sign) and sign.isprintable())


def question(typed: str, modality: str = "", first: int = FIRST_DAY, last: int = LAST_DAY) -> Question:
    """Return what was typed as a question, limited to a modality and to days."""
    parts: list[str] = []
    for word in typed.split()[:MOST_WORDS]:
        days = _days(word[:LONGEST])
        if days is not None:
            first, last = max(first, days[0]), min(last, days[1])
        elif part := _part(word[:LONGEST]):
            parts.append(part)
    if modality:
        parts.extend(_phrase(modality, "modality", whole=True))
    return Question(" AND ".join(parts), first, last)


def _part(word: str) -> str:
    """Return one word as a part of the question, ``""`` when there is nothing to ask for in it."""
    field, colon, rest = word.partition(":")
    column = FIELDS.get(field.lower(), "") if colon else ""
    text = rest if column else word
    found = _phrase(text, column)
    if not found:
        return ""
    dashed = _DASHED.fullmatch(text)
    if dashed and column in ("", "date"):
        day = "".join(group or "" for group in dashed.groups())
        return f'({found[0]} OR date : "{day}" *)' if not column else f'date : "{day}" *'
    return found[0]


def _phrase(text: str, column: str, whole: bool = False) -> list[str]:
    tokens = _TOKEN.findall(folded(text))
    if not tokens:
        return []
    phrase = f'"{" ".join(tokens)}"' + ("" if whole else " *")
    return [f"{column} : {phrase}" if column else phrase]


def _days(word: str) -> tuple[int, int] | None:
    """Return the first and the last day of a range such as ``2023..2024``, ``2023-05..`` or ``..2024``."""
    text = word[5:] if word.lower().startswith("date:") else word
    found = _RANGE.fullmatch(text)
    if found is None or text in ("..", "…"):
        return None
    begin, end = found.groups()[:3], found.groups()[3:]
    first = int((begin[0] or "0000") + (begin[1] or "00") + (begin[2] or "00"))
    last = int((end[0] or "9999") + (end[1] or "99") + (end[2] or "99"))
    return first, last
