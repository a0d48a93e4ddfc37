"""Label layers as structure sets (PS3.3 A.19): closed contours in the planes of the slices.

Labels that are still as they were made of contours are written as these very contours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pellucid.dicom.writing.contours import outlines
from pellucid.dicom.writing.modules import SeriesUids, begin, put_place, reference
from pellucid.dicom.writing.origin import Instance, Origin
from pellucid.dicom.writing.properties import property_of
from pellucid.dicom.writing.request import Request
from pellucid.dicom.writing.segmentation import all_rows, check_labels, check_overlap, reference_frame
from pellucid.dicom.writing.texts import SHORT, decimal, exact_decimal, line
from pellucid.model.drawn_contours import FLAT, Contour, nearest_slice
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap

if TYPE_CHECKING:
    from pydicom import Dataset

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"
_POINT_DIGITS = 6
Progress = Callable[[float], None]


def structure_set(
    labels: LabelMap, request: Request, values: Sequence[int] | None = None, *, beside: Sequence[LabelMap] = (),
    progress: Progress = lambda _: None, check: Callable[[], None] = lambda: None,
) -> Dataset:  # fmt: skip
    """Return a structure set of labels: a region of interest for each, numbered by its value.

    ``beside`` are labels on the same grid that overlap with them.
    """
    from dataclasses import replace

    check_labels(labels, request, values, drawn=True)
    check_overlap(labels, beside, values)
    pairs = all_rows(labels, beside, values, drawn=True)
    rows = [row for _map, row in pairs]
    origin = request.origin
    assert origin is not None
    frame = reference_frame(labels.geometry, origin)
    uids = replace(SeriesUids.of(request, labels.geometry), frame_of_reference=frame)
    dataset = begin(request, uids, SOP_CLASS, "RTSTRUCT")
    put_place(dataset, request, uids)
    for keyword in ("ContentDate", "ContentTime", "Laterality"):
        delattr(dataset, keyword)
    dataset.OperatorsName = None
    dataset.StructureSetLabel = line(request.description, SHORT) or "Structures"
    dataset.StructureSetName = line(request.description) or None
    dataset.StructureSetDate, dataset.StructureSetTime = f"{uids.made:%Y%m%d}", f"{uids.made:%H%M%S}"
    dataset.InstanceNumber, dataset.ApprovalStatus = 1, "UNAPPROVED"
    dataset.ReferencedFrameOfReferenceSequence = [_referenced(origin, frame)]
    dataset.StructureSetROISequence = [_region(row, request, frame) for row in rows]
    dataset.ROIContourSequence = []
    for n, (held, row) in enumerate(pairs):
        dataset.ROIContourSequence.append(_contours(held, row, origin, frame, check))
        progress((n + 1) / len(rows))
    dataset.RTROIObservationsSequence = [_observation(n + 1, row) for n, row in enumerate(rows)]
    return dataset


def _referenced(origin: Origin, frame: str) -> Dataset:
    """Return the frame of reference with study, series and images in it."""
    from pydicom.dataset import Dataset

    series, place = Dataset(), Dataset()
    series.SeriesInstanceUID = origin.series
    series.ContourImageSequence = [reference(one.sop_class, one.uid) for one in origin.instances]
    study = reference(_STUDY_CLASS, origin.study)
    study.RTReferencedSeriesSequence = [series]
    place.FrameOfReferenceUID, place.RTReferencedStudySequence = frame, [study]
    return place


def _region(row: Label, request: Request, frame: str) -> Dataset:
    from pydicom.dataset import Dataset

    region = Dataset()
    region.ROINumber, region.ReferencedFrameOfReferenceUID = row.value, frame
    region.ROIName = line(row.name) or f"Label {row.value}"
    by_hand = all(name == "hand.edit" for name in request.operations)
    region.ROIGenerationAlgorithm = "MANUAL" if by_hand else "SEMIAUTOMATIC"
    return region


def _contours(
    labels: LabelMap, row: Label, origin: Origin, frame: str, check: Callable[[], None]
) -> Dataset:
    """Return all contours of a label, slice by slice."""
    from pydicom.dataset import Dataset

    item, geometry = Dataset(), labels.geometry
    item.ReferencedROINumber = row.value
    item.ROIDisplayColor = [int(row.color[k : k + 2], 16) for k in (1, 3, 5)]
    item.ContourSequence = []
    images = _Images(geometry, origin if frame == origin.frame_of_reference else None)
    if labels.contours is not None and row.value in labels.drawn:
        for contour in labels.contours.of_label(row.value):
            check()
            texts = [exact_decimal(v) for v in contour.points.ravel().tolist()]
            at = images.around(contour)
            item.ContourSequence.append(_contour(contour.kind, texts, len(item.ContourSequence) + 1, at))
        return item
    for k in range(geometry.size[2]):
        check()
        mask = labels.array[k] == row.value
        if not mask.any():
            continue
        at = images.at(k)
        for ring in outlines(mask):
            points = geometry.index_to_world(np.column_stack([ring, np.full(len(ring), float(k))]))
            texts = [decimal(round(v, _POINT_DIGITS)) for v in points.ravel().tolist()]
            item.ContourSequence.append(_contour("CLOSED_PLANAR", texts, len(item.ContourSequence) + 1, at))
    return item


class _Images:
    """The images that the slices of a grid come from; none without an ``origin`` in its frame of reference."""

    def __init__(self, geometry: Geometry, origin: Origin | None) -> None:
        self._geometry, self._origin = geometry, origin
        self._axes = [*geometry.axes[:, 0], *geometry.axes[:, 1]]

    def at(self, k: int) -> list[tuple[Instance, int]]:
        """Return the image of a slice, or nothing."""
        if self._origin is None:
            return []
        return self._origin.at([*self._geometry.index_to_world((0, 0, k)), *self._axes])[:1]

    def around(self, contour: Contour) -> list[tuple[Instance, int]]:
        """Return the image of the slice that a contour lies in, or nothing."""
        heights = self._geometry.world_to_index(contour.points)[:, 2]
        k = int(nearest_slice(heights.mean()))
        lies_in = 0 <= k < self._geometry.size[2] and float(np.abs(heights - k).max()) <= 2 * FLAT
        return self.at(k) if lies_in else []


def _contour(kind: str, texts: list[str], number: int, images: Sequence[tuple[Instance, int]]) -> Dataset:
    from pydicom.dataset import Dataset

    contour = Dataset()
    contour.ContourNumber, contour.ContourGeometricType = number, kind
    contour.NumberOfContourPoints = len(texts) // 3
    contour.ContourData = texts
    if images:
        instance, frame = images[0]
        image = reference(instance.sop_class, instance.uid)
        if instance.frames > 1:
            image.ReferencedFrameNumber = frame + 1
        contour.ContourImageSequence = [image]
    return contour


def _observation(number: int, row: Label) -> Dataset:
    from pydicom.dataset import Dataset

    from pellucid.dicom.writing.derivation import coded

    observation = Dataset()
    observation.ObservationNumber, observation.ReferencedROINumber = number, row.value
    observation.ROIObservationLabel = line(row.name, SHORT)
    _category, kind = property_of(row)
    observation.RTROIIdentificationCodeSequence = [coded(kind.scheme_designator, kind.value, kind.meaning)]
    observation.RTROIInterpretedType, observation.ROIInterpreter = None, None
    return observation
