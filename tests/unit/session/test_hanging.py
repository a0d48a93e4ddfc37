"""Which layout suits what is opened: the tables, and what the session makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.dicom.writing.demo_series import write_series
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.view import Layout, Plane
from pellucid.model.volume import Acquisition
from pellucid.session import Session
from pellucid.session.hanging import PROJECTIONS, RULES, Candidate, hang_image, hang_study
from pellucid.settings import Settings


@pytest.mark.parametrize(
    ("image", "layout", "plane"),
    [
        (Candidate("CT"), Layout.QUAD, None),
        (Candidate("MR"), Layout.QUAD, None),
        (Candidate(""), Layout.QUAD, None),
        (Candidate("DX", planar=True), Layout.SINGLE, None),
        (Candidate("MG", planar=True), Layout.SINGLE, None),
        (Candidate("", planar=True), Layout.SINGLE, None),
        (Candidate("XA", planar=True, frames=40), Layout.SINGLE, None),
        (Candidate("US", frames=40), Layout.SINGLE, Plane.ACQUIRED),
        (Candidate("MR", frames=20), Layout.SINGLE, Plane.ACQUIRED),
    ],
)
def test_one_image(image, layout, plane):
    rule = hang_image(image)
    assert (rule.layout, rule.plane) == (layout, plane)


def test_every_image_finds_a_rule_and_every_rule_an_image():
    images = [Candidate(m, p, f) for m in (*PROJECTIONS, "CT", "") for p in (True, False) for f in (1, 5)]
    assert {hang_image(image).name for image in images} == {rule.name for rule in RULES}


def test_pet_and_ct_of_one_frame_of_reference_are_fused():
    scout = Candidate("CT", planar=True, frame_of_reference="1")
    small, large = (Candidate("CT", voxels=n, frame_of_reference="1") for n in (10, 20))
    pet, elsewhere = Candidate("PT", voxels=5, frame_of_reference="1"), Candidate("PT", frame_of_reference="2")
    hung = hang_study([scout, small, pet, large])
    assert hung.layout == Layout(1, 3) and hung.shared
    assert [shown for _, shown in hung.panes] == [(3,), (2,), (3, 2)]
    assert hang_study([large, elsewhere]) is None
    assert hang_study([scout, small, pet, large], at_once=True) is None


def mammogram(side, view):
    return Candidate("MG", planar=True, laterality=side, view=view)


def test_the_right_breast_hangs_left_of_the_left_one():
    images = [mammogram("L", "MLO"), mammogram("R", "CC"), mammogram("L", "CC"), mammogram("R", "MLO")]
    hung = hang_study(images, at_once=True)
    assert hung.layout == Layout.QUAD
    assert [images[n].laterality + images[n].view for n in hung.images] == ["RCC", "LCC", "RMLO", "LMLO"]


def test_mammograms_of_unknown_side_are_just_tiles():
    assert hang_study([mammogram("", ""), mammogram("", "")]).images == (0, 1)
    assert hang_study([mammogram("", "")] * 9) is None


# -------------------------------------------------------------------- in a session


def write(folder, modality, number, *, size=(16, 12, 6), study="1.2.840.1", extra=None):
    reference = "1.2.840.9"
    geometry = Geometry(size, (2.0, 2.0, 3.0), frame_of_reference=reference)
    who = Acquisition(
        modality=modality, patient_name="Nobody", patient_id="X", study_uid=study, series_number=str(number),
        series_description=f"{modality} {number}",
    )  # fmt: skip
    array = np.full(size[::-1], 10 * number, np.int16)
    name = f"{modality}{number}"
    return write_series(folder / name, array, geometry, who, seed=name, extra=extra or {})


@pytest.fixture
def session():
    session = Session(Settings())
    yield session
    session.close()


def opened(session, folder):
    session.open([folder])
    assert session.jobs.drain(120)


def shown(session, n):
    return [layer.name for layer in session.viewing.layers(session.view.panes[n])]


def test_a_projection_gets_one_pane_and_a_volume_four(session, tmp_path):
    write(tmp_path / "a", "DX", 1, size=(16, 12, 1))
    write(tmp_path / "b", "CT", 2)
    opened(session, tmp_path / "a")
    assert session.view.layout == Layout.SINGLE
    series = next(one for one in _scanned(session, tmp_path / "b") if one.modality == "CT")
    session.loading.load(series)
    assert session.jobs.drain(120)
    assert session.view.layout == Layout.QUAD


def _scanned(session, folder):
    session.library.scan([folder], lambda _found: None)
    assert session.jobs.drain(120)
    return session.library.series


def test_a_layout_chosen_by_hand_stays(session, tmp_path):
    write(tmp_path, "DX", 1, size=(16, 12, 1))
    session.arranging.choose(Layout(1, 2))
    opened(session, tmp_path)
    assert session.view.layout == Layout(1, 2)


def test_rules_can_be_switched_off(tmp_path):
    write(tmp_path, "DX", 1, size=(16, 12, 1))
    session = Session(Settings(hanging=False))
    before = session.view.layout
    opened(session, tmp_path)
    assert session.view.layout == before
    session.close()


def test_a_study_of_pet_and_ct_is_opened_side_by_side(session, tmp_path):
    write(tmp_path, "CT", 1)
    write(tmp_path, "PT", 2, size=(8, 6, 3))
    _scanned(session, tmp_path)
    session.open_study("1.2.840.1")
    assert session.jobs.drain(120)
    assert session.view.layout == Layout(1, 3)
    assert [shown(session, n) for n in range(3)] == [["CT 1"], ["PT 2"], ["CT 1", "PT 2"]]
    assert shown(session, 5) == ["CT 1", "PT 2"]
    session.view.crosshair = (10.0, 10.0, 9.0)
    assert all(session.viewing.position(pane) == (10.0, 10.0, 9.0) for pane in session.view.panes)


def test_what_lies_in_the_space_of_the_opened_series_is_offered(session, tmp_path):
    write(tmp_path, "CT", 1)
    write(tmp_path, "PT", 2, size=(8, 6, 3))
    offers = []
    session.offer.connect(lambda *offer: offers.append(offer))
    session.arranging.choose(Layout(1, 2))
    opened(session, tmp_path)
    [(sentence, _words, accept)] = offers
    assert "PT 2" in sentence
    assert [layer.name for layer in session.document.layers] == ["CT 1"]
    accept()
    assert session.jobs.drain(120)
    assert session.view.layout == Layout(1, 3)
    assert [shown(session, n) for n in range(3)] == [["CT 1"], ["PT 2"], ["CT 1", "PT 2"]]


def test_nothing_is_offered_where_the_spaces_differ(session, tmp_path):
    write(tmp_path, "CT", 1)
    write(tmp_path, "CT", 2)
    session.offer.connect(pytest.fail)
    opened(session, tmp_path)


def test_the_planes_of_a_hung_study_go_with_it(session, tmp_path):
    write(tmp_path, "CT", 1)
    write(tmp_path, "PT", 2, size=(8, 6, 3))
    ct = next(one for one in _scanned(session, tmp_path) if one.modality == "CT")
    session.open_study("1.2.840.1")
    assert session.jobs.drain(120)
    session.arranging.choose(Layout.QUAD)
    session.loading.load(ct)
    assert session.jobs.drain(120)
    three = [Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL]
    assert [(pane.plane, pane.information) for pane in session.view.panes[:3]] == [(plane, False) for plane in three]
    assert session.view.panes[3].information


def test_what_lies_elsewhere_is_seen_straight_and_in_slices(session, tmp_path):
    write(tmp_path / "a", "CT", 1)
    opened(session, tmp_path / "a")
    turn = (0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    session.view.rotation, session.view.panes[0].slab = turn, 20.0
    session.loading.load(session.library.series[0])
    assert session.jobs.drain(120)
    assert (session.view.rotation, session.view.panes[0].slab) == (turn, 20.0)
    session.close_all()
    opened(session, tmp_path / "a")
    assert (session.view.rotation, session.view.panes[0].slab) == (IDENTITY, 0.0)


def test_mammograms_are_hung_as_soon_as_their_folder_is_opened(session, tmp_path):
    for number, (side, view) in enumerate((("L", "CC"), ("R", "CC")), 1):
        extra = {"ImageLaterality": side, "ViewPosition": view}
        write(tmp_path, "MG", number, size=(16, 12, 1), extra=extra)
    opened(session, tmp_path)
    assert session.view.layout == Layout(1, 2)
    assert [shown(session, n) for n in range(2)] == [["MG 2"], ["MG 1"]]
    assert shown(session, 5) == []


def test_a_study_without_a_rule_opens_its_largest_series(session, tmp_path):
    write(tmp_path, "CT", 1)
    write(tmp_path, "CT", 2, size=(16, 12, 9))
    _scanned(session, tmp_path)
    session.open_study("1.2.840.1")
    assert session.jobs.drain(120)
    assert [layer.name for layer in session.document.layers] == ["CT 2"]
