"""Write beside the target, read back, compare every byte and the geometry, only then rename (hazard H26)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.child import Cancelled
from pellucid.files import metaimage, nifti, nrrd, picture_writers, pictures, tiff, writers
from pellucid.files.formats import Format
from pellucid.files.grids import from_spacing
from pellucid.files.limits import trusting
from pellucid.files.raw import IsCancelled, Progress, load
from pellucid.files.safe_write import replacing
from pellucid.files.writers import Frames
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry

_PARSERS = {"NIfTI": nifti.parse, "NRRD": nrrd.parse, "MetaImage": metaimage.parse}
_CLOSE_MM = 1e-3


def write_verified(
    path: Path,
    form: Format,
    frames: Frames,
    geometry: Geometry,
    pairs: dict[str, str],
    progress: Progress = lambda _: None,
    cancelled: IsCancelled = lambda: False,
    step: float | None = None,
) -> float:
    """Write, read back and compare, then rename; return the largest difference of values (0 unless lossy).

    ``step`` is the time between frames in s, which NIfTI keeps.
    """
    timed = step is not None and form.name == "NIfTI"
    nbytes = sum(frame.nbytes for frame in frames)
    with replacing(path, needs=nbytes // 10 if form.packed else nbytes) as temporary:
        WRITERS[form.extensions[0]](temporary, frames, geometry, pairs, **({"step": step} if timed else {}))
        progress(0.6)
        if cancelled():
            raise Cancelled
        try:
            with trusting(temporary):
                back, grid = _read_back(temporary, form)
        except Refused as refusal:
            raise _differs(path) from refusal
        difference = _largest_difference(frames, back) if form.lossy else 0.0 if _same(frames, back) else np.inf
        if not np.isfinite(difference) or not _same_place(geometry, grid, form):
            raise _differs(path)
        if timed and not _same_step(temporary, step):
            raise _differs(path)
        if cancelled():
            raise Cancelled
    progress(1.0)
    return difference


def _same_step(path: Path, step: float | None) -> bool:
    """Return whether the time between frames came back, in the precision of its header."""
    back = nifti.parse(path).step
    return back is not None and step is not None and abs(back - step) <= 1e-6 * step


def _differs(path: Path) -> Refused:
    said = tr(
        "{name} was not kept: what was written does not read back the same, so the disk or the program is at fault. "
        "Try another folder.",
        name=path.name,
    )
    return Refused(" ".join((said, tr("The file that was there is unchanged."))) if path.exists() else said)


Writer = Callable[..., None]
"""Takes path, frames, geometry, pairs and, where it was asked for, ``step``."""


def _stream(write: Callable[..., None], *, table: bool = False) -> Writer:
    def run(path: Path, frames: Frames, geometry: Geometry, pairs: dict[str, str], **more: float) -> None:
        with path.open("xb") as file:
            write(file, frames, geometry, **({"pairs": pairs} if table else {}), **more)

    return run


WRITERS: dict[str, Writer] = {
    ".nii": _stream(writers.nifti),
    ".nii.gz": _stream(writers.nifti_gz),
    ".nrrd": _stream(writers.nrrd, table=True),
    ".mha": _stream(writers.metaimage),
    ".tif": _stream(picture_writers.tiff),
    ".png": lambda path, frames, _geometry, _pairs: picture_writers.png(path, frames[0][0]),
    ".jpg": lambda path, frames, _geometry, _pairs: picture_writers.jpeg(path, frames[0][0]),
}
"""How each format is written, by its first extension."""


def _read_back(path: Path, form: Format) -> tuple[NDArray[Any], Geometry]:
    """Read our own file again, in this process: it is not a stranger's."""
    if form.name in _PARSERS:
        raw = _PARSERS[form.name](path)
        return load(raw), raw.geometry
    if form.name == "TIFF":
        layout, (array,) = tiff.decode({"path": str(path)})
        return array, from_spacing(path, layout["size"], layout["spacing"])
    _, (array,) = pictures.decode({"path": str(path)})
    size = (array.shape[1], array.shape[0], 1)
    return array[np.newaxis, np.newaxis], from_spacing(path, size, (None, None, None))


def _same(frames: Frames, back: NDArray[Any]) -> bool:
    """Return whether every byte of every frame came back, in the same type."""
    if back.shape != (len(frames), *frames[0].shape) or back.dtype != frames[0].dtype:
        return False
    return all(
        np.array_equal(_bytes(old), _bytes(new))
        for frame, read in zip(frames, back, strict=True)
        for old, new in zip(frame, read, strict=True)
    )


def _bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _largest_difference(frames: Frames, back: NDArray[Any]) -> float:
    if back.shape != (len(frames), *frames[0].shape):
        return float("inf")
    return float(np.max(np.abs(frames[0].astype(np.int64) - back[0].astype(np.int64))))


def _same_place(written: Geometry, read: Geometry, form: Format) -> bool:
    """Return whether the geometry came back, as far as the format can hold it."""
    if written.size != read.size:
        return False
    if written.oriented and form.places:
        even = Geometry(written.size, written.spacing, written.origin, written.direction)
        return read.oriented and even.same_grid(read, _CLOSE_MM)
    pairs = zip(written.spacing, written.known_spacing, read.spacing, read.known_spacing, strict=True)
    checked = [(a, b) for a, known, b, stated in pairs if known and stated]
    return all(abs(a - b) <= 1e-6 * a for a, b in checked)
