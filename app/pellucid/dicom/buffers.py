"""SimpleITK images whose memory is filled in place: a volume is never held twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.geometry import Geometry

if TYPE_CHECKING:
    import SimpleITK as sitk


class _Memory:
    """Hand NumPy the memory of an image nobody else has seen yet, together with the image itself."""

    def __init__(self, image: sitk.Image, view: NDArray[Any]) -> None:
        self.image = image
        interface = dict(view.__array_interface__)
        self.__array_interface__ = interface | {"data": (interface["data"][0], False)}


def allocate(geometry: Geometry, dtype: str, components: int = 1) -> tuple[sitk.Image, NDArray[Any]]:
    """Make an image of a grid and a writable (z, y, x[, c]) array of its pixels, which are 0.

    Write only before the image is shown to anybody: SimpleITK takes copies of an image to be equal forever.
    """
    import SimpleITK as sitk

    kinds = {
        "uint8": (sitk.sitkUInt8, sitk.sitkVectorUInt8), "int16": (sitk.sitkInt16, sitk.sitkVectorInt16),
        "uint16": (sitk.sitkUInt16, sitk.sitkVectorUInt16), "int32": (sitk.sitkInt32, sitk.sitkVectorInt32),
        "uint32": (sitk.sitkUInt32, sitk.sitkVectorUInt32), "float32": (sitk.sitkFloat32,
        sitk.sitkVectorFloat32), "float64": (sitk.sitkFloat64, sitk.sitkVectorFloat64),
        "int8": (sitk.sitkInt8, sitk.sitkVectorInt8), "int64": (sitk.sitkInt64, sitk.sitkVectorInt64),
        "uint64": (sitk.sitkUInt64, sitk.sitkVectorUInt64),
    }[dtype]  # fmt: skip
    if components > 1:
        image = sitk.Image(geometry.size, kinds[1], components)
    else:
        image = sitk.Image(geometry.size, kinds[0])
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(geometry.origin)
    image.SetDirection(geometry.direction)
    return image, np.asarray(_Memory(image, sitk.GetArrayViewFromImage(image)))
