"""What a reader noticed about an image and the user must know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """A fact about an image, said in one plain sentence.

    ``code`` is stable and kebab-case (``missing-slices``), ``message`` is for people.
    """

    code: str
    message: str
    severity: Severity = "warning"


class Refused(Exception):
    """Raised when something cannot be done; the text tells people what, which file and what to do."""
