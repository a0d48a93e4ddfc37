"""Export images, labels and pictures: say what is lost, write beside, read back, compare, rename.

Nothing is cast silently: pixels go out in the type they have, or the export is refused with a sentence. No
metadata but geometry and type is written (hazard H33).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.files.evening import evened
from pellucid.files.formats import FORMATS, Exported, Format, format_of, frames_of, losses, obstacle
from pellucid.files.grids import from_spacing
from pellucid.files.label_tables import to_json
from pellucid.files.raw import IsCancelled, Progress
from pellucid.files.texts import write_text
from pellucid.files.time_steps import time_step
from pellucid.files.verified import write_verified
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.labels import Label, LabelMap, Status
from pellucid.model.volume import Volume

__all__ = [
    "FORMATS", "Report", "evened", "export_image", "export_labels", "export_picture", "export_slice",
    "format_of",
    "losses", "obstacle",
]  # fmt: skip

_TERMINOLOGY = "Segmentation category and type - DICOM master list"
_ANATOMY = "Anatomic codes - DICOM master list"


@dataclass(frozen=True)
class Report:
    """What an export did; ``lossless`` when what was read back equals what was given."""

    path: Path
    sentences: tuple[str, ...]
    lossless: bool
    beside: Path | None = None
    """The file with the label names, for formats that cannot hold them."""


def export_image(
    image: Exported,
    path: Path,
    *,
    accept_loss: bool = True,
    progress: Progress = lambda _: None,
    cancelled: IsCancelled = lambda: False,
) -> Report:
    """Write a volume, or the frames of one, in the format of the path's extension.

    Raises Refused with a sentence when the format cannot hold it, when something would be lost and
    ``accept_loss`` is False, or when writing or reading back fails; the file that was there is then
    unchanged.
    """
    return _exported(image, Path(path), {}, accept_loss, progress, cancelled)


def export_labels(
    labels: LabelMap,
    path: Path,
    *,
    accept_loss: bool = True,
    progress: Progress = lambda _: None,
    cancelled: IsCancelled = lambda: False,
) -> Report:
    """Write label values in the type they have, and the label table.

    NRRD carries the table in 3D Slicer's segmentation fields (named ``….seg.nrrd`` Slicer opens it as one);
    beside every other format a file ``NAME.labels.json`` holds the table of labels.
    """
    path = Path(path)
    pairs = slicer_fields(labels) if format_of(path).name == "NRRD" else {}
    report = _exported(labels, path, pairs, accept_loss, progress, cancelled)
    if pairs or not labels.labels:
        return report
    side = path.with_name(_stem(path) + ".labels.json")
    write_text(side, to_json(labels.labels))
    said = tr("The names of the labels are in {name} beside it.", name=side.name)
    return Report(report.path, (*report.sentences, said), report.lossless, side)


def export_slice(
    array: NDArray[Any],
    path: Path,
    *,
    window: tuple[float, float] | None = None,
    spacing: tuple[float, float] | None = None,
) -> Report:
    """Write one slice (rows, columns[, c]) as it lies on the screen.

    With a ``window`` (low, high) it becomes 8-bit grey as shown; pixels that are not square (``spacing`` =
    distance of columns, of rows, in mm) are made so. Without a window the true values are written, to PNG or
    TIFF: PNG holds whole numbers from 0 to 65,535, TIFF also negative numbers and, in their own type,
    fractions. Anything else is refused.
    """
    path, form = Path(path), format_of(path)
    if window is not None or array.ndim == 3:
        shown = array if window is None else _windowed(array, *window)
        return export_picture(_square(shown, spacing), path)
    if form.name not in ("PNG", "TIFF"):
        raise Refused(
            tr("{name} cannot hold true values of a slice. Choose PNG or TIFF, or export it as shown.", name=form.name)
        )
    values = _in_16_bits(array, form)
    known = spacing or (None, None)
    grid = from_spacing(path, (array.shape[1], array.shape[0], 1), (*known, None))
    write_verified(path, form, [values[np.newaxis]], grid, {})
    return Report(
        path,
        (tr("{name} holds the true values as {type}; read back identical.", name=path.name, type=values.dtype.name),),
        True,
    )


def export_picture(pixels: NDArray[np.uint8], path: Path) -> Report:
    """Write an 8-bit picture (rows, columns[, 3 or 4]), such as a view, to PNG, JPEG or TIFF."""
    path, form = Path(path), format_of(path)
    if form.name not in ("PNG", "JPEG", "TIFF"):
        raise Refused(tr("{name} is not for pictures. Choose PNG, JPEG or TIFF.", name=form.name))
    if pixels.dtype != np.uint8:
        raise Refused(
            tr("A picture has 8 bits, and these pixels are {name}. Choose a window first.", name=pixels.dtype.name)
        )
    if pixels.ndim == 3 and pixels.shape[2] == 4 and not form.alpha:
        pixels = pixels[..., :3]
    grid = from_spacing(path, (pixels.shape[1], pixels.shape[0], 1), (None, None, None))
    difference = write_verified(path, form, [pixels[np.newaxis]], grid, {})
    said = tr("{name} was read back identical.", name=path.name)
    if difference:
        said = tr(
            "{name} was read back; the largest difference is {difference} of 255 levels (lossy format).",
            name=path.name,
            difference=difference,
        )
    return Report(path, (said,), not difference)


def slicer_fields(labels: LabelMap) -> dict[str, str]:
    """Return the label table as 3D Slicer's key/value pairs of a .seg.nrrd file."""
    x, y, z = (n - 1 for n in labels.geometry.size)
    fields = {
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
    }
    for n, row in enumerate(labels.labels):
        red, green, blue = (int(row.color[k : k + 2], 16) / 255 for k in (1, 3, 5))
        fields |= {
            f"Segment{n}_ID": f"Segment_{row.value}", f"Segment{n}_Name": row.name,
            f"Segment{n}_Color": f"{red!r} {green!r} {blue!r}", f"Segment{n}_LabelValue": str(row.value),
            f"Segment{n}_Layer": "0", f"Segment{n}_Extent": f"0 {x} 0 {y} 0 {z}",
        }  # fmt: skip
        if tags := slicer_tags(row):
            fields[f"Segment{n}_Tags"] = tags
    return fields


def slicer_tags(row: Label) -> str:
    """Return what 3D Slicer keeps of a segment besides name and colour: the code as terminology entry, the status."""
    tags = []
    if row.code is not None:
        code = "^".join(re.sub(r"[\^~|]", " ", part) for part in (row.code.scheme, row.code.value, row.code.meaning))
        tags.append(f"TerminologyEntry:{_TERMINOLOGY}~SCT^123037004^Anatomical Structure~{code}~^^~{_ANATOMY}~^^~^^|")
    if row.status is not Status.NOT_STARTED:
        tags.append(f"Segmentation.Status:{row.status.replace(' ', '')}|")
    return "".join(tags)


def _stem(path: Path) -> str:
    extension = next(e for e in format_of(path).extensions if path.name.lower().endswith(e))
    return path.name[: -len(extension)]


def _exported(
    image: Exported,
    path: Path,
    pairs: dict[str, str],
    accept_loss: bool,
    progress: Progress,
    cancelled: IsCancelled,
) -> Report:
    form = format_of(path)
    blocked = obstacle(image, form)
    if blocked:
        raise Refused(tr("{name} was not written. {blocked}", name=path.name, blocked=blocked))
    lost = losses(image, form)
    if lost and not accept_loss:
        raise Refused(
            tr(
                "{name} was not written, because something would be lost. {losses}",
                name=path.name,
                losses=" ".join(lost),
            )
        )
    frames, geometry = frames_of(image)
    step, uneven = (None, "") if isinstance(image, LabelMap | Volume) else time_step(image)
    difference = write_verified(path, form, frames, geometry, pairs, progress, cancelled, step)
    if difference:
        said = tr("{name} was read back: values differ by up to {difference}.", name=path.name, difference=difference)
    elif lost:
        said = tr("{name} was read back: all values are identical. What was lost:", name=path.name)
    else:
        said = tr("{name} is verified and lossless: values and geometry read back identical.", name=path.name)
    uneven = uneven if form.name == "NIfTI" else ""
    return Report(path, (said, *lost, *filter(None, [uneven])), not lost and not difference)


def _windowed(array: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    scaled = (array.astype(np.float64) - low) / ((high - low) or 1.0)
    return np.asarray(np.clip(np.nan_to_num(scaled), 0.0, 1.0) * 255.0 + 0.5, dtype=np.uint8)


def _square(pixels: NDArray[Any], spacing: tuple[float, float] | None) -> NDArray[Any]:
    """Enlarge along the coarser axis until pixels are square, linear between them."""
    if spacing is None or abs(spacing[0] - spacing[1]) < 0.01 * min(spacing):
        return pixels
    from scipy.ndimage import zoom

    step = min(spacing)
    factors = (spacing[1] / step, spacing[0] / step) + (1.0,) * (pixels.ndim - 2)
    return np.asarray(zoom(pixels, factors, order=1, grid_mode=True, mode="nearest"))


def _in_16_bits(array: NDArray[Any], form: Format) -> NDArray[Any]:
    """Return the values in the narrowest type of 8 or 16 bits that holds them all; refuse when there is
    none.
    """
    low, high = array.min(), array.max()
    if array.dtype.kind == "f":
        if form.name == "TIFF":
            return array
        if not np.isfinite([low, high]).all() or np.any(array != np.rint(array)):
            raise Refused(
                tr("The slice has fractions, and PNG holds whole numbers. Choose TIFF, or export it as shown.")
            )
    signed = (np.int8, np.int16) if form.name == "TIFF" else ()
    kept = [array.dtype.type] if array.dtype in (np.uint8, np.uint16, *signed) else []
    for dtype in (*kept, np.uint16, *signed[1:]):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return array.astype(dtype)
    reach = tr("0 to 65,535") if form.name == "PNG" else tr("−32,768 to 65,535")
    said = tr(
        "The slice holds values from {low:g} to {high:g}; 16-bit {name} holds {reach}.",
        low=low,
        high=high,
        name=form.name,
        reach=reach,
    )
    way_out = tr("Choose TIFF, or export it as shown.")
    if form.name != "PNG":
        way_out = tr("Export it as shown, or the whole volume.")
    raise Refused(f"{said} {way_out}")
