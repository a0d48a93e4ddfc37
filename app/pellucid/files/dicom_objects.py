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
from pellucid.dicom.writing.segmentation import BINARY, all_rows, check_labels, check_overlap, segmentation
from pellucid.dicom.writing.series import plan_series
from pellucid.dicom.writing.structures import structure_set
from pellucid.dicom.writing.texts import exact_decimal
from pellucid.files.dicom_export import Commit, differs, fill_folder, refuse_losses, space_for, unless
from pellucid.files.export import Report
from pellucid.files.new_folder import new_folder, save
from pellucid.files.raw import IsCancelled, Progress
from pellucid.language import tr, tr_count
from pellucid.model.drawn_contours import Contour
from pellucid.model.labels import Label, LabelMap
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pydicom import Dataset

SEG, RTSTRUCT = "SEG", "RTSTRUCT"
FILES = {SEG: "segmentation.dcm", RTSTRUCT: "structures.dcm"}
IMAGES = "images"
"""The folder of the image that is written together with its labels."""
_IMAGE_SHARE = 0.5
Pairs = Sequence[tuple[LabelMap, Label]]


def write_labels(
    labels: LabelMap, folder: Path, request: Request, kinds: Sequence[str] = (SEG,), *,
    image: Sequence[Volume] = (), values: Sequence[int] | None = None, seg_kind: str = BINARY,
    beside: Sequence[LabelMap] = (),
    accept_loss: bool = True, progress: Progress = lambda _: None, cancelled: IsCancelled = lambda: False,
    commit: Commit | None = None,
) -> Report:  # fmt: skip
    """Write labels as SEG, RTSTRUCT or both into a folder that is not there yet; read back, they are the same.

    They refer to the images of ``request.origin``. Without one, the ``image`` they lie on is written first, into a
    folder of its own in it. ``beside`` are labels on the same grid that overlap with them. Raises Refused with a
    sentence, Cancelled when told to stop; nothing is left then. ``commit`` is called before the folder gets its name.
    """
    plan = None
    if request.origin is None and image:
        plan = plan_series(image[:1], request)
        refuse_losses(plan, folder, accept_loss=accept_loss)
    else:
        check_labels(labels, request, values, drawn=SEG not in kinds)
    check_overlap(labels, beside, values)
    needs = labels.array.size // 4 + (space_for(plan) if plan is not None else 0)
    with new_folder(folder, needs, commit or unless(cancelled)) as temporary:
        share = 0.0
        if plan is not None:
            share = _IMAGE_SHARE
            (temporary / IMAGES).mkdir()
            fill_folder(temporary / IMAGES, folder, image[:1], plan, _part(progress, 0.0, share), cancelled)
            origin = read_origin(sorted((temporary / IMAGES).iterdir()))
            frame = origin.frame_of_reference or plan.uids.frame_of_reference
            labels, *beside = (LabelMap(replace(one.geometry, frame_of_reference=frame), one.array, one.labels,
                                        one.standing())
                               for one in (labels, *beside))  # fmt: skip
            request = replace(request, origin=origin, description=request.description)
        for n, kind in enumerate(kinds):
            part = _part(progress, share + (1 - share) * n / len(kinds), (1 - share) / len(kinds))
            _write((labels, *beside), temporary / FILES[kind], folder, request, kind, seg_kind, values, part, cancelled)
    return _report(folder, kinds, all_rows(labels, beside, values, drawn=SEG not in kinds), with_image=plan is not None)


def write_capture(
    pixels: NDArray[np.uint8], folder: Path, request: Request, *, texts: bool, cancelled: IsCancelled = lambda: False,
    commit: Commit | None = None,
) -> Report:  # fmt: skip
    """Write a picture (rows, columns, 3) as a secondary capture into a folder that is not there yet.

    Raises Cancelled when told to stop; nothing is left then. ``commit`` is called before the folder gets its name.
    """
    from pellucid.dicom.read import read_plan
    from pellucid.dicom.scan import scan
    from pellucid.dicom.writing.capture import capture

    dataset = capture(pixels, request, texts=texts)
    with new_folder(folder, pixels.nbytes, commit or unless(cancelled)) as temporary:
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
    maps: Sequence[LabelMap], path: Path, target: Path, request: Request, kind: str, seg_kind: str,
    values: Sequence[int] | None, progress: Progress, cancelled: IsCancelled,
) -> None:  # fmt: skip
    def check() -> None:
        if cancelled():
            raise Cancelled

    check()
    labels, *beside = maps
    if kind == SEG:
        dataset = segmentation(labels, request, values, kind=seg_kind, beside=beside)
    else:
        dataset = structure_set(labels, request, values, beside=beside,
                                progress=lambda part: progress(0.7 * part), check=check)  # fmt: skip
    check()
    _finished(dataset, request)
    save(dataset, path)
    progress(0.8)
    pairs = all_rows(labels, beside, values, drawn=kind == RTSTRUCT)
    same = _same_segments(path, pairs) if kind == SEG else _same_contours(path, pairs, check)
    if not same:
        raise differs(target)
    check()
    progress(1.0)


def _same_segments(path: Path, pairs: Pairs) -> bool:
    """Return whether a segmentation reads back as the labels, numbered from 1."""
    from pellucid.dicom.grid_fitting import fitted
    from pellucid.dicom.segmentation_objects import read_segmentation

    geometry = pairs[0][0].geometry
    back = [fitted(found, geometry) for found in read_segmentation(path).maps]
    return None not in back and _same(pairs, [one.array for one in back if one], range(1, len(pairs) + 1))


def _same_contours(path: Path, pairs: Pairs, check: Any) -> bool:
    """Return whether a structure set, filled again, gives the labels, and holds the contours they were made of."""
    from pellucid.dicom.contour_filling import fill
    from pellucid.dicom.structure_sets import read_structures

    found = read_structures(path)
    back = {structure.number: structure.contours for structure in found.structures}
    if not all(_are_same(_drawn_of(labels, row), back.get(row.value, ())) for labels, row in pairs
               if _drawn_of(labels, row)):  # fmt: skip
        return False
    filled = fill(found, pairs[0][0].geometry, check=check).maps
    return _same(pairs, [one.array for one in filled], [row.value for _map, row in pairs])


def _drawn_of(labels: LabelMap, row: Label) -> tuple[Contour, ...]:
    """Return the contours that a label is written as; none where those are made of its voxels."""
    return labels.contours.of_label(row.value) if labels.contours is not None and row.value in labels.drawn else ()


def _are_same(ours: Sequence[Contour], back: Sequence[Contour]) -> bool:
    """Return whether contours came back as exactly as a decimal string holds them."""
    return len(ours) == len(back) and all(
        one.kind == other.kind
        and [float(exact_decimal(v)) for v in one.points.ravel().tolist()] == other.points.ravel().tolist()
        for one, other in zip(ours, back, strict=True)
    )


def _same(pairs: Pairs, back: Sequence[NDArray[Any]], numbers: Sequence[int]) -> bool:
    """Return whether every label has the voxels of its number, on whichever map that is, and nothing else is there."""
    if len(back) == 1 and all(labels is pairs[0][0] for labels, _row in pairs):
        return _same_map(pairs, back[0], numbers)
    if any(set(np.unique(one).tolist()) - {0, *numbers} for one in back):
        return False
    for (labels, row), number in zip(pairs, numbers, strict=True):
        for k, given in enumerate(labels.array):
            found = np.zeros(given.shape, bool)
            for one in back:
                found |= one[k] == number
            if not np.array_equal(found, given == row.value):
                return False
    return True


def _same_map(pairs: Pairs, back: NDArray[Any], numbers: Sequence[int]) -> bool:
    """Return the same of labels that do not overlap, in one look at every voxel."""
    given = pairs[0][0].array
    table = np.zeros(max(int(given.max()), *(row.value for _map, row in pairs)) + 1, np.uint16)
    for (_map, row), number in zip(pairs, numbers, strict=True):
        table[row.value] = number
    return all(np.array_equal(table[one], other) for one, other in zip(given, back, strict=True))


def _report(
    folder: Path, kinds: Sequence[str], pairs: Pairs, *, with_image: bool
) -> Report:
    rows = [row for _map, row in pairs]
    names = ", ".join(FILES[kind] for kind in kinds)
    said = [tr_count("{name} holds {count} label in {files}, read back identical.",
                     "{name} holds {count} labels in {files}, read back identical.", len(rows), name=folder.name,
                     files=names)]  # fmt: skip
    drawn = sum(bool(_drawn_of(labels, row)) for labels, row in pairs)
    if RTSTRUCT in kinds and drawn:
        said.append(tr_count("{count} is written as the contours that were drawn, point by point.",
                             "{count} are written as the contours that were drawn, point by point.",
                             drawn))  # fmt: skip
    if with_image:
        said.append(tr("The image is in the folder {images} of it, because a DICOM object must refer to DICOM images.",
                       images=IMAGES))  # fmt: skip
    if SEG in kinds and [row.value for row in rows] != list(range(1, len(rows) + 1)):
        told = ", ".join(f"{row.value} → {n + 1}" for n, row in enumerate(rows[:8])) + (" …" if len(rows) > 8 else "")
        said.append(tr("A segmentation numbers its segments from 1, so the values change: {values}.", values=told))
    return Report(folder, tuple(said), True)
