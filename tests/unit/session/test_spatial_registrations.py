"""DICOM registrations in a session: the right image goes to the right place, is offered, written, and refused."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.dicom.spatial_registration import SpatialRegistration, read
from pellucid.dicom.writing.registrations import Referenced, encode
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.layer import Source
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.session import Session
from pellucid.session.opening import Loaded
from pellucid.session.placements import linear_placement

CT, MR = "1.2.3.1", "1.2.3.2"
TURN = np.array([[0.0, -1, 0, 10], [1, 0, 0, 20], [0, 0, 1, 30], [0, 0, 0, 1]])
"""Takes (1, 2, 3) of the MR to (8, 21, 33) of the CT."""
CT_GRID = Geometry((40, 40, 20), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), frame_of_reference=CT)
MR_GRID = Geometry((20, 20, 12), (1.0, 1.0, 1.0), (-5.0, -5.0, 0.0), frame_of_reference=MR)


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


def put(session, name, geometry, landmark=None):
    array = np.zeros(geometry.size[::-1], np.int16)
    if landmark is not None:
        x, y, z = (int(n) for n in geometry.world_to_index(landmark))
        array[z, y, x] = 100
    volume = Volume(image_from_array(array, geometry), geometry, acquisition=Acquisition(modality="MR"))
    return session.loading.add(Loaded((volume,), (0.0, 100.0), name, Source()), replace=False)


def test_a_landmark_of_the_moving_image_comes_to_its_place_on_the_fixed_one(session):
    ct, mr = put(session, "CT", CT_GRID), put(session, "MR", MR_GRID, landmark=(1, 2, 3))
    assert session.consenting.question is not None
    session.spatial_registrations.apply(SpatialRegistration(CT, {MR: TURN}, "Planning"))
    assert mr.placed.value_at((8, 21, 33)) == 100 and ct.placement is None
    assert mr.placement.title == "Planning" and session.consenting.question is None
    session.undo()
    assert mr.placement is None


def test_the_lowest_image_stays_also_where_it_is_not_the_registered_one(session):
    mr, ct = put(session, "MR", MR_GRID), put(session, "CT", CT_GRID, landmark=(8, 21, 32))
    session.spatial_registrations.apply(SpatialRegistration(CT, {MR: TURN}))
    assert mr.placement is None and ct.placed.value_at((1, 2, 2)) == 100


def test_a_registration_of_others_is_refused(session):
    put(session, "CT", CT_GRID)
    put(session, "MR", MR_GRID)
    with pytest.raises(Refused, match="does not tie"):
        session.spatial_registrations.apply(SpatialRegistration("7.7", {"8.8": TURN}))


def test_one_that_lies_beside_the_series_is_offered(session, tmp_path):
    encode(tmp_path / "a.dcm", np.linalg.inv(TURN), Referenced(CT), Referenced(MR), Acquisition(), "Planning")
    offers = []
    session.offer.connect(lambda *given: offers.append(given))
    session.library.scan([tmp_path], lambda _found: None)
    assert session.jobs.drain(120)
    put(session, "CT", CT_GRID)
    mr = put(session, "MR", MR_GRID, landmark=(1, 2, 3))
    assert session.jobs.drain(120)
    ((sentence, words, do),) = offers
    assert "a.dcm" in sentence and "“MR” to “CT”" in sentence and words == "Apply the registration"
    do()
    assert mr.placed.value_at((8, 21, 33)) == 100


def test_what_was_placed_is_written_and_read_back(session, tmp_path):
    ct, mr = put(session, "CT", CT_GRID), put(session, "MR", MR_GRID)
    session.placing.put(mr, linear_placement(np.linalg.inv(TURN), ct.geometry, "By hand"))
    told = []
    session.notice.connect(lambda *given: told.append(given))
    session.spatial_registrations.save(mr, tmp_path / "out.dcm")
    assert session.jobs.drain(120)
    assert [severity for _, severity in told] == ["info"]
    found = read(tmp_path / "out.dcm")
    assert found.between(CT, MR) == pytest.approx(np.linalg.inv(TURN)) and found.title == "By hand"
    assert not list(tmp_path.glob(".pellucid*"))


def test_what_cannot_be_written_is_refused_in_words(session, tmp_path):
    ct, mr = put(session, "CT", CT_GRID), put(session, "MR", MR_GRID)
    other = put(session, "CT 2", CT_GRID)
    with pytest.raises(Refused, match="Register the active image first"):
        session.spatial_registrations.save(mr, tmp_path / "out.dcm")
    session.placing.put(other, linear_placement(TURN, ct.geometry))
    with pytest.raises(Refused, match="one frame of reference"):
        session.spatial_registrations.save(other, tmp_path / "out.dcm")
    plain = put(session, "NIfTI", Geometry((9, 9, 9)))
    session.placing.put(plain, linear_placement(TURN, ct.geometry))
    with pytest.raises(Refused, match="states none"):
        session.spatial_registrations.save(plain, tmp_path / "out.dcm")
