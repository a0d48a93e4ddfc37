"""Which layers each pane shows, and how panes go together: rules without a display."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.model.geometry import Geometry, same_world
from pellucid.model.labels import LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer, Provenance, Source
from pellucid.model.view import Plane
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.session import Session
from pellucid.session.linking import OFFSET, OWN, UNKNOWN
from pellucid.session.loading import Place
from pellucid.session.opening import Loaded

CT_GRID = Geometry((20, 16, 12), (1.0, 1.0, 2.0), (-10.0, -8.0, 0.0), frame_of_reference="1.2.3")
PT_GRID = Geometry((10, 8, 6), (2.0, 2.0, 4.0), (-10.0, -8.0, 0.0), frame_of_reference="1.2.3")
MR_GRID = Geometry((20, 16, 12), (1.0, 1.0, 2.0), (300.0, 200.0, 100.0), frame_of_reference="9.9")


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


def loaded(name, geometry, modality="CT", unit="HU"):
    array = np.zeros(geometry.size[::-1], np.int16)
    volume = Volume(image_from_array(array, geometry), geometry, unit, acquisition=Acquisition(modality=modality))
    return Loaded((volume,), (0.0, 100.0), name, Source())


def common(session, name, geometry, **facts):
    return session.loading.add(loaded(name, geometry, **facts), replace=False)


def into(session, pane, name, geometry, *, overlay=False, **facts):
    return session.loading.add(loaded(name, geometry, **facts), replace=False, place=Place(pane, overlay))


def names(session, pane):
    return [layer.name for layer in session.viewing.layers(pane)]


# -------------------------------------------------------------------- what is shown


def test_a_layer_given_to_a_pane_is_shown_there_alone(session):
    first, second, third, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    into(session, second, "MR", MR_GRID)
    assert (names(session, first), names(session, second), names(session, third)) == (["CT"], ["MR"], ["CT"])


def test_undo_and_redo_of_adding_leave_panes_valid(session):
    pane = session.view.panes[1]
    common(session, "CT", CT_GRID)
    into(session, pane, "MR", MR_GRID)
    session.undo()
    assert names(session, pane) == ["CT"] and pane.position is None
    session.redo()
    assert names(session, pane) == ["MR"] and names(session, session.view.panes[0]) == ["CT"]
    assert session.viewing.position(pane) == pytest.approx(MR_GRID.index_to_world((9, 7, 5)))


def test_a_pane_whose_series_went_shows_everything_again(session):
    pane = session.view.panes[1]
    ct = common(session, "CT", CT_GRID)
    mr = into(session, pane, "MR", MR_GRID)
    session.remove(mr)
    assert names(session, pane) == ["CT"]
    session.undo()
    session.remove(ct)
    assert names(session, session.view.panes[0]) == [] and session.viewing.frame(session.view.panes[0]) is None
    session.close_all()
    assert session.view.apart == () and pane.shows == ()


def test_labels_are_shown_with_the_images_they_lie_on(session):
    first, second, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    into(session, second, "MR", MR_GRID)
    for name, grid in (("on CT", CT_GRID), ("on MR", MR_GRID)):
        layer = LabelLayer(name, LabelMap(grid, np.zeros(grid.size[::-1], np.uint8)))
        session.document.insert(len(session.document), layer)
    assert names(session, first) == ["CT", "on CT"] and names(session, second) == ["MR", "on MR"]


def test_what_is_computed_from_an_image_apart_is_shown_where_that_is(session):
    first, second, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    mr = into(session, second, "MR", MR_GRID)
    session.document.active = mr
    result = ImageLayer("MR smooth", mr.frames, provenance=(Provenance("smoothing.gaussian"),))
    session.document.insert(2, result)
    assert names(session, first) == ["CT"] and names(session, second) == ["MR", "MR smooth"]


def test_overlaying_in_a_pane_of_its_own_and_in_a_common_one(session):
    first, second, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    into(session, second, "MR", MR_GRID)
    into(session, second, "MR map", MR_GRID, overlay=True)
    into(session, first, "PET", PT_GRID, overlay=True, modality="PT")
    assert names(session, second) == ["MR", "MR map"] and names(session, first) == ["CT", "PET"]


def test_an_image_can_be_shown_in_several_panes_and_everything_again(session):
    first, second, *_ = session.view.panes
    ct, pet = common(session, "CT", CT_GRID), common(session, "PET", PT_GRID, modality="PT")
    session.viewing.show(first, ct)
    session.viewing.show(second, pet)
    assert (names(session, first), names(session, second)) == (["CT"], ["PET"])
    assert names(session, session.view.panes[2]) == ["CT", "PET"]
    session.viewing.show_all(second)
    assert names(session, second) == ["CT", "PET"]


def test_turning_to_a_pane_makes_its_image_active(session):
    first, second, *_ = session.view.panes
    ct = common(session, "CT", CT_GRID)
    mr = into(session, second, "MR", MR_GRID)
    assert session.document.active is mr
    session.viewing.make_active(first)
    assert session.document.active is ct
    session.viewing.make_active(session.view.panes[2])
    assert session.document.active is ct


# -------------------------------------------------------------------- worlds and positions


def test_worlds():
    nifti, other = Geometry((4, 4, 4)), Geometry((5, 5, 5))
    picture = Geometry((4, 4, 1), oriented=False)
    assert same_world(CT_GRID, PT_GRID) and not same_world(CT_GRID, MR_GRID)
    assert same_world(nifti, other)
    assert not same_world(nifti, MR_GRID)
    assert same_world(picture, Geometry((4, 4, 1), oriented=False))
    assert not same_world(picture, Geometry((6, 4, 1), oriented=False))


def test_one_frame_of_reference_is_linked_by_world_position(session):
    first, second, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    into(session, second, "PET", PT_GRID, modality="PT")
    session.viewing.move_to(second, (1.0, 2.0, 8.0))
    assert session.view.crosshair == (1.0, 2.0, 8.0) == session.viewing.position(first)
    second.plane = Plane.AXIAL
    frame = session.viewing.frame(second)
    assert frame.slice_index(session.viewing.position(second)) == 2
    assert session.linking.state(second).position and not session.linking.state(second).note


def test_another_frame_of_reference_goes_its_own_way_and_says_so(session):
    first, second, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    into(session, second, "MR", MR_GRID)
    start = session.viewing.position(second)
    session.viewing.move_to(first, (0.0, 0.0, 4.0))
    assert session.viewing.position(second) == start
    session.viewing.move_to(second, (301.0, 201.0, 102.0))
    assert session.view.crosshair == (0.0, 0.0, 4.0)
    assert session.linking.state(first).note == ""
    assert session.linking.state(second).note == OWN and not session.linking.state(second).position


def test_a_picture_that_states_no_frame_of_reference_says_so(session):
    second = session.view.panes[1]
    common(session, "CT", CT_GRID)
    into(session, second, "Picture", Geometry((8, 8, 1), oriented=False), modality="")
    assert session.linking.state(second).note == UNKNOWN


def test_tied_panes_go_along_by_the_offset_both_ways(session):
    first, second, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    into(session, second, "MR", MR_GRID)
    session.viewing.move_to(first, (0.0, 0.0, 4.0))
    session.viewing.move_to(second, (305.0, 205.0, 110.0))
    session.linking.tie(second, True)
    assert session.linking.state(second).note == OFFSET
    session.viewing.move_to(first, (0.0, 1.0, 8.0))
    assert session.viewing.position(second) == (305.0, 206.0, 114.0)
    session.viewing.move_to(second, (305.0, 206.0, 112.0))
    assert session.view.crosshair == (0.0, 1.0, 6.0)
    assert session.viewing.position(second) == (305.0, 206.0, 112.0)


def test_groups_have_points_of_their_own(session):
    _, second, third, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    for pane in (second, third):
        session.linking.set_group(pane, "B")
    before = session.view.crosshair
    session.viewing.move_to(second, (1.0, 1.0, 10.0))
    assert session.view.crosshair == before
    assert session.viewing.position(third) == (1.0, 1.0, 10.0)
    session.linking.set_group(third, "")
    session.viewing.move_to(second, (2.0, 2.0, 12.0))
    assert session.viewing.position(third) == (1.0, 1.0, 10.0)
    session.linking.set_group(third, "A")
    assert session.viewing.position(third) == before


def test_the_first_pane_of_a_group_stays_where_it_is(session):
    common(session, "CT", CT_GRID)
    pane, here = session.view.panes[1], session.view.crosshair
    session.linking.set_group(pane, "C")
    assert session.viewing.position(pane) == here


def test_positions_can_be_unlinked_and_linked_again(session):
    first, second, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    session.linking.set_part("A", "position", False)
    session.viewing.move_to(first, (0.0, 0.0, 4.0))
    session.viewing.move_to(second, (3.0, 3.0, 12.0))
    assert session.viewing.position(first) == (0.0, 0.0, 4.0)
    session.linking.set_part("A", "position", True, like=second)
    assert session.viewing.position(first) == session.viewing.position(second) == (3.0, 3.0, 12.0)
    assert first.position is None


def test_centring_centres_every_pane_in_what_it_shows(session):
    _, second, third, fourth, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    into(session, second, "MR", MR_GRID)
    session.linking.set_group(third, "")
    session.linking.set_group(fourth, "C")
    for pane in (second, third, fourth):
        session.viewing.move_to(pane, (0.0, 0.0, 0.0))
    session.centre_crosshair()
    middle = pytest.approx(CT_GRID.index_to_world((9, 7, 5)))
    assert session.viewing.position(third) == session.viewing.position(fourth) == middle
    assert session.viewing.position(second) == pytest.approx(MR_GRID.index_to_world((9, 7, 5)))


def test_a_group_goes_where_its_first_pane_goes(session):
    first, second, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    mr = into(session, second, "MR", MR_GRID)
    session.viewing.move_to(second, (305.0, 205.0, 110.0))
    session.viewing.show(first, mr)
    assert session.viewing.position(first) == session.viewing.position(second) == (305.0, 205.0, 110.0)


# -------------------------------------------------------------------- zoom and window


def zoomed(session, pane, scale, centre):
    pane.centre, pane.scale = centre, scale


def test_linked_zoom_has_the_same_scale_and_the_same_world_in_the_middle(session):
    first, second, third, *_ = session.view.panes
    second.plane, third.plane = Plane.AXIAL, Plane.SAGITTAL
    common(session, "CT", CT_GRID)
    moved = Geometry((10, 8, 6), (2.0, 2.0, 4.0), (-40.0, 12.0, 0.0), frame_of_reference="1.2.3")
    into(session, second, "PET", moved, modality="PT")
    session.linking.set_part("A", "zoom", True)
    for pane in (first, second, third):
        pane.fit, pane.fit_centre = 2.0, (5.0, 5.0)
    zoomed(session, first, 6.0, (3.0, 4.0))
    here, there = session.viewing.frame(first), session.viewing.frame(second)
    assert second.scale == 6.0
    assert there.world_at(*second.centre, 0)[:2] == pytest.approx(here.world_at(3.0, 4.0, 0)[:2])
    assert third.scale == 6.0 and third.centre == (5.0, 5.0)
    first.scale = 0.0
    assert second.scale == 0.0 == third.scale


def test_zoom_of_another_world_follows_by_the_same_step(session):
    first, second, *_ = session.view.panes
    second.plane = Plane.AXIAL
    common(session, "CT", CT_GRID)
    into(session, second, "MR", MR_GRID)
    session.linking.set_part("A", "zoom", True)
    first.fit, second.fit, second.fit_centre = 2.0, 3.0, (1.0, 1.0)
    zoomed(session, first, 4.0, (0.0, 0.0))
    zoomed(session, first, 4.0, (2.0, -3.0))
    assert second.scale == pytest.approx(6.0)
    assert second.centre == pytest.approx((3.0, -2.0))


def test_zoom_is_not_linked_at_first(session):
    common(session, "CT", CT_GRID)
    zoomed(session, session.view.panes[0], 4.0, (0.0, 0.0))
    assert session.view.panes[1].scale == 0.0


def test_linked_windows_change_images_of_one_modality_and_unit(session):
    first, second, third, *_ = session.view.panes
    ct = common(session, "CT", CT_GRID)
    other = into(session, second, "CT 2", MR_GRID)
    pet = into(session, third, "PET", PT_GRID, modality="PT", unit="SUV")
    ct.display.level = 10.0
    assert other.display.level == 50.0
    session.linking.set_part("A", "window", True, like=first)
    assert other.display.level == 10.0
    ct.display.set_limits(-160.0, 240.0)
    assert other.display.limits == (-160.0, 240.0) and pet.display.limits == (0.0, 100.0)
    other.display.width = 77.0
    assert ct.display.width == 77.0
    session.linking.set_group(second, "B")
    ct.display.width = 55.0
    assert other.display.width == 77.0


def test_links_panes_and_layers_apart_are_kept_in_the_saved_work(session, tmp_path):
    first, second, *_ = session.view.panes
    common(session, "CT", CT_GRID)
    into(session, second, "MR", MR_GRID)
    session.linking.set_part("A", "zoom", True)
    session.linking.set_group(session.view.panes[2], "B")
    session.viewing.move_to(second, (305.0, 205.0, 110.0))
    session.linking.tie(second, True)
    zoomed(session, first, 4.0, (1.0, 2.0))
    point = session.view.crosshair
    session.saving.save(tmp_path / "work.pellucid")
    assert session.jobs.drain(120)
    again = Session()
    again.saving.open_workspace(tmp_path / "work.pellucid")
    assert again.jobs.drain(120)
    one, two, three, *_ = again.view.panes
    assert names(again, one) == ["CT"] and names(again, two) == ["MR"]
    assert two.tied and again.viewing.position(two) == (305.0, 205.0, 110.0)
    assert again.view.link("A").zoom and three.group == "B" and again.view.crosshair == point
    assert (one.scale, one.centre) == (4.0, (1.0, 2.0))
    again.viewing.move_to(one, (point[0], point[1], point[2] + 2))
    assert again.viewing.position(two) == (305.0, 205.0, 112.0)
    again.close()
