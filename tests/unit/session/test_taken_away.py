"""H33: nothing that is taken out of a session names the patient, whatever its format; only DICOM does, when asked."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from dicom_making import save, slice_dataset
from pellucid.files.label_tables import FORMATS as TABLES
from pellucid.files.movies import FILMS, write_film
from pellucid.files.surfaces import SurfaceChoice
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.recipes.python_code import script
from pellucid.session import Session, measurement_export, surfacing
from pellucid.session.objects import Asked

WHO = {
    "PatientName": "Zqfamily^Zqgiven", "PatientID": "ZQ770815", "PatientBirthDate": "19310817",
    "OtherPatientNames": "Zqalias^One", "PatientMotherBirthName": "Zqmother", "AccessionNumber": "ZQACC01",
    "ReferringPhysicianName": "Zqreferring", "PerformingPhysicianName": "Zqperforming", "OperatorsName": "Zqoperator",
    "InstitutionName": "Zqhospital", "InstitutionAddress": "Zqstreet 7", "StationName": "ZQSTATION",
    "PatientAddress": "Zqhome 8", "PatientTelephoneNumbers": "ZQ0123", "EthnicGroup": "ZQETHNIC",
    "Occupation": "Zqworker", "AdditionalPatientHistory": "Zqhistory", "PatientComments": "Zqcomment",
    "MedicalRecordLocator": "ZQLOC", "RequestingPhysician": "Zqrequesting", "StudyID": "ZQSTUDY",
    "IssuerOfPatientID": "ZQISSUER", "InsurancePlanIdentification": "ZQPLAN", "MilitaryRank": "ZQRANK",
    "DeviceSerialNumber": "ZQDEVICE", "ImageComments": "Zqnote", "StudyDescription": "Thorax of Zqfamily",
    "SeriesDescription": "Axial Zqfamily ZQ770815 1931-08-17", "PerformedProcedureStepID": "ZQSTEP",
    "StudyInstanceUID": "1.2.826.77.1",
}  # fmt: skip
SIGNS = (b"zq", b"19310817", b"1931-08-17", b"1.2.826.77")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Return a session with a planted image, labels made of it, and two measurements."""
    assert len(WHO) >= 30
    ramp = np.add.outer(np.arange(12) * 20, np.arange(14) * 30).astype(np.int16)
    slices = [slice_dataset(ramp + n, number=n, position=(0, 0, 2.0 * n), series="1.2.826.77.2", **WHO)
              for n in range(6)]  # fmt: skip
    save(tmp_path / "Zqfolder", slices, "Zqfile{}.dcm".format)
    session = Session()
    session.open([tmp_path / "Zqfolder"])
    assert session.jobs.drain(60)
    (image,) = session.document.images
    assert "Zqfamily" in image.name
    session.running.apply("smoothing.median", {})
    session.running.apply("threshold.otsu", {})
    assert session.jobs.drain(60)
    frame = session.document.reference
    assert frame is not None
    places = [tuple(float(n) for n in frame.index_to_world(index)) for index in ((2, 2, 2), (8, 6, 2))]
    session.measuring.add(Annotation(Kind.LENGTH, tuple(places), layer=image.id, name="A"))
    yield session
    session.close()


def take_all(session: Session, folder: Path) -> None:
    """Write everything that can be written of a session but DICOM and the saved work."""
    (image,) = session.document.images
    labels = next(layer for layer in session.document.layers if isinstance(layer, LabelLayer))
    assert isinstance(image, ImageLayer)
    for ending in ("nii", "nii.gz", "nrrd", "mha", "tif"):
        if not session.saving.obstacle(image, folder / f"i.{ending}"):
            session.saving.export_layer(image, folder / f"i.{ending}", accept_loss=True)
        if not session.saving.obstacle(labels, folder / f"l.{ending}"):
            session.saving.export_layer(labels, folder / f"l.{ending}", accept_loss=True)
    for ending in ("stl", "obj", "ply"):
        surfacing.export(session, labels, None, folder / f"s.{ending}", SurfaceChoice())
    for _title, ending in TABLES:
        session.label_tables.write(labels, folder / f"t{ending}")
    for ending in ("csv", "json"):
        measurement_export.export(session, folder / f"m.{ending}")
    measurement_export.copy(session, lambda text: (folder / "clipboard.txt").write_text(text) and None)
    session.objects.measure(Asked(labels.id, (image.id,), {}))
    assert session.jobs.drain(60)
    session.objects.export(folder / "o.csv")
    for layer in (image, labels):
        recipe = session.recipes.of(layer)
        session.recipes.save(folder / f"{layer.id}.json", recipe)
        (folder / f"{layer.id}.py").write_text(script(session.recipes.nameless(recipe)))
    for form in [form for form in FILMS if form.extension in (".gif", ".webp")]:
        write_film(folder / f"film{form.extension}", form, [np.zeros((8, 8, 3), np.uint8)] * 2, [40.0] * 2)
    assert session.jobs.drain(120)


def held(path: Path) -> bytes:
    """Return the bytes of a file, and those it packs."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data += gzip.decompress(data)
    for mark in (b"\x78\x9c", b"\x78\x5e", b"\x78\x01"):
        start = data.find(mark)
        while start >= 0:
            with suppress(zlib.error):
                data += zlib.decompressobj().decompress(data[start:], 1 << 20)
            start = data.find(mark, start + 2) if start < len(path.read_bytes()) else -1
    return data.lower()


@pytest.mark.hazard("H33")
def test_nothing_that_is_taken_away_names_the_patient(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    told: list[str] = []
    session.notice.connect(lambda text, severity: told.append(text) if severity == "error" else None)
    take_all(session, folder)
    assert told == []
    files = sorted(path for path in folder.iterdir())
    print(len(files), [path.name for path in files])
    assert len(files) > 25
    wide = [sign.decode().encode("utf-16-le") for sign in SIGNS]
    assert [(path.name, sign) for path in files for sign in (*SIGNS, *wide) if sign in held(path)] == []


@pytest.mark.hazard("H34")
def test_names_that_are_proposed_for_files_name_nobody(session: Session) -> None:
    from pellucid.ui.dialogs.export_targets import Target, file_name

    (image,) = session.document.images
    proposed = file_name(Target("", image), ".nii", session.concealing.nameless)
    assert proposed.startswith("Axial") and not any(sign.decode() in proposed.lower() for sign in SIGNS)
    assert session.concealing.nameless("scan12.nii") == "scan12.nii", "what the user's files are called stays"
