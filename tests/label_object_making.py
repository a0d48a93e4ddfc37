"""Make segmentations and structure sets whose every voxel and point is known: by highdicom, and by hand to spoil."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from dicom_making import save, stack

SEG, STRUCTURES = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.481.3"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
NAMES = ("Liver", "Spleen", "Tumour")
COLOURS = ((221, 130, 101), (157, 108, 162), (144, 238, 144))


def ct(folder: Path, count: int = 5, size: tuple[int, int] = (6, 5), **more: Any) -> list[Dataset]:
    """Write a CT of some slices and return its datasets, complete enough for a writer of segmentations."""
    about = {"StudyDate": "20260101", "StudyTime": "120000", "AccessionNumber": "", "StudyID": "", "PatientSex": "",
             "PatientBirthDate": "", "ReferringPhysicianName": "", "SliceThickness": 2.5}  # fmt: skip
    _, slices = stack(count, size=size, **(about | more))
    save(folder, slices)
    return slices


def by_highdicom(
    path: Path, source: Sequence[Dataset], masks: np.ndarray, kind: str = "BINARY", count: int = 1, **more: Any
) -> None:
    """Write a segmentation with highdicom: ``masks`` (frames, rows, columns[, segments]) lie on the source images."""
    import highdicom as hd
    from highdicom.color import CIELabColor
    from pydicom.sr.codedict import codes

    descriptions = [
        hd.seg.SegmentDescription(
            n + 1, NAMES[n], codes.SCT.Organ, codes.SCT.Liver, hd.seg.SegmentAlgorithmTypeValues.MANUAL,
            display_color=CIELabColor.from_rgb(*COLOURS[n]) if kind != "LABELMAP" else None,
        )
        for n in range(count)
    ]  # fmt: skip
    made = hd.seg.Segmentation(
        source, masks, kind, descriptions, series_instance_uid=generate_uid(), series_number=7,
        sop_instance_uid=generate_uid(), instance_number=1, manufacturer="m", manufacturer_model_name="n",
        software_versions="1", device_serial_number="1", series_description="Made", **more,
    )  # fmt: skip
    made.save_as(path)


def frame(segment: int | None, position: Sequence[float] | None) -> Dataset:
    """Return the functional groups of a frame."""
    groups = Dataset()
    if position is not None:
        place = Dataset()
        place.ImagePositionPatient = [f"{v:.9g}" for v in position]
        groups.PlanePositionSequence = Items([place])
    if segment is not None:
        belongs = Dataset()
        belongs.ReferencedSegmentNumber = segment
        groups.SegmentIdentificationSequence = Items([belongs])
    return groups


def by_hand(
    masks: np.ndarray,
    frames: Sequence[Dataset],
    segments: Mapping[int, str],
    *,
    spacing: Sequence[float] = (0.8, 0.5),
    between: float | None = 2.5,
    orientation: Sequence[float] | None = (1, 0, 0, 0, 1, 0),
    kind: str = "BINARY",
    reference: str = "1.2.3.9",
    series: str = "1.2.3.1",
    **more: Any,
) -> Dataset:
    """Return a segmentation; ``masks`` are (frames, rows, columns) of bits, of bytes or words for the other kinds."""
    ds = _begun(SEG, "SEG", "1.2.3.77", "Made by hand")
    if reference:
        ds.FrameOfReferenceUID = reference
    ds.SegmentationType = kind
    refers = Dataset()
    refers.SeriesInstanceUID = series
    ds.ReferencedSeriesSequence = Items([refers])
    ds.SegmentSequence = Items([_segment(number, name) for number, name in segments.items()])
    shared, measures = Dataset(), Dataset()
    measures.PixelSpacing = list(spacing)
    if between is not None:
        measures.SpacingBetweenSlices = between
    shared.PixelMeasuresSequence = Items([measures])
    if orientation is not None:
        turned = Dataset()
        turned.ImageOrientationPatient = list(orientation)
        shared.PlaneOrientationSequence = Items([turned])
    ds.SharedFunctionalGroupsSequence = Items([shared])
    ds.PerFrameFunctionalGroupsSequence = Items(frames)
    ds.NumberOfFrames, ds.Rows, ds.Columns = masks.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    bits = 1 if kind == "BINARY" else masks.itemsize * 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    data = np.packbits(masks.ravel() != 0, bitorder="little").tobytes() if bits == 1 else masks.tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB" if bits < 16 else "OW"
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def _begun(sop_class: str, modality: str, series: str, description: str) -> Dataset:
    """Return what every object begins with."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = "1.2.3", series, modality
    ds.PatientName, ds.PatientID, ds.SeriesDescription = "Doe^Jane", "42", description
    return ds


def _segment(number: int, name: str) -> Dataset:
    item = Dataset()
    item.SegmentNumber, item.SegmentLabel, item.SegmentAlgorithmType = number, name, "MANUAL"
    return item


def structure_set(
    structures: Sequence[tuple[int, str, Sequence[np.ndarray]]],
    *,
    kinds: Sequence[str] = ("CLOSED_PLANAR",),
    colours: Mapping[int, Sequence[int]] | None = None,
    reference: str = "1.2.3.9",
    series: str = "1.2.3.1",
) -> Dataset:
    """Return a structure set of (number, name, contours); ``kinds`` are those of the contours, again and again."""
    ds = _begun(STRUCTURES, "RTSTRUCT", "1.2.3.88", "Structures")
    ds.FrameOfReferenceUID = reference
    refers, study, frames = Dataset(), Dataset(), Dataset()
    refers.SeriesInstanceUID = series
    study.RTReferencedSeriesSequence = Items([refers])
    frames.FrameOfReferenceUID, frames.RTReferencedStudySequence = reference, Items([study])
    ds.ReferencedFrameOfReferenceSequence = Items([frames])
    ds.StructureSetROISequence, ds.ROIContourSequence = Items(), Items()
    for number, name, contours in structures:
        roi, drawn = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, reference
        ds.StructureSetROISequence.append(roi)
        drawn.ReferencedROINumber = number
        if colours and number in colours:
            drawn.ROIDisplayColor = list(colours[number])
        drawn.ContourSequence = Items(
            [_contour(points, kinds[n % len(kinds)]) for n, points in enumerate(contours)]
        )
        ds.ROIContourSequence.append(drawn)
    return ds


def _contour(points: np.ndarray, kind: str) -> Dataset:
    item = Dataset()
    item.ContourGeometricType, item.NumberOfContourPoints = kind, len(points)
    item.ContourData = [f"{v:.10g}" for v in np.asarray(points, float).ravel()]
    return item


def square(x0: float, y0: float, x1: float, y1: float, z: float) -> np.ndarray:
    """Return an axial rectangle."""
    return np.array([(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)])
