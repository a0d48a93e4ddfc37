"""Pixels as cells of 8 or 16 bits: grey or RGB, one frame or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pydicom import Dataset


def put_cells(dataset: Dataset, cells: NDArray[Any], *, colour: bool, inverted: bool = False) -> None:
    """Store whole numbers ([frames,] rows, columns), with three values at the end for ``colour``.

    ``inverted`` grey values are shown with the low ones bright.
    """
    rows, columns = cells.shape[-3:-1] if colour else cells.shape[-2:]
    bits = cells.itemsize * 8
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME1" if inverted else "MONOCHROME2"
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(cells.dtype.kind == "i")
    data = np.ascontiguousarray(cells, cells.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OW" if bits == 16 else "OB"
