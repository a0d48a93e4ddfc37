"""How an image came about: in words, and in the codes of PS3.16 CID 7203."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pellucid.dicom.writing.texts import paragraph

if TYPE_CHECKING:
    from pydicom import Dataset

_CODES = (
    ("smoothing.gaussian", "113088", "Gaussian blur"), ("smoothing.", "113087", "Smoothing"),
    ("edges.unsharp", "113089", "Unsharp mask"), ("edges.", "113086", "Edge enhancement"),
    ("arithmetic.add", "113042", "Pixel by pixel addition"),
    ("arithmetic.subtract", "113062", "Pixel by pixel subtraction"),
    ("arithmetic.multiply", "113053", "Pixel by pixel multiplication"),
    ("arithmetic.divide", "113046", "Pixel by pixel division"),
    ("masks.", "113047", "Pixel by pixel mask"), ("geometry.", "113085", "Spatial resampling"),
    ("registration.", "125027", "Deformed for Registration"), ("threshold.", "113076", "Segmentation"),
    ("hand.edit", "113077", "Volume editing"),
)  # fmt: skip
"""Beginnings of the names of operations, the first that fits counts."""


def describe(dataset: Dataset, steps: Sequence[str], operations: Sequence[str]) -> None:
    """Say in words and codes what was done to the source."""
    if steps:
        dataset.DerivationDescription = paragraph("; ".join(steps))
    codes = dict.fromkeys(code for name in operations if (code := _code(name)) is not None)
    if codes:
        dataset.DerivationCodeSequence = [coded(*code) for code in codes]


def _code(operation: str) -> tuple[str, str, str] | None:
    return next((("DCM", value, meaning) for start, value, meaning in _CODES if operation.startswith(start)), None)


def coded(scheme: str, value: str, meaning: str) -> Dataset:
    """Return the item of a code sequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item
