"""Turn the bytes of wanted elements into numbers and text, forgiving what scanners get wrong.

Source: PS3.5 section 6.2 (value representations) and 6.1 (character repertoires). Runs inside a worker.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from pellucid.dicom.elements import Elements

_CHARACTER_SET = 0x00080005
_ESCAPE = b"\x1b"
_TEXT_LIMIT = 4096
_DELIMITERS = {ord(character) for character in "\\^="}


class Values:
    """Read access to the values of one data set or item; what is missing or unreadable is None or empty."""

    def __init__(self, elements: Elements, charsets: list[str] | None = None) -> None:
        self._elements = elements
        self.order = "<" if elements.encoding.little else ">"
        self.charsets = self._python_charsets() if charsets is None else charsets

    def __contains__(self, tag: int) -> bool:
        return tag in self._elements.values or tag in self._elements.sequences

    def raw(self, tag: int) -> bytes:
        """Return a value as it is written."""
        return self._elements.values.get(tag, b"")

    def items(self, tag: int) -> list[Values]:
        """Return the items of a sequence."""
        return [Values(item, self.charsets) for item in self._elements.sequences.get(tag, ())]

    def item(self, tag: int) -> Values | None:
        """Return the first item of a sequence, or None."""
        items = self._elements.sequences.get(tag)
        return Values(items[0], self.charsets) if items else None

    def code(self, tag: int) -> str:
        """Return plain ASCII text: a UID, a code string, a date."""
        return self.raw(tag)[:_TEXT_LIMIT].decode("ascii", "replace").strip(" \0")

    def codes(self, tag: int) -> list[str]:
        """Return the values of a multi-valued code string."""
        text = self.code(tag)
        return [part.strip() for part in text.split("\\")] if text else []

    def text(self, tag: int, limit: int = _TEXT_LIMIT) -> str:
        """Return text in the character set the file states, at most ``limit`` bytes of it."""
        raw = self.raw(tag)[:limit]
        if raw.isascii() and _ESCAPE not in raw:
            return raw.decode("ascii").strip(" \0")
        from pydicom.charset import decode_bytes

        try:
            return str(decode_bytes(raw, self.charsets or ["iso8859"], _DELIMITERS)).strip(" \0")
        except (LookupError, UnicodeError, ValueError):
            return raw.decode("utf-8", "replace").strip(" \0")

    def name(self, tag: int) -> str:
        """Return a person's name for people: ``Family, Given Middle (ideographic)``."""
        groups = [_person(group) for group in self.text(tag).split("=")[:2]]
        first, *others = [group for group in groups if group] or [""]
        return f"{first} ({others[0]})" if others else first

    def numbers(self, tag: int) -> list[float]:
        """Return the finite numbers of a decimal or integer string."""
        found = []
        for part in self.code(tag).replace(",", ".").split("\\"):
            try:
                number = float(part)
            except ValueError:
                return []
            if not math.isfinite(number):
                return []
            found.append(number)
        return found

    def number(self, tag: int) -> float | None:
        """Return the first number of a decimal or integer string, or None."""
        numbers = self.numbers(tag)
        return numbers[0] if numbers else None

    def integer(self, tag: int) -> int | None:
        """Return the first number of an integer string as an int, or None."""
        number = self.number(tag)
        return None if number is None else int(number)

    def unsigned(self, tag: int) -> int | None:
        """Return the first value of an US or UL element, or None."""
        values = self.binary(tag, {2: "H", 4: "I"}.get(len(self.raw(tag)), "H"))
        return int(values[0]) if values else None

    def binary(self, tag: int, kind: str) -> list[Any]:
        """Return the values of a binary element; ``kind`` is a struct letter (``H h I i f d``)."""
        raw, size = self.raw(tag), struct.calcsize(kind)
        return list(struct.unpack_from(f"{self.order}{len(raw) // size}{kind}", raw)) if len(raw) >= size else []

    def double(self, tag: int) -> float | None:
        """Return the first finite value of an FD element, or None."""
        values = self.binary(tag, "d")
        return float(values[0]) if values and math.isfinite(values[0]) else None

    def _python_charsets(self) -> list[str]:
        names = self._elements.values.get(_CHARACTER_SET, b"").decode("ascii", "replace").strip(" \0")
        if not names or names in ("ISO_IR 100", "ISO_IR 6"):
            return ["iso8859"]
        if names == "ISO_IR 192":
            return ["utf8"]
        from pydicom.charset import convert_encodings

        try:
            return list(convert_encodings([name.strip() for name in names.split("\\")]))
        except (LookupError, ValueError):
            return ["iso8859"]


def _person(group: str) -> str:
    family, *given = [part.strip() for part in group.split("^")]
    return ", ".join(part for part in (family, " ".join(name for name in given if name)) if part)
