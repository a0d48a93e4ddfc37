"""A second look: do identifiers of the original occur anywhere in what was written?

It knows nothing of the profile: it takes names and numbers out of the original and looks for their bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pellucid.dicom.deidentify import dummies

if TYPE_CHECKING:
    from pydicom import Dataset

_NAMES = (0x00100010, 0x00080090, 0x00081050, 0x00081070, 0x00081048, 0x00101001, 0x00101005, 0x00101060)
_NUMBERS = (0x00100020, 0x00080050, 0x00101000, 0x00101040, 0x00102154)
_SHORTEST_NAME, _SHORTEST_NUMBER = 4, 5


def words_of(dataset: Dataset) -> frozenset[str]:
    """Return the words of names and numbers of a data set that may identify somebody, in lower case."""
    found = set()
    for tag in (*_NAMES, *_NUMBERS):
        if tag in dataset:
            try:
                found.update(re.split(r"[\s^=,;.\\]+", str(dataset[tag].value).casefold()))
            except Exception:  # noqa: S112 - what cannot be read is removed anyway
                continue
    return frozenset(found - {""})


def telling(words: frozenset[str]) -> frozenset[str]:
    """Return the words that are long and rare enough to be looked for."""
    return frozenset(
        word for word in words
        if len(word) >= (_SHORTEST_NUMBER if any(c.isdigit() for c in word) else _SHORTEST_NAME)
        and not dummies.known_words(word) and word not in ("anonymous", "removed", "unknown", "none", "test", "patient")
    )  # fmt: skip


def count_in(data: bytes, words: frozenset[str]) -> int:
    """Return how many of the words occur in the bytes of a header, as a word of its own."""
    lower = data.lower()
    return sum(any(re.search(_bounded(form), lower) for form in _encoded(word)) for word in telling(words))


def _bounded(form: bytes) -> bytes:
    return rb"(?<![0-9a-z.])" + re.escape(form) + rb"(?![0-9a-z.])"


def _encoded(word: str) -> set[bytes]:
    return {word.encode(code, "replace") for code in ("utf-8", "latin-1")}
