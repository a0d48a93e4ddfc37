"""How an image came about: in words, and in the codes of PS3.16 CID 7203."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pellucid.dicom.writing.request import Request
from pellucid.dicom.writing.storing import Storing
from pellucid.dicom.writing.texts import paragraph
from pellucid.language import tr
from pellucid.model.layer import HAND_EDIT

if TYPE_CHECKING:
    from pydicom import Dataset

_MEANINGS = {
    "113042": "Pixel by pixel addition", "113046": "Pixel by pixel division", "113047": "Pixel by pixel mask",
    "113048": "Pixel by pixel Maximum", "113051": "Pixel by pixel Minimum", "113053": "Pixel by pixel multiplication",
    "113062": "Pixel by pixel subtraction", "113076": "Segmentation", "113077": "Volume editing",
    "113085": "Spatial resampling", "113086": "Edge enhancement", "113087": "Smoothing", "113088": "Gaussian blur",
    "113089": "Unsharp mask", "113090": "Image stitching",
}  # fmt: skip
_NONE = ""
_CODES = (
    ("smoothing.gaussian", "113088"), ("smoothing.minimum", _NONE), ("smoothing.maximum", _NONE),
    ("smoothing.", "113087"), ("denoising.", "113087"), ("noise.", _NONE),
    ("edges.unsharp", "113089"), ("edges.canny", _NONE), ("edges.", "113086"), ("features.", _NONE),
    ("kernels.", _NONE), ("frequency.low_pass", "113087"), ("frequency.high_pass", "113086"), ("frequency.", _NONE),
    ("intensity.", _NONE), ("normalise.", _NONE),
    ("arithmetic.add", "113042"), ("arithmetic.subtract", "113062"), ("arithmetic.absolute_difference", "113062"),
    ("arithmetic.multiply", "113053"), ("arithmetic.divide", "113046"), ("arithmetic.minimum", "113051"),
    ("arithmetic.maximum", "113048"), ("arithmetic.mask", "113047"), ("arithmetic.blend", _NONE),
    ("arithmetic.expression", _NONE), ("colour.", _NONE), ("stains.", _NONE),
    ("geometry.resample", "113085"), ("geometry.rotate", "113085"), ("geometry.straighten", "113085"),
    ("geometry.stitch", "113090"), ("geometry.crop", "113077"), ("geometry.black_out", "113077"), ("geometry.", _NONE),
    ("registration.", "113085"),
    ("threshold.", "113076"), ("regions.", "113076"), ("graph.", "113076"), ("watershed.", "113076"),
    ("objects.", "113076"), ("clusters.", "113076"), ("contours.", "113076"),
    ("masks.", _NONE), ("labels.resample", "113085"), ("labels.", _NONE), ("compare.", _NONE),
    (HAND_EDIT, "113077"),
)  # fmt: skip
"""Beginnings of the names of operations, the first that fits counts; none where the standard has no code for it.

Registration resamples in every case, but deforms only in some, and the names do not say in which.
"""


def describe(dataset: Dataset, request: Request, written: Sequence[str]) -> None:
    """Say in words and codes what was done to the source; ``written`` says what writing it did."""
    dataset.DerivationDescription = paragraph("; ".join((*request.steps, *written)))
    if codes := coded_steps(request.operations):
        dataset.DerivationCodeSequence = codes


def written_words(request: Request, storing: Storing | None, *, files: int, held: int = 1) -> list[str]:
    """Return what writing did to an image: to its values, and where no step was taken, how it lies in files.

    ``files`` is how many files there will be, ``held`` how many slices or frames each of them holds.
    """
    said = []
    if storing is not None and storing.error:
        said.append(tr("Values rounded to 16 bits, largest difference {error:.3g}", error=storing.error))
    if storing is not None and storing.holes:
        said.append(tr("Values that are no numbers became padding"))
    if request.steps:
        return said
    said = said or [tr("Values unchanged, encoded anew")]
    sources = request.origin.instances if request.origin is not None else ()
    if sources and files > len(sources):
        said.append(tr("Slices or frames split into files of their own"))
    elif sources and held > max(one.frames for one in sources):
        said.append(tr("Slices or frames of several files put together"))
    return said


def coded_steps(operations: Sequence[str]) -> list[Dataset]:
    """Return the codes of operations, each of them once."""
    values = dict.fromkeys(code_of(name) for name in operations)
    return [coded("DCM", value, _MEANINGS[value]) for value in values if value]


def code_of(operation: str) -> str | None:
    """Return the code of an operation, empty where the standard has none, None where nobody has looked for one."""
    return next((value for start, value in _CODES if operation.startswith(start)), None)


def processed() -> Dataset:
    """Return the code that is always true, for where one must be given."""
    return coded("DCM", "110001", "Image Processing")


def coded(scheme: str, value: str, meaning: str) -> Dataset:
    """Return the item of a code sequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item
