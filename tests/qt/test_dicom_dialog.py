"""The dialog “Export DICOM” in the whole window, judged by what pydicom reads of what it wrote."""

from __future__ import annotations

from threading import Event

import numpy as np
import pydicom
import pytest

from dicom_making import save, stack
from hands import User, close_before_the_answer
from patience import PATIENCE
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.view import Layout
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.ui.dialogs.dicom import DicomDialog
from pellucid.ui.dialogs.send import SendDialog

GRID = Geometry((40, 30, 6), (1.0, 1.0, 4.0))


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    yield user
    user.leave()


def image(dtype="int16", **about):
    array = np.random.default_rng(0).integers(0, 200, (6, 30, 40)).astype(dtype)
    array = array + np.float32(0.3) if dtype == "float32" else array
    layer = ImageLayer("Head", (Volume(image_from_array(array, GRID), GRID, acquisition=Acquisition(**about)),))
    layer.display.set_limits(0, 200)
    return layer


def show(user, *layers):
    for layer in layers:
        user.session.document.insert(len(user.session.document), layer)
    user.session.view.layout = Layout.SINGLE
    user.session.centre_crosshair()
    user.rest()


def opened(user):
    action = user.window.actions_table.by_id["file.export_dicom"]
    user.wait(action.isEnabled)  # a moment after the image is there
    action.trigger()
    (dialog,) = [w for w in user.window.findChildren(DicomDialog) if w.isVisible()]
    return dialog


def ready(user, dialog):
    user.wait(lambda: dialog.go.isEnabled())


def write(user, dialog, folder):
    user.write("Folder", str(folder), dialog)
    ready(user, dialog)
    user.click("Export", dialog)
    user.wait(lambda: dialog._job is None)
    return " ".join(dialog.card.lines)


def test_an_image_without_dicom_is_about_whom_the_user_says(user, tmp_path):
    show(user, image())
    dialog = opened(user)
    user.write("Patient's name", "Doe, Jane", dialog)
    user.write("Description", "mine", dialog)
    user.write("Series number", "7", dialog)
    said = write(user, dialog, tmp_path / "out")
    assert "6 files" in said and dialog.folder.isVisible()
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert (header.PatientName, header.SeriesDescription, header.SeriesNumber) == ("Doe^Jane", "mine", 7)
    assert header.PatientID == ""
    assert dialog.send.isVisible()
    user.click("Send to a server…", dialog)
    (sending,) = dialog.findChildren(SendDialog)
    assert sending.paths() == (tmp_path / "out",)
    sending.back.click()
    assert sending.paths() == () and not sending.go.isEnabled()
    sending.reject()
    user.write("Folder", str(tmp_path / "other"), dialog)
    assert not dialog.send.isVisible()  # that folder is not written yet


@pytest.mark.hazard("H34")
def test_the_patient_cannot_be_read_while_the_identity_is_hidden(user, tmp_path):
    show(user, image(patient_name="Doe^Jane", patient_id="P-17"))
    user.session.view.hide_identity = True
    dialog = opened(user)
    for line in (dialog.patient, dialog.patient_id):
        assert line.isVisible() and line.displayText() and line.displayText() not in ("Doe^Jane", "P-17")
    write(user, dialog, tmp_path / "out")
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert (header.PatientName, header.PatientID) == ("Doe^Jane", "P-17")


def test_an_image_from_dicom_keeps_patient_and_study(user, tmp_path):
    _stored, slices = stack(4, PatientName="Doe^Jane", PatientSex="F")
    save(tmp_path / "in", slices)
    user.session.open([tmp_path / "in"])
    user.wait(lambda: any(layer.source.kind == "dicom" for layer in user.session.document.layers))
    user.rest()
    dialog = opened(user)
    assert not dialog.who.isVisible()
    write(user, dialog, tmp_path / "out")
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert (header.PatientName, header.PatientSex) == ("Doe^Jane", "F")
    assert header.StudyInstanceUID == slices[0].StudyInstanceUID


def test_what_is_rounded_is_said_and_must_be_agreed_to(user, tmp_path):
    show(user, image("float32"))
    dialog = opened(user)
    user.wait(lambda: any("floating-point" in line for line in dialog.card.lines))
    dialog.numbers.buttons[1].click()
    user.wait(lambda: any("largest difference" in line for line in dialog.card.lines))
    user.write("Folder", str(tmp_path / "out"), dialog)
    assert dialog.accept_loss.isVisible() and not dialog.go.isEnabled()
    dialog.accept_loss.click()
    assert dialog.go.isEnabled()
    user.click("Export", dialog)
    user.wait(lambda: dialog._job is None)
    assert len(list((tmp_path / "out").iterdir())) == 6


def test_labels_bring_their_image_along(user, tmp_path):
    array = np.zeros((6, 30, 40), np.uint8)
    array[2:4, 5:20, 5:20] = 1
    labels = LabelLayer("Organs", LabelMap(GRID, array, (Label(1, "Liver", "#E69F00"),)))
    show(user, image(), labels)
    dialog = opened(user)
    user.choose("What to export", "Organs (labels as segmentation and structure set)", dialog)
    dialog.what.chosen.emit(dialog.what.value())
    write(user, dialog, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"images", "segmentation.dcm", "structures.dcm"}
    seg = pydicom.dcmread(tmp_path / "out" / "segmentation.dcm")
    assert seg.SegmentSequence[0].SegmentLabel == "Liver" and int(seg.pixel_array.sum()) == 2 * 15 * 15


@pytest.mark.parametrize("named", [False, True])
def test_a_picture_names_the_patient_only_when_asked(named, user, tmp_path):
    show(user, image(patient_name="Doe, Jane", patient_id="42"))
    dialog = opened(user)
    user.choose("What to export", "Picture of the pane in use", dialog)
    dialog.what.chosen.emit(dialog.what.value())
    assert not dialog.identity.isChecked()
    if named:
        dialog.identity.click()
    write(user, dialog, tmp_path / "out")
    header = pydicom.dcmread(tmp_path / "out" / "picture.dcm")
    assert (header.PatientName, header.PatientID) == (("Doe^Jane", "42") if named else ("", ""))
    assert header.BurnedInAnnotation == "YES" and header.PhotometricInterpretation == "RGB"


def test_a_folder_that_is_there_and_a_wrong_number_are_said_before(user, tmp_path):
    show(user, image())
    dialog = opened(user)
    ready(user, dialog)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    user.write("Folder", str(tmp_path / "full"), dialog)
    assert "is there already" in dialog.card.lines[0] and not dialog.go.isEnabled()
    user.write("Folder", str(tmp_path / "new"), dialog)
    user.write("Series number", "x", dialog)
    assert "whole number" in dialog.card.lines[0] and not dialog.go.isEnabled()


def test_cancelling_leaves_nothing(user, tmp_path, monkeypatch):
    from pellucid.files import dicom_export

    go_on = Event()
    monkeypatch.setattr(dicom_export, "check_series", lambda *_args: go_on.wait(120))
    show(user, image())
    dialog = opened(user)
    user.write("Folder", str(tmp_path / "out"), dialog)
    ready(user, dialog)
    user.click("Export", dialog)
    job = dialog._job
    user.click("Close", dialog)
    go_on.set()
    user.wait(lambda: dialog._job is None and job.finished)
    user.wait(lambda: list(tmp_path.iterdir()) == [])
    assert "Cancelled" in dialog.card.lines[0]


def test_de_identification_is_a_tick_away_and_says_what_it_does_not(user, tmp_path):
    _stored, slices = stack(4, PatientName="Planted^Jane", PatientID="PLANTED7", StudyDate="20240229")
    save(tmp_path / "in", slices)
    user.session.open([tmp_path / "in"])
    user.wait(lambda: len(user.session.document.images) == 1 and not user.session.jobs.running)
    dialog = opened(user)
    ready(user, dialog)
    dialog.clean.click()
    assert any("Pixels stay" in said for said in dialog.card.lines)
    said = write(user, dialog, tmp_path / "out")
    assert "De-identified" in said and "attributes were changed" in said
    for path in (tmp_path / "out").iterdir():
        assert b"lanted" not in path.read_bytes() and b"PLANTED" not in path.read_bytes()
    assert pydicom.dcmread(tmp_path / "out" / "0001.dcm").PatientIdentityRemoved == "YES"


def test_nobody_is_asked_for_a_name_that_will_not_be_written(user):
    show(user, image())
    dialog = opened(user)
    ready(user, dialog)
    assert dialog.patient.isVisible()
    dialog.clean.click()
    assert not dialog.patient.isVisible()
    user.choose("What to export", "Picture of the pane in use", dialog)
    dialog.what.chosen.emit(dialog.what.value())
    assert not dialog.clean.isVisible() and dialog.identity.isVisible()


@pytest.mark.hazard("H34")
def test_the_folder_of_a_de_identified_export_is_not_called_after_the_layer(user, tmp_path):
    show(user, image())
    user.session.document.active_image.name = "Planted Jane"
    dialog = opened(user)
    ready(user, dialog)
    assert "Planted" in dialog.path.text()
    dialog.clean.click()
    assert "Planted" not in dialog.path.text() and dialog.path.text().endswith("De-identified DICOM")
    dialog.clean.click()
    assert "Planted" in dialog.path.text()
    dialog.path.setText(str(tmp_path / "chosen"))
    dialog.clean.click()
    assert dialog.path.text() == str(tmp_path / "chosen")  # what the user chose stays


def test_pixels_are_compressed_when_that_is_chosen(user, tmp_path):
    show(user, image())
    dialog = opened(user)
    ready(user, dialog)
    user.click("JPEG-LS", dialog)
    write(user, dialog, tmp_path / "out")
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert header.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.80"
    user.choose("What to export", "Picture of the pane in use", dialog)
    dialog.what.chosen.emit(dialog.what.value())
    assert not dialog.compression.isVisible()


def test_what_it_would_become_is_not_said_when_the_dialog_is_gone(user):
    show(user, image())
    close_before_the_answer(opened(user))
    user.wait(lambda: not user.session.jobs.running)


def test_what_was_put_in_place_before_the_dialog_went_stays(user, tmp_path):
    show(user, image())
    dialog = opened(user)
    user.write("Folder", str(tmp_path / "out"), dialog)
    ready(user, dialog)
    dialog._export()
    assert dialog._job.wait(PATIENCE)  # it is written, and cannot be called off any more
    close_before_the_answer(dialog)
    user.wait(lambda: not user.session.jobs.running)
    assert len(list((tmp_path / "out").iterdir())) == 6
