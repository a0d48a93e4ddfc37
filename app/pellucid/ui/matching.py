"""How well a name fits what somebody types: beginnings before middles, middles before scattered letters. No Qt."""

from __future__ import annotations

import unicodedata

_EXACT, _START, _WORD, _INSIDE, _INITIALS, _SCATTERED = 100.0, 80.0, 60.0, 40.0, 30.0, 10.0
ELSEWHERE = 0.4
"""The share that counts of a match in the words around a title: its menu, its keys, its synonyms."""


def fit(query: str, title: str, around: str = "") -> float | None:
    """Return how well every word of a query fits a title or the words around it; None where one does not at all.

    Case, accents and the marks of menus do not count. Among equals shorter titles win.
    """
    words = plain(query).split()
    name, rest = plain(title), plain(around)
    total, named = 0.0, False
    for word in words:
        there = _fit_word(word, name, scattered=True)
        near = _fit_word(word, rest, scattered=False)
        best = max(there or 0.0, ELSEWHERE * (near or 0.0))
        if not best:
            return None
        total += best
        named = named or bool(there)
    if words and name == " ".join(words):
        total += _EXACT
    return total - (0.01 * len(name) if named else 0.0)


def plain(text: str) -> str:
    """Return a text in small letters without accents and without marks of menus."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c)).replace("&", "").replace("…", "")


def _fit_word(word: str, name: str, *, scattered: bool) -> float | None:
    if name.startswith(word):
        return _START
    tokens = _tokens(name)
    if any(token.startswith(word) for token in tokens):
        return _WORD
    if word in name:
        return _INSIDE
    if not scattered or len(word) < 2:
        return None
    if "".join(token[0] for token in tokens).startswith(word):
        return _INITIALS
    return _scattered(word, name)


def _tokens(name: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in name).split()


def _scattered(word: str, name: str) -> float | None:
    """Fit letters in their order with gaps; the closer they stand, the better, and never across most of the name."""
    place, first, gaps = -1, -1, 0
    for letter in word:
        found = name.find(letter, place + 1)
        if found < 0:
            return None
        if place >= 0:
            gaps += found - place - 1
        else:
            first = found
        place = found
    starts = first == 0 or not name[first - 1].isalnum()
    return max(_SCATTERED - gaps, 1.0) if starts and gaps <= 2 * len(word) else None
