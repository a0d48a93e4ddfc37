"""Write TIFF (with OME calibration), PNG and JPEG. No name, date or host is put into the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pellucid.files.writers import Frames, code
from pellucid.model.geometry import Geometry

OME_TYPES = {
    "u1": "uint8", "i1": "int8", "u2": "uint16", "i2": "int16", "u4": "uint32", "i4": "int32", "f4": "float",
    "f8": "double",
}  # fmt: skip
_JPEG_QUALITY = 92
_OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def tiff(file: BinaryIO, frames: Frames, geometry: Geometry) -> None:
    """Write a deflated TIFF with size, type and known spacing as OME; frames are time points."""
    import tifffile

    array = frames[0]
    stack = np.stack(frames)
    photometric = "rgb" if array.ndim == 4 else "minisblack"
    extra = {"extrasamples": ["unassalpha"]} if array.ndim == 4 and array.shape[3] == 4 else {}
    with tifffile.TiffWriter(file, bigtiff=stack.nbytes > 3 << 30) as out:
        out.write(
            stack, photometric=photometric, compression="zlib", metadata=None, software=False,
            description=ome(array, len(frames), geometry), **_resolution(geometry), **extra,
        )  # fmt: skip


def _resolution(geometry: Geometry) -> dict[str, Any]:
    if not geometry.has_lengths:
        return {}
    x, y, _ = geometry.spacing
    return {"resolution": (10 / x, 10 / y), "resolutionunit": "CENTIMETER"}


def ome(array: NDArray[Any], frames: int, geometry: Geometry) -> str:
    """Return the OME-XML of an image; it names nobody and carries no UUID."""
    x, y, z = geometry.size
    samples = array.shape[3] if array.ndim == 4 else 1
    steps = zip("XYZ", geometry.spacing, geometry.known_spacing, strict=True)
    sizes = "".join(f' PhysicalSize{a}="{s!r}" PhysicalSize{a}Unit="mm"' for a, s, known in steps if known)
    kind = OME_TYPES[code(array.dtype)]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{_OME}"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        f'DimensionOrder="XYCZT" Type="{kind}" SizeX="{x}" SizeY="{y}" SizeZ="{z}" SizeC="{samples}" SizeT="{frames}"'
        f'{sizes}><Channel ID="Channel:0:0" SamplesPerPixel="{samples}"/><TiffData/></Pixels></Image></OME>'
    )


def png(path: Path, pixels: NDArray[Any]) -> None:
    """Write a picture (y, x[, c]) of 8 or 16 bits."""
    import imagecodecs

    path.write_bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels)))


def jpeg(path: Path, pixels: NDArray[Any]) -> None:
    """Write a picture (y, x[, 3]) of 8 bits with quality 92 and full colour resolution."""
    from PIL import Image

    Image.fromarray(np.ascontiguousarray(pixels)).save(path, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
