"""What we write ourselves can be de-identified on the way: nothing planted is left, and it still reads back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_judges import complaints
from dicom_making import save, stack
from pellucid.dicom.contour_filling import fill
from pellucid.dicom.deidentify.finishing import Finisher
from pellucid.dicom.deidentify.plan import Plan
from pellucid.dicom.read import read_sequence
from pellucid.dicom.scan import scan
from pellucid.dicom.segmentation_objects import read_segmentation
from pellucid.dicom.stack import sequences
from pellucid.dicom.structure_sets import read_structures
from pellucid.dicom.writing.origin import Origin, read_origin
from pellucid.dicom.writing.request import Request, Subject
from pellucid.files.dicom_export import write_image
from pellucid.files.dicom_objects import FILES, IMAGES, RTSTRUCT, SEG, write_labels
from pellucid.model.labels import Label, LabelMap
from pellucid.model.volume import Volume, image_from_array

PLANTED = {"PatientName": "Planted^Name", "PatientID": "PLANTED77", "StudyDate": "20240229", "StudyTime": "101112",
           "PatientBirthDate": "19400229", "AccessionNumber": "PLANTEDACC", "StudyDescription": "Planted study",
           "InstitutionName": "PLANTED House", "DeviceSerialNumber": "PLANTEDSN", "StationName": "PLANTEDST",
           "ReferringPhysicianName": "Planted^Doctor", "StudyID": "PLANTEDID"}  # fmt: skip
SIGNS = (b"lanted", b"PLANTED", b"20240229", b"19400229", b"101112")


def source(folder: Path) -> tuple[Volume, Origin]:
    _stored, slices = stack(4, series="1.2.826.77.1", reference="1.2.826.77.2", StudyInstanceUID="1.2.826.77.3",
                            **PLANTED)  # fmt: skip
    for n, one in enumerate(slices):
        one.SOPInstanceUID = f"1.2.826.77.4.{n}"
    paths = save(folder, slices)
    ((plan,),) = sequences(scan([folder]).series[0])
    return read_sequence((plan,))[0], read_origin(paths)


def request(origin: Origin | None, finish: Finisher) -> Request:
    return Request(origin, Subject("Planted, Name", "PLANTED77"), description="Planted liver", steps=("for Planted",),
                   operations=("smoothing.gaussian",), finish=finish)  # fmt: skip


def nothing_is_left(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        data = path.read_bytes()
        assert not [sign for sign in (*SIGNS, b"1.2.826.77.") if sign in data]
        header = pydicom.dcmread(path)
        assert header.PatientIdentityRemoved == "YES" and header.PatientID == "P0001"
        assert header.file_meta.MediaStorageSOPInstanceUID == header.SOPInstanceUID
        assert [item.CodeValue for item in header.DeidentificationMethodCodeSequence] == ["113100", "113105"]
    return files


@pytest.mark.hazard("H35")
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_a_series_keeps_its_values_and_loses_its_names(dtype: str, tmp_path: Path) -> None:
    volume, origin = source(tmp_path / "in")
    if dtype == "float32":
        array = volume.array + np.float32(0.3)
        volume = replace(volume, image=image_from_array(array, volume.geometry))
    finish = Finisher()
    write_image([volume], tmp_path / "out", request(origin, finish))
    files = nothing_is_left(tmp_path / "out")
    headers = [pydicom.dcmread(path) for path in files]
    assert len({(h.StudyInstanceUID, h.SeriesInstanceUID, h.FrameOfReferenceUID) for h in headers}) == 1
    assert headers[0].SeriesDescription == "liver" and complaints(files[0]) == []
    ((plan,),) = sequences(scan([tmp_path / "out"]).series[0])
    np.testing.assert_array_equal(read_sequence((plan,))[0].array, volume.array)
    assert "attributes were changed" in finish.sentence() and "pixels" in finish.sentence()


@pytest.mark.hazard("H35")
@pytest.mark.parametrize("kinds", [(SEG,), (RTSTRUCT,), (SEG, RTSTRUCT)])
@pytest.mark.parametrize("beside", [True, False])
def test_labels_go_on_lying_on_the_images_that_are_cleaned_with_them(
    beside: bool, kinds: tuple[str, ...], tmp_path: Path
) -> None:
    volume, origin = source(tmp_path / "in")
    array = np.zeros(volume.array.shape, np.uint8)
    array[1:3, 2:5, 2:6] = 1
    labels = LabelMap(volume.geometry, array, (Label(1, "Liver of Planted", "#E69F00"),))
    image = (volume,) if beside else ()
    write_labels(labels, tmp_path / "out", request(None if beside else origin, Finisher()), kinds, image=image)
    files = nothing_is_left(tmp_path / "out")
    assert len({pydicom.dcmread(path).FrameOfReferenceUID for path in files}) == 1
    assert len({pydicom.dcmread(path).StudyInstanceUID for path in files}) == 1
    if beside:
        known = {pydicom.dcmread(path).SOPInstanceUID for path in (tmp_path / "out" / IMAGES).iterdir()}
        said = {str(e.value) for kind in kinds for e in pydicom.dcmread(tmp_path / "out" / FILES[kind]).iterall()
                if e.keyword == "ReferencedSOPInstanceUID"}  # fmt: skip
        assert said & known and not {uid for uid in said - known if uid.startswith("1.2")}
    if SEG in kinds:
        back = read_segmentation(tmp_path / "out" / FILES[SEG])
        assert int(back.maps[0].array.astype(bool).sum()) == int(array.sum())
    if RTSTRUCT in kinds:
        filled = fill(read_structures(tmp_path / "out" / FILES[RTSTRUCT]), volume.geometry).maps
        np.testing.assert_array_equal(filled[0].array, array)


def test_dates_of_one_export_move_by_the_same_time(tmp_path: Path) -> None:
    volume, origin = source(tmp_path / "in")
    finish = Finisher(Plan(frozenset({"modified_dates"}), "Case7"))
    write_image([volume], tmp_path / "out", request(origin, finish))
    headers = [pydicom.dcmread(path) for path in (tmp_path / "out").iterdir()]
    (moved,) = {header.StudyDate for header in headers}
    assert moved != "20240229" and headers[0].PatientID == "Case7"
