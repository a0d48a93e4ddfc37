"""A picture of a series to look for burned-in text: the brightest of its frames. Runs in a worker."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.headers import read_record
from pellucid.dicom.pixels import decode
from pellucid.dicom.records import PixelLayout
from pellucid.language import tr
from pellucid.model.findings import Refused

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
    try:
        record = read_record(path)
        layout = record.pixels if record is not None else None
        if layout is None:
            raise Refused(tr("The pixels of this file cannot be shown."))
        if layout.rows * layout.columns > _MOST_PIXELS:
            raise Refused(tr("This picture is too large to be shown here."))
        return np.asarray(np.maximum.reduce([_frame(path, layout, number) for number in _numbers(layout.frames)]))
    except (Refused, MemoryError):
        raise
    except Exception:
        raise Refused(tr("The pixels of this file cannot be shown.")) from None


def _numbers(count: int) -> list[int]:
    return sorted({round(n) for n in np.linspace(0, count - 1, min(count, _MOST_FRAMES))})


def _frame(path: Path, layout: PixelLayout, number: int) -> NDArray[np.uint8]:
    """Return a frame from its darkest to its brightest value, colours as they are."""
    _, (frames,) = decode({"path": str(path), "layout": asdict(layout), "frames": [number]})
    array = frames[0]
    if array.ndim == 3:
        return np.asarray(array if array.dtype == np.uint8 else array >> 8, np.uint8)
    values = np.nan_to_num(array.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    shown = ((values - low) * (255.0 / (high - low or 1.0))).astype(np.uint8)
    return np.asarray(255 - shown if layout.photometric == "MONOCHROME1" else shown)
