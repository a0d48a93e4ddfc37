"""Presentation states and lists of key images are cleaned like images: they go on meaning the copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from dicom_making import save, slice_dataset
from pellucid.dicom.deidentify.plan import Plan
from pellucid.dicom.deidentify.run import deidentify_folder
from pellucid.dicom.presentations import read

STATE, KEYS = "1.2.840.10008.5.1.4.1.1.11.1", "1.2.840.10008.5.1.4.1.1.88.59"


def item(**elements: Any) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def reference(image: Dataset) -> Dataset:
    return item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)


def of_study(image: Dataset, sop_class: str, modality: str) -> Dataset:
    made = item(SOPClassUID=sop_class, SOPInstanceUID=generate_uid(), StudyInstanceUID=image.StudyInstanceUID,
                SeriesInstanceUID=generate_uid(), Modality=modality, PatientName=image.PatientName,
                PatientID=image.PatientID)  # fmt: skip
    made.file_meta = image.file_meta
    return made


def state(image: Dataset) -> Dataset:
    made = of_study(image, STATE, "PR")
    made.ContentLabel, made.ContentDescription, made.ContentCreatorName = "WINDOW", "for Planted", "Planted^Reader"
    made.PresentationCreationDate, made.PresentationCreationTime = "20200203", "101112"
    made.ReferencedSeriesSequence = [
        item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=[reference(image)])
    ]
    made.SoftcopyVOILUTSequence = [item(WindowCenter="41", WindowWidth="407")]
    words = item(BoundingBoxAnnotationUnits="DISPLAY", UnformattedTextValue="seen by Planted",
                 AnchorPoint=[1.0, 1.0], AnchorPointVisibility="Y", AnchorPointAnnotationUnits="DISPLAY")  # fmt: skip
    made.GraphicAnnotationSequence = [item(GraphicLayer="L1", TextObjectSequence=[words])]
    made.GraphicLayerSequence = [item(GraphicLayer="L1", GraphicLayerOrder=1)]
    made.PresentationLUTShape = "IDENTITY"
    return made


def keys(image: Dataset) -> Dataset:
    made = of_study(image, KEYS, "KO")
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = [
        item(CodeValue="113000", CodingSchemeDesignator="DCM", CodeMeaning="Of Interest")
    ]
    made.CurrentRequestedProcedureEvidenceSequence = [item(
        StudyInstanceUID=image.StudyInstanceUID,
        ReferencedSeriesSequence=[item(SeriesInstanceUID=image.SeriesInstanceUID,
                                       ReferencedSOPSequence=[reference(image)])],
    )]  # fmt: skip
    words = item(RelationshipType="CONTAINS", ValueType="TEXT", TextValue="look, says Planted")
    made.ContentSequence = [
        words, item(RelationshipType="CONTAINS", ValueType="IMAGE", ReferencedSOPSequence=[reference(image)])
    ]
    return made


@pytest.mark.hazard("H35")
@pytest.mark.parametrize("options", [frozenset(), frozenset({"structured"}), frozenset({"graphics"})])
def test_they_are_copied_and_mean_the_copies(options: frozenset[str], tmp_path: Path) -> None:
    image = slice_dataset(np.arange(64, dtype=np.int16).reshape(8, 8))
    image.PatientName, image.PatientID = "Planted^Name", "SECRETID77"
    (tmp_path / "in").mkdir()
    sources = save(tmp_path / "in", (image, state(image), keys(image)), "{:02d}.dcm".format)
    outcome = deidentify_folder([tmp_path / "in"], tmp_path / "out", Plan(options))
    assert outcome.left_out == () and len(outcome.copied) == len(sources)
    copies = {one.source.path: tmp_path / "out" / one.name for one in outcome.copied}
    whole, shown, chosen = (dcmread(copies[path]) for path in sources)
    assert whole.SOPInstanceUID != image.SOPInstanceUID
    presentation = read(copies[sources[1]])
    assert presentation.series == {str(whole.SeriesInstanceUID): (str(whole.SOPInstanceUID),)}
    (window, _meant), = presentation.windows
    assert (window.level, window.width) == (41.0, 407.0)
    assert chosen.ContentSequence[1].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == whole.SOPInstanceUID
    evidence = chosen.CurrentRequestedProcedureEvidenceSequence[0]
    assert evidence.ReferencedSeriesSequence[0].SeriesInstanceUID == whole.SeriesInstanceUID
    assert chosen.ConceptNameCodeSequence[0].CodeMeaning == "Of Interest"
    for path in copies.values():
        assert b"Planted" not in path.read_bytes() and b"SECRETID77" not in path.read_bytes()
    assert shown.PatientIdentityRemoved == chosen.PatientIdentityRemoved == "YES"
