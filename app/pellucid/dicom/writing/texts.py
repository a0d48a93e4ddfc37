"""What the value representations of DICOM hold (PS3.5 6.2): lengths, forbidden characters, names, numbers, UIDs."""

from __future__ import annotations

import unicodedata
from uuid import uuid4

SHORT, LONG, TEXT = 16, 64, 1024
"""How many characters SH, LO and ST hold; no more bytes are written either."""


def new_uid() -> str:
    """Return a UID that nobody has used: made of a random number (PS3.5 B.2)."""
    return f"2.25.{uuid4().int}"


def line(text: str, most: int = LONG) -> str:
    """Return a text for SH, LO or CS: one line without backslash and control characters, cut at ``most``."""
    kept = "".join(" " if c == "\\" or unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return _cut(" ".join(kept.split()), most)


def paragraph(text: str, most: int = TEXT) -> str:
    """Return a text for ST: lines are kept, other control characters are not; cut at ``most``."""
    kept = "".join(c if c == "\n" or unicodedata.category(c) != "Cc" else " " for c in text)
    return _cut(kept.strip(), most)


def person(name: str) -> str:
    """Return a name for PN: ``family, given`` or ``family^given``, each group at most 64 characters."""
    parts = name.split(",") if "^" not in name else name.split("^")
    whole = "^".join(line(part).replace("=", " ") for part in parts[:5])
    return whole.encode()[:LONG].decode(errors="ignore").rstrip("^ ")


def decimal(value: float) -> str:
    """Return a number as a decimal string of at most 16 characters (PS3.5 6.2), as exact as that allows."""
    for digits in range(17, 5, -1):
        text = f"{float(value):.{digits}g}"
        if len(text) <= 16:
            return text
    return f"{float(value):.6g}"


def exact_decimal(value: float) -> str:
    """Return a number as a decimal string that reads back as the same number, where 16 characters can hold it.

    What was read from a decimal string always can.
    """
    text = repr(float(value)).removesuffix(".0")
    if len(text) > 16:
        text = text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text
    return text if len(text) <= 16 else decimal(value)


def _cut(text: str, most: int) -> str:
    """Cut a text and show that something is missing; bytes count, for that is what strict readers count."""
    if len(text.encode()) <= most:
        return text
    return text.encode()[: most - 3].decode(errors="ignore").rstrip() + "..."
