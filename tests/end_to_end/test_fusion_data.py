"""PET over CT, MR over CT and DICOM registrations on real images, in the real window."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from pellucid.model.annotations import Kind
from pellucid.model.shapes import on_plane, vector
from pellucid.ui.canvas.fused_texts import overlay_doubts

pytestmark = [pytest.mark.data, pytest.mark.qt_log_ignore("does not support")]


def opened(user, folder):
    user.session.open([folder])
    user.rest(0.4)
    return user.session.document.images[-1]


def add(user, folder):
    user.session.library.scan([folder], lambda found: user.session.loading.load(found.series[0], replace=False))
    user.rest(0.4)
    return user.session.document.images[-1]


def factor(folder):
    """Return SUV per Bq/ml by the formula of the standard, from the header."""
    header = pydicom.dcmread(next(folder.glob("*.dcm")), stop_before_pixels=True)
    drug = header.RadiopharmaceuticalInformationSequence[0]
    clock = [str(one)[:6] for one in (drug.RadiopharmaceuticalStartTime, header.SeriesTime)]
    given, scanned = (int(one[:2]) * 3600 + int(one[2:4]) * 60 + int(one[4:6]) for one in clock)
    left = float(drug.RadionuclideTotalDose) * 2 ** -((scanned - given) / float(drug.RadionuclideHalfLife))
    return float(header.PatientWeight) * 1000 / left


def test_pet_over_ct_tells_hu_and_suv_of_one_region(user, data_dir):
    folder = data_dir / "ct_pet_acrin042"
    ct, pet = opened(user, folder / "CT"), add(user, folder / "PT_AC")
    assert user.window.fusion_bar.isVisible() and not user.window.frames_bar.isVisible()
    assert pet.display.limits == pytest.approx((0, 10 / factor(folder / "PT_AC")), rel=1e-6)
    z, y, x = np.unravel_index(int(pet.volume.array.argmax()), pet.volume.array.shape)
    hottest = pet.geometry.index_to_world((x, y, z))
    user.session.view.crosshair = vector(hottest)
    user.rest()
    frame = user.session.viewing.frame(user.session.view.panes[0])
    u, v = frame.plane_coordinates(hottest)
    index = frame.slice_index(hottest)
    corners = tuple(vector(frame.world_at(u + d, v + d, index)) for d in (-12.0, 12.0))
    region = on_plane(Kind.RECTANGLE, corners, frame, layer=ct.id)
    user.session.measuring.add(region)
    ((layer, fused),) = user.session.measuring.fused_readings(region)
    assert layer is pet and fused.unit == "SUVbw"
    assert fused.statistics[0].maximum == pytest.approx(float(pet.volume.array.max()) * factor(folder / "PT_AC"))
    assert fused.statistics[0].mean < fused.statistics[0].peak < fused.statistics[0].maximum
    own = user.session.measuring.reading(region)
    at = ct.geometry.world_to_index(np.array(corners))
    (x0, y0), (x1, y1) = np.ceil(at.min(axis=0)[:2]).astype(int), np.floor(at.max(axis=0)[:2]).astype(int)
    values = ct.volume.array[round(float(at[0, 2])), y0 : y1 + 1, x0 : x1 + 1]
    assert (own.unit, own.statistics[0].mean) == ("HU", pytest.approx(values.mean()))


def test_mr_over_ct_of_one_frame_of_reference(user, data_dir):
    folder = data_dir / "ct_pet_mr_sts002" / "dicom"
    ct, mr = opened(user, folder / "CT" / "image"), add(user, folder / "MR_T1" / "image")
    assert user.session.consenting.question is None
    user.window.actions_table.by_id["fusion.fuse"].trigger()
    user.rest()
    assert user.session.fusing.pair() == (ct, mr) and mr.opacity == 0.5
    pet = add(user, folder / "PET" / "image")
    values = dict(user.session.looking.values_at(user.session.view.crosshair))
    assert values[ct.name].endswith(" HU") and values[pet.name].endswith(" SUVbw")


def test_a_registration_brings_another_frame_of_reference_over_the_ct(user, data_dir, tmp_path, monkeypatch):
    ct, mr = opened(user, data_dir / "ct_pet_acrin042" / "CT"), add(user, data_dir / "mr_t1_3d")
    pane = user.session.view.panes[0]
    assert user.window.frames_bar.isVisible() and user.session.viewing.layers(pane) == (ct,)
    centres = [grid.index_to_world(np.array(grid.size) / 2) for grid in (ct.geometry, mr.geometry)]
    header = pydicom.Dataset()
    header.file_meta = pydicom.dataset.FileMetaDataset()
    header.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    header.SOPClassUID, header.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.66.1", "1.2.3"
    header.Modality, header.FrameOfReferenceUID = "REG", ct.geometry.frame_of_reference
    item, group, entry = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    matrix = np.eye(4)  # centre to centre: takes points of the MR to those of the CT
    matrix[:3, 3] = centres[0] - centres[1]
    entry.FrameOfReferenceTransformationMatrixType = "RIGID"
    entry.FrameOfReferenceTransformationMatrix = [f"{n:.8g}" for n in matrix.ravel()]
    group.MatrixSequence, item.MatrixRegistrationSequence = [entry], [group]
    item.FrameOfReferenceUID = mr.geometry.frame_of_reference
    header.RegistrationSequence = [item]
    header.save_as(tmp_path / "reg.dcm", enforce_file_format=True)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "reg.dcm"), ""))
    user.window.actions_table.by_id["registration.load_dicom"].trigger()
    user.rest()
    assert not user.window.frames_bar.isVisible() and user.session.viewing.layers(pane) == (ct, mr)
    x, y, z = np.array(mr.volume.geometry.size) // 2
    own = mr.volume.geometry.index_to_world((x, y, z))
    assert mr.placed.value_at(own + matrix[:3, 3]) == mr.volume.array[z, y, x]
    user.session.document.active = mr
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "ours"), ""))
    user.window.actions_table.by_id["registration.save_dicom"].trigger()
    user.rest()
    ours = pydicom.dcmread(tmp_path / "ours.dcm")
    stored = ours.RegistrationSequence[1].MatrixRegistrationSequence[0].MatrixSequence[0]
    assert [float(n) for n in stored.FrameOfReferenceTransformationMatrix] == pytest.approx(
        matrix.ravel(), abs=1e-5)  # fmt: skip
    assert len(ours.RegistrationSequence[1].ReferencedImageSequence) == len(mr.source.paths)


def test_consent_overlays_and_says_so(user, data_dir):
    ct, mr = opened(user, data_dir / "ct_pet_acrin042" / "CT"), add(user, data_dir / "mr_t1_3d")
    QTest.mouseClick(user.window.frames_bar.anyway, Qt.MouseButton.LeftButton)
    user.rest()
    pane = user.window.canvas.shown_panes()[0]
    assert user.session.viewing.layers(pane.state) == (ct, mr) and "Unregistered overlay" in overlay_doubts(pane)
