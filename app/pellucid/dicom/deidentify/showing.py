"""A picture of a series to look for burned-in text: the brightest of its frames. Runs in a worker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom import codecs
from pellucid.language import tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pydicom import Dataset

_MOST_FRAMES = 16
_MOST_PIXELS = 64 << 20


def picture(payload: dict[str, Any]) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Answer 8-bit grey (rows, columns) or RGB pixels: the brightest of ``payload["paths"]``. Raises Refused.

    Files of another size than the first, or that cannot be decoded, are passed over.
    """
    first = _brightest(Path(payload["paths"][0]))
    for path in payload["paths"][1:]:
        try:
            other = _brightest(Path(path))
        except Refused:
            continue
        if other.shape == first.shape:
            first = np.maximum(first, other)
    return {}, [first]


def _brightest(path: Path) -> NDArray[np.uint8]:
    from pydicom import dcmread

    try:
        dataset = dcmread(path)
        if int(dataset.Rows) * int(dataset.Columns) > _MOST_PIXELS:
            raise Refused(tr("This picture is too large to be shown here."))
        frames = [_frame(dataset, index) for index in _indices(int(dataset.get("NumberOfFrames", 1) or 1))]
    except Refused:
        raise
    except Exception:
        raise Refused(tr("The pixels of this file cannot be shown.")) from None
    return np.asarray(np.maximum.reduce(frames))


def _indices(count: int) -> list[int]:
    return sorted({round(n) for n in np.linspace(0, max(count, 1) - 1, min(max(count, 1), _MOST_FRAMES))})


def _frame(dataset: Dataset, index: int) -> NDArray[np.uint8]:
    """Return a frame from its darkest to its brightest value."""
    from pydicom.pixels.processing import apply_color_lut

    syntax = str(dataset.file_meta.TransferSyntaxUID)
    if reason := codecs.unreadable(syntax):
        raise Refused(reason[:1].upper() + reason[1:])
    if syntax in codecs.RETIRED_JPEG:
        from pydicom.encaps import get_frame

        count = int(dataset.get("NumberOfFrames", 1) or 1)
        picture = get_frame(dataset.PixelData, index, number_of_frames=count)
        array: NDArray[Any] = codecs.jpeg(picture, as_stored=False)
    else:
        plugin = "" if codecs.is_native(syntax) else codecs.plugin(syntax)
        array, _ = codecs.decoder(syntax).as_array(dataset, index=index, raw=False, decoding_plugin=plugin)
    kind = str(dataset.get("PhotometricInterpretation", ""))
    if kind == "PALETTE COLOR":
        array = apply_color_lut(array, dataset)
    if array.ndim == 3 and array.dtype == np.uint8:
        return np.ascontiguousarray(array[..., :3])
    values = array.astype(np.float32)
    low, high = float(values.min()), float(values.max())
    shown = ((values - low) * (255.0 / (high - low or 1.0))).astype(np.uint8)
    return 255 - shown if kind == "MONOCHROME1" else shown
