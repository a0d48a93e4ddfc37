"""Lossless compression of the pixels that are written (PS3.5 A.4): smaller files, the same values.

Source: the encoders of pydicom with pyjpegls (JPEG-LS) and pylibjpeg-openjpeg (JPEG 2000).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pydicom import Dataset

NONE, RLE, JPEG_LS, JPEG_2000 = "none", "rle", "jpeg-ls", "jpeg-2000"
SYNTAXES = {RLE: "1.2.840.10008.1.2.5", JPEG_LS: "1.2.840.10008.1.2.4.80", JPEG_2000: "1.2.840.10008.1.2.4.90"}
"""Transfer syntaxes by the names that the command line uses."""
_SMALLEST = 32
"""Rows and columns that the encoder of JPEG 2000 needs, because it halves a picture five times."""
_TITLES = {RLE: "RLE", JPEG_LS: "JPEG-LS", JPEG_2000: "JPEG 2000"}


def check_size(rows: int, columns: int, how: str) -> None:
    """Refuse pictures that are too small for a compression."""
    if how == JPEG_2000 and min(rows, columns) < _SMALLEST:
        raise Refused(tr("JPEG 2000 takes pictures of at least {count} rows and columns. Choose another compression, "
                         "or none.", count=_SMALLEST))  # fmt: skip


def compress(dataset: Dataset, how: str) -> None:
    """Compress the pixels of a data set in place; floating-point pixels, which no syntax compresses, stay."""
    if how == NONE or "PixelData" not in dataset:
        return
    try:
        dataset.compress(SYNTAXES[how], generate_instance_uid=False)
    except (RuntimeError, ValueError, NotImplementedError, AttributeError):
        raise Refused(tr("The pixels cannot be compressed as {syntax}: there are too few of them, or they are nothing "
                         "but noise. Choose another compression, or none.", syntax=_TITLES[how])) from None  # fmt: skip
