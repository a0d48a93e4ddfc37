"""Small healthy DICOM objects that are no images, each of its own kind, to be spoiled by ``mutations``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from label_object_making import LABEL_MAP, by_hand, frame, square, structure_set
from pdf_making import letter

SERIES = "1.2.840.99999.3.1000001"
"""Long enough that every mutant gets a series of its own."""
STORAGE = "1.2.840.10008.5.1.4.1.1."


def objects() -> Iterator[tuple[str, Dataset]]:
    """Yield a name and a dataset of each: segmentations, structures, reports, documents, presentation, registration."""
    for kind in ("BINARY", "FRACTIONAL", "LABELMAP"):
        yield f"object seg {kind.lower()}", _own(_segmentation(kind))
    squares = [square(1, 1, 8, 6, z) for z in (0.0, 2.5, 5.0)]
    yield "object structures", _own(structure_set([(1, "Liver", squares), (2, "Spine", squares[:2])]))
    yield "object report", _report()
    yield "object pdf", _document("104.1", "application/pdf", letter([["Words"]]))
    yield "object cda", _document("104.2", "text/xml", b"<ClinicalDocument><title>T</title>words</ClinicalDocument> ")
    yield "object presentation", _presentation()
    yield "object registration", _registration()


def _own(ds: Dataset) -> Dataset:
    ds.SeriesInstanceUID = SERIES
    return ds


def _segmentation(kind: str) -> Dataset:
    masks = np.zeros((3, 8, 8), np.uint8)
    masks[:, 2:6, 3:7] = 200 if kind == "FRACTIONAL" else 1
    places = [(0.0, 0.0, 2.5 * n) for n in range(3)]
    if kind == "LABELMAP":
        return by_hand(masks, [frame(None, place) for place in places], {1: "Liver"}, kind=kind, SOPClassUID=LABEL_MAP)
    more: dict[str, Any] = {} if kind == "BINARY" else {"MaximumFractionalValue": 255,
                                                        "SegmentationFractionalType": "PROBABILITY"}  # fmt: skip
    return by_hand(masks, [frame(1, place) for place in places], {1: "Liver"}, kind=kind, **more)


def _header(sop_class: str, modality: str, **more: Any) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = STORAGE + sop_class, "1.2.840.99999.4.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = "1.2.3", SERIES, modality
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def _item(**values: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def _code(meaning: str) -> list[Dataset]:
    return [_item(CodeValue="1", CodingSchemeDesignator="99TEST", CodeMeaning=meaning)]


def _report() -> Dataset:
    measured = [_item(NumericValue="12.5", MeasurementUnitsCodeSequence=_code("mm"))]
    number = _item(RelationshipType="CONTAINS", ValueType="NUM", ConceptNameCodeSequence=_code("Diameter"),
                   MeasuredValueSequence=measured)  # fmt: skip
    text = _item(RelationshipType="CONTAINS", ValueType="TEXT", ConceptNameCodeSequence=_code("Finding"),
                 TextValue="Two lesions.")  # fmt: skip
    inside = _item(RelationshipType="CONTAINS", ValueType="CONTAINER", ConceptNameCodeSequence=_code("Lesion"),
                   ContentSequence=[number])  # fmt: skip
    return _header("88.33", "SR", ValueType="CONTAINER", ConceptNameCodeSequence=_code("Report"),
                   CompletionFlag="COMPLETE", ContentSequence=[text, inside])  # fmt: skip


def _document(sop_class: str, kind: str, data: bytes) -> Dataset:
    return _header(sop_class, "DOC", DocumentTitle="Letter", MIMETypeOfEncapsulatedDocument=kind,
                   EncapsulatedDocument=data)  # fmt: skip


def _presentation() -> Dataset:
    image = _item(ReferencedSOPClassUID=STORAGE + "2", ReferencedSOPInstanceUID="1.2.3.4")
    meant = _item(SeriesInstanceUID="1.2.3.1", ReferencedImageSequence=[image])
    window = _item(WindowCenter=40, WindowWidth=400, VOILUTFunction="SIGMOID")
    return _header("11.1", "PR", ContentLabel="LUNG", PresentationLUTShape="INVERSE", ImageRotation=90,
                   ReferencedSeriesSequence=[meant], SoftcopyVOILUTSequence=[window])  # fmt: skip


def _registration() -> Dataset:
    numbers = [0.0, -1, 0, 10, 1, 0, 0, 20, 0, 0, 1, 30, 0, 0, 0, 1]
    entry = _item(FrameOfReferenceTransformationMatrixType="RIGID", FrameOfReferenceTransformationMatrix=numbers)
    group = _item(MatrixSequence=[entry])
    item = _item(FrameOfReferenceUID="1.2.3.2", MatrixRegistrationSequence=[group])
    return _header("66.1", "REG", FrameOfReferenceUID="1.2.3.1", ContentLabel="BY HAND", RegistrationSequence=[item])
