"""Label layers as DICOM segmentations (PS3.3 A.51), made by highdicom: binary, with names, codes and colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import __version__
from pellucid.dicom.writing.modules import PROGRAM, SeriesUids, begin, put_acquisition_device, put_place
from pellucid.dicom.writing.origin import Instance, Origin
from pellucid.dicom.writing.properties import property_of
from pellucid.dicom.writing.request import Request
from pellucid.dicom.writing.series import check_grid
from pellucid.dicom.writing.texts import decimal, line, new_uid
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap

if TYPE_CHECKING:
    from pydicom import Dataset

BINARY, LABELMAP = "BINARY", "LABELMAP"
_MOST_BYTES = 2 << 30


def rows_written(
    labels: LabelMap, values: Sequence[int] | None = None, *, drawn: bool = False
) -> tuple[Label, ...]:
    """Return the rows of the labels that are written: all that have voxels, or those with these values.

    With ``drawn`` those count, too, that have nothing but contours, such as points.
    """
    present = set(np.unique(labels.array).tolist()) - {0}
    if drawn:
        present |= {value for value in labels.drawn if labels.has(value)}
    wanted = present if values is None else present & set(values)
    return tuple(labels.label(value) for value in sorted(wanted))


def check_labels(
    labels: LabelMap, request: Request, values: Sequence[int] | None = None, *, drawn: bool = False
) -> tuple[Label, ...]:
    """Return the rows that are written; raise Refused with a sentence where labels cannot become a DICOM object."""
    if request.origin is None or not request.origin.instances:
        raise Refused(tr("Segmentations and structure sets refer to DICOM images. Write the image as DICOM first, or "
                         "name the folder of the images they belong to."))  # fmt: skip
    geometry = labels.geometry
    if not geometry.oriented:
        raise Refused(tr("The labels do not state where they lie in the patient, and a DICOM object must. Make them on "
                         "an image that does."))  # fmt: skip
    check_grid(geometry)
    rows = rows_written(labels, values, drawn=drawn)
    if not rows:
        raise Refused(tr("The labels are empty: there is nothing to write."))
    return rows


def reference_frame(geometry: Geometry, origin: Origin) -> str:
    """Return the frame of reference that labels lie in: their own, else that of the images they belong to."""
    return geometry.frame_of_reference or origin.frame_of_reference or new_uid()


def all_rows(
    labels: LabelMap, beside: Sequence[LabelMap], values: Sequence[int] | None = None, *, drawn: bool = False
) -> list[tuple[LabelMap, Label]]:
    """Return the rows that are written of labels and of those that overlap with them, each with its map."""
    return [(one, row) for one in (labels, *beside) for row in rows_written(one, values, drawn=drawn)]


def check_overlap(labels: LabelMap, beside: Sequence[LabelMap], values: Sequence[int] | None = None) -> None:
    """Refuse labels that overlap where no object can hold them together."""
    if any(not one.geometry.same_grid(labels.geometry) for one in beside):
        raise Refused(tr("The labels overlap and lie on different grids. Write them one by one."))
    numbers = [row.value for _map, row in all_rows(labels, beside, values)]
    if len(set(numbers)) != len(numbers):
        raise Refused(tr("Labels that overlap have the same number. Write them one by one."))
    if beside and labels.array.size * len(numbers) > _MOST_BYTES:
        raise Refused(tr("These labels overlap and are too many to be written as one segmentation. Write them one by "
                         "one."))  # fmt: skip


def segmentation(
    labels: LabelMap, request: Request, values: Sequence[int] | None = None, *, kind: str = BINARY,
    beside: Sequence[LabelMap] = (),
) -> Dataset:  # fmt: skip
    """Return a segmentation of labels on their own grid; segments are numbered from 1 in the order of the values.

    ``beside`` are labels on the same grid that overlap with them: their segments come after.
    """
    import highdicom as hd

    check_labels(labels, request, values)
    check_overlap(labels, beside, values)
    pairs = all_rows(labels, beside, values)
    rows = [row for _map, row in pairs]
    origin = request.origin
    assert origin is not None
    uids = SeriesUids.of(request, labels.geometry)
    frame = reference_frame(labels.geometry, origin)
    sources = [_source(origin, one, labels.geometry, frame) for one in _one_kind(origin)]
    made = hd.seg.Segmentation(
        source_images=sources, pixel_array=_masks(pairs) if beside else _numbered(labels, rows),
        segmentation_type=kind,
        segment_descriptions=[_description(n + 1, row, request) for n, row in enumerate(rows)],
        series_instance_uid=uids.series, series_number=request.number or 1, sop_instance_uid=new_uid(),
        instance_number=1, manufacturer=PROGRAM, manufacturer_model_name=PROGRAM, software_versions=__version__,
        device_serial_number="0", content_label="SEGMENTATION",
        content_description=line(request.description) or "Segmentation",
        **_planes(labels.geometry),
    )  # fmt: skip
    return _dressed(made, request, uids, frame)


def _dressed(made: Dataset, request: Request, uids: SeriesUids, frame: str) -> Dataset:
    """Put what every object of ours says over what the library took of its source images."""
    from dataclasses import replace

    uids = replace(uids, frame_of_reference=frame)
    common = begin(request, uids, str(made.SOPClassUID), "SEG")
    put_place(common, request, uids)
    put_acquisition_device(common, request)
    for keyword in ("SOPInstanceUID", "SeriesNumber", "Laterality"):
        delattr(common, keyword)
    for element in common:
        made.add(element)
    return made


def _numbered(labels: LabelMap, rows: Sequence[Label]) -> Any:
    """Return the labels as the numbers of their segments."""
    table = np.zeros(int(labels.array.max()) + 1, np.uint8 if len(rows) < 256 else np.uint16)
    table[[row.value for row in rows]] = np.arange(1, len(rows) + 1)
    return table[labels.array]


def _masks(pairs: Sequence[tuple[LabelMap, Label]]) -> Any:
    """Return a mask for every segment, side by side, as segments that overlap need it."""
    masks = np.empty((*pairs[0][0].array.shape, len(pairs)), np.uint8)
    for n, (labels, row) in enumerate(pairs):
        np.equal(labels.array, row.value, out=masks[..., n], casting="unsafe")
    return masks


def _planes(geometry: Geometry) -> dict[str, Any]:
    import highdicom as hd

    x, y, z = (float(decimal(step)) for step in geometry.spacing)
    axes = [float(decimal(v)) for v in (*geometry.axes[:, 0], *geometry.axes[:, 1])]
    places = [[float(decimal(v)) for v in geometry.index_to_world((0, 0, k))] for k in range(geometry.size[2])]
    system = hd.enum.CoordinateSystemNames.PATIENT
    between = z if geometry.is_even and geometry.size[2] > 1 else None
    return {
        "pixel_measures": hd.PixelMeasuresSequence([y, x], z, between),
        "plane_orientation": hd.PlaneOrientationSequence(system, axes),
        "plane_positions": [hd.PlanePositionSequence(system, place) for place in places],
    }


def _description(number: int, row: Label, request: Request) -> Any:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    category, kind = property_of(row)
    how: dict[str, Any] = {"algorithm_type": "MANUAL"}
    if any(name != "hand.edit" for name in request.operations):
        identified = hd.AlgorithmIdentificationSequence(PROGRAM, codes.cid7162.NeighborhoodAnalysis, __version__)
        how = {"algorithm_type": "SEMIAUTOMATIC", "algorithm_identification": identified}
    color = tuple(int(row.color[k : k + 2], 16) for k in (1, 3, 5))
    return hd.seg.SegmentDescription(
        segment_number=number, segment_label=line(row.name) or f"Label {row.value}",
        segmented_property_category=category, segmented_property_type=kind,
        tracking_id=f"{PROGRAM} {row.value}", tracking_uid=new_uid(),
        display_color=hd.color.CIELabColor.from_rgb(*color), **how,
    )  # fmt: skip


# ------------------------------------------------------------------ the images it refers to


def _one_kind(origin: Origin) -> list[Instance]:
    """Return the instances to refer to: all of single frames, or the first of many."""
    single = [one for one in origin.instances if one.frames == 1]
    return single or list(origin.instances[:1])


def _source(origin: Origin, instance: Instance, geometry: Geometry, frame: str) -> Dataset:
    """Return as much of a source image as the library wants to see."""
    from pydicom.dataset import Dataset

    source, header = Dataset(), origin.header
    for keyword in ("PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID",
                    "AccessionNumber", "Modality"):  # fmt: skip
        setattr(source, keyword, header.get(keyword) or None)
    source.PatientName = source.ReferringPhysicianName = None  # the library warns of names and quotes them
    source.StudyInstanceUID, source.SeriesInstanceUID = origin.study, origin.series
    source.SOPClassUID, source.SOPInstanceUID = instance.sop_class, instance.uid
    source.Rows, source.Columns = geometry.size[1], geometry.size[0]
    source.FrameOfReferenceUID = frame
    x, y, z = (decimal(step) for step in geometry.spacing)
    places = instance.places or ((*geometry.index_to_world((0, 0, 0)), *geometry.axes[:, 0], *geometry.axes[:, 1]),)
    source.ImagePositionPatient = [decimal(v) for v in places[0][:3]]
    source.ImageOrientationPatient = [decimal(v) for v in places[0][3:]]
    source.PixelSpacing, source.SliceThickness = [y, x], z
    if not instance.functional:
        return source
    source.NumberOfFrames = instance.frames
    source.SharedFunctionalGroupsSequence = [_shared(x, y, z, places[0][3:])]
    source.PerFrameFunctionalGroupsSequence = [_at(place[:3]) for place in places]
    return source


def _shared(x: str, y: str, z: str, axes: Sequence[float]) -> Dataset:
    from pydicom.dataset import Dataset

    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [y, x], z
    orientation.ImageOrientationPatient = [decimal(v) for v in axes]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    return shared


def _at(place: Sequence[float]) -> Dataset:
    from pydicom.dataset import Dataset

    group, position = Dataset(), Dataset()
    position.ImagePositionPatient = [decimal(v) for v in place]
    group.PlanePositionSequence = [position]
    return group
