"""Write labels as DICOM segmentation or structure set, and pictures as secondary capture: read back and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.child import Cancelled
from pellucid.dicom.writing.origin import read_origin
from pellucid.dicom.writing.request import Request
from pellucid.dicom.writing.segmentation import BINARY, check_labels, rows_written, segmentation
from pellucid.dicom.writing.series import plan_series
from pellucid.dicom.writing.structures import structure_set
from pellucid.files.dicom_export import differs, fill_folder, refuse_losses, space_for
from pellucid.files.export import Report
from pellucid.files.new_folder import new_folder, save
from pellucid.files.raw import IsCancelled, Progress
from pellucid.language import tr, tr_count
from pellucid.model.labels import Label, LabelMap
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pydicom import Dataset

SEG, RTSTRUCT = "SEG", "RTSTRUCT"
FILES = {SEG: "segmentation.dcm", RTSTRUCT: "structures.dcm"}
IMAGES = "images"
"""The folder of the image that is written together with its labels."""
_IMAGE_SHARE = 0.5


def write_labels(
    labels: LabelMap, folder: Path, request: Request, kinds: Sequence[str] = (SEG,), *,
    image: Sequence[Volume] = (), values: Sequence[int] | None = None, seg_kind: str = BINARY,
    accept_loss: bool = True, progress: Progress = lambda _: None, cancelled: IsCancelled = lambda: False,
) -> Report:  # fmt: skip
    """Write labels as SEG, RTSTRUCT or both into a folder that is not there yet; read back, they are the same.

    They refer to the images of ``request.origin``. Without one, the ``image`` they lie on is written first, into a
    folder of its own in it. Raises Refused with a sentence, Cancelled when told to stop; nothing is left then.
    """
    plan = None
    if request.origin is None and image:
        plan = plan_series(image[:1], request)
        refuse_losses(plan, folder, accept_loss=accept_loss)
    else:
        check_labels(labels, request, values)
    with new_folder(folder, labels.array.size // 4 + (space_for(plan) if plan is not None else 0)) as temporary:
        share = 0.0
        if plan is not None:
            share = _IMAGE_SHARE
            (temporary / IMAGES).mkdir()
            fill_folder(temporary / IMAGES, folder, image[:1], plan, _part(progress, 0.0, share), cancelled)
            origin = read_origin(sorted((temporary / IMAGES).iterdir()))
            frame = origin.frame_of_reference or plan.uids.frame_of_reference
            labels = LabelMap(replace(labels.geometry, frame_of_reference=frame), labels.array, labels.labels)
            request = replace(request, origin=origin, description=request.description)
        for n, kind in enumerate(kinds):
            part = _part(progress, share + (1 - share) * n / len(kinds), (1 - share) / len(kinds))
            _write(labels, temporary / FILES[kind], folder, request, kind, seg_kind, values, part, cancelled)
    return _report(labels, folder, kinds, rows_written(labels, values), with_image=plan is not None)


def write_capture(
    pixels: NDArray[np.uint8], folder: Path, request: Request, *, texts: bool
) -> Report:
    """Write a picture (rows, columns, 3) as a secondary capture into a folder that is not there yet."""
    from pellucid.dicom.read import read_plan
    from pellucid.dicom.scan import scan
    from pellucid.dicom.writing.capture import capture

    dataset = capture(pixels, request, texts=texts)
    with new_folder(folder, pixels.nbytes) as temporary:
        _finished(dataset, request)
        save(dataset, temporary / "picture.dcm")
        plans = [plan for series in scan([temporary]).series for plan in series.volumes]
        if len(plans) != 1 or not np.array_equal(read_plan(plans[0]).array[0], pixels[..., :3]):
            raise differs(folder)
    said = tr("{name} holds the picture as a secondary capture, read back identical.", name=folder.name)
    return Report(folder, (said,), True)


def _part(progress: Progress, start: float, span: float) -> Progress:
    return lambda done: progress(start + span * done)


def _finished(dataset: Dataset, request: Request) -> None:
    if request.finish is not None:
        request.finish(dataset)


def _write(
    labels: LabelMap, path: Path, target: Path, request: Request, kind: str, seg_kind: str,
    values: Sequence[int] | None, progress: Progress, cancelled: IsCancelled,
) -> None:  # fmt: skip
    def check() -> None:
        if cancelled():
            raise Cancelled

    check()
    if kind == SEG:
        dataset = segmentation(labels, request, values, kind=seg_kind)
    else:
        dataset = structure_set(labels, request, values, progress=lambda part: progress(0.7 * part), check=check)
    check()
    _finished(dataset, request)
    save(dataset, path)
    progress(0.8)
    rows = rows_written(labels, values)
    same = _same_segments(path, labels, rows) if kind == SEG else _same_contours(path, labels, rows, check)
    if not same:
        raise differs(target)
    check()
    progress(1.0)


def _same_segments(path: Path, labels: LabelMap, rows: Sequence[Label]) -> bool:
    """Return whether a segmentation reads back as the labels, numbered from 1."""
    from pellucid.dicom.grid_fitting import fitted
    from pellucid.dicom.segmentation_objects import read_segmentation

    found = read_segmentation(path)
    back = fitted(found.maps[0], labels.geometry) if len(found.maps) == 1 else None
    return back is not None and _same(labels.array, back.array, [(row.value, n + 1) for n, row in enumerate(rows)])


def _same_contours(path: Path, labels: LabelMap, rows: Sequence[Label], check: Any) -> bool:
    """Return whether a structure set, filled again, gives the labels."""
    from pellucid.dicom.contour_filling import fill
    from pellucid.dicom.structure_sets import read_structures

    filled = fill(read_structures(path), labels.geometry, check=check).maps
    return len(filled) == 1 and _same(labels.array, filled[0].array, [(row.value, row.value) for row in rows])


def _same(given: NDArray[Any], back: NDArray[Any], pairs: Sequence[tuple[int, int]]) -> bool:
    table = np.zeros(int(given.max()) + 1, np.uint16)
    for value, number in pairs:
        table[value] = number
    return all(np.array_equal(table[one], other) for one, other in zip(given, back, strict=True))


def _report(
    labels: LabelMap, folder: Path, kinds: Sequence[str], rows: Sequence[Label], *, with_image: bool
) -> Report:
    names = ", ".join(FILES[kind] for kind in kinds)
    said = [tr_count("{name} holds {count} label in {files}, read back identical.",
                     "{name} holds {count} labels in {files}, read back identical.", len(rows), name=folder.name,
                     files=names)]  # fmt: skip
    if with_image:
        said.append(tr("The image is in the folder {images} of it, because a DICOM object must refer to DICOM images.",
                       images=IMAGES))  # fmt: skip
    if SEG in kinds and [row.value for row in rows] != list(range(1, len(rows) + 1)):
        told = ", ".join(f"{row.value} → {n + 1}" for n, row in enumerate(rows[:8])) + (" …" if len(rows) > 8 else "")
        said.append(tr("A segmentation numbers its segments from 1, so the values change: {values}.", values=told))
    return Report(folder, tuple(said), True)
