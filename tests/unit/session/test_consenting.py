"""What may lie on each other: frames of reference, consent, registration; without a display."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.files.workspace_document import capture, restore_view
from pellucid.model.compare import CompareMode
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer, Source
from pellucid.model.view import Layout, ViewState
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.session.consenting import are_strangers
from pellucid.session.loading import Place
from pellucid.session.opening import Loaded
from pellucid.session.placements import linear_placement

CT = Geometry((20, 16, 12), (1.0, 1.0, 2.0), (-10.0, -8.0, 0.0), frame_of_reference="1.2.3")
PT = Geometry((10, 8, 6), (2.0, 2.0, 4.0), (-10.0, -8.0, 0.0), frame_of_reference="1.2.3")
MR = Geometry((20, 16, 12), (1.0, 1.0, 2.0), (300.0, 200.0, 100.0), frame_of_reference="9.9")
NIFTI = Geometry((5, 5, 5))
PICTURE = Geometry((9, 9, 1), known_spacing=(False, False, False), oriented=False)


def add(session, name, geometry, *, place=None, modality="CT", value=0):
    array = np.full(geometry.size[::-1], value, np.int16)
    volume = Volume(image_from_array(array, geometry), geometry, "HU", acquisition=Acquisition(modality=modality))
    return session.loading.add(Loaded((volume,), (0.0, 100.0), name, Source()), replace=False, place=place)


def names(session, pane=None):
    return [layer.name for layer in session.viewing.layers(pane or session.view.panes[0])]


@pytest.mark.parametrize(
    ("one", "other", "strangers"),
    [
        (CT, PT, False),
        (CT, MR, True),
        (CT, NIFTI, True),
        (NIFTI, replace(NIFTI, spacing=(2.0, 2.0, 2.0)), False),
        (CT, replace(CT, frame_of_reference=""), False),
        (PICTURE, replace(PICTURE, size=(20, 20, 1)), False),
        (PICTURE, CT, True),
        (PICTURE, replace(CT, oriented=False, frame_of_reference=""), True),
    ],
)
def test_who_is_a_stranger(one, other, strangers):
    assert are_strangers(one, other) is are_strangers(other, one) is strangers


@pytest.mark.hazard("H44")
def test_a_stranger_is_not_drawn_over_an_image_before_the_user_says_so(session):
    ct, pet, mr = (add(session, *given) for given in (("CT", CT), ("PET", PT), ("MR", MR)))
    assert names(session) == ["CT", "PET"]
    question = session.consenting.question
    assert (question.below, question.above) == (ct, mr) and "different frames of reference" in question.says
    session.consenting.consent(question.below, question.above)
    assert names(session) == ["CT", "PET", "MR"] and session.consenting.question is None
    doubtful = session.consenting.doubtful(session.viewing.layers(session.view.panes[0]))
    assert [one.above for one in doubtful] == [mr]
    assert session.consenting.is_consented(pet, mr)  # the same two worlds
    session.consenting.withdraw()
    assert names(session) == ["CT", "PET"] and session.consenting.question is not None


@pytest.mark.hazard("H44")
def test_an_image_dropped_over_a_pane_is_asked_about_as_well(session):
    first, second, *_ = session.view.panes
    add(session, "CT", CT)
    add(session, "CT 2", CT, place=Place(second))
    mr = add(session, "MR", MR, place=Place(second, over=True))
    assert names(session, second) == ["CT 2"] and names(session, first) == ["CT"]
    assert session.consenting.question.above is mr


def test_left_out_it_is_not_asked_again_until_the_user_wants(session):
    add(session, "CT", CT)
    add(session, "MR", MR)
    session.consenting.dismiss(session.consenting.question)
    assert session.consenting.question is None and names(session) == ["CT"]
    session.consenting.ask_again()
    assert session.consenting.question is not None


def test_beside_it_has_a_pane_of_its_own(session):
    add(session, "CT", CT)
    mr = add(session, "MR", MR)
    session.arranging.choose(Layout(1, 2))
    session.consenting.show_beside(session.consenting.question)
    first, second = session.view.shown
    assert (names(session, first), names(session, second)) == (["CT"], ["MR"])
    assert session.consenting.question is None
    assert MR.contains(mr.geometry.world_to_index(session.viewing.position(second)))


def test_a_registration_settles_it(session):
    ct = add(session, "CT", CT)
    mr = add(session, "MR", MR)
    matrix = np.eye(4)
    matrix[:3, 3] = np.subtract(MR.origin, CT.origin)
    session.placing.put(mr, linear_placement(matrix, ct.geometry))
    assert names(session) == ["CT", "MR"] and session.consenting.question is None
    assert session.consenting.doubtful(session.viewing.layers(session.view.panes[0])) == []
    session.undo()
    assert names(session) == ["CT"] and session.consenting.question.above is mr


def test_without_the_other_it_is_seen_where_it_lies(session):
    ct = add(session, "CT", CT)
    mr = add(session, "MR", MR)
    ct.visible = False
    pane = session.view.panes[0]
    assert names(session) == ["MR"]
    assert MR.contains(mr.geometry.world_to_index(session.viewing.position(pane)))
    ct.visible = True
    assert names(session) == ["CT"]
    assert CT.contains(ct.geometry.world_to_index(session.viewing.position(pane)))


def test_values_of_strangers_are_not_told_together(session):
    ct = add(session, "CT", CT, value=7)
    mr = add(session, "MR", replace(CT, frame_of_reference="9.9"), value=9)
    pane, world = session.view.panes[0], (0.0, 0.0, 10.0)
    told = session.looking.values_at(world, layers=session.consenting.told_with(pane))
    assert told == [("CT", "7 HU")]
    session.consenting.consent(ct, mr)
    told = session.looking.values_at(world, layers=session.consenting.told_with(pane))
    assert told == [("MR", "9 HU"), ("CT", "7 HU")]


def test_labels_of_another_frame_stay_away(session):
    ct = add(session, "CT", CT)
    grid = replace(CT, frame_of_reference="9.9", origin=(0.0, 0.0, 0.0))
    labels = LabelLayer("Organs", LabelMap(grid, np.zeros(grid.size[::-1], np.uint8)))
    session.document.insert(1, labels)
    assert names(session) == ["CT"] and session.consenting.question.above is labels
    with pytest.raises(Refused, match="on their image"):
        session.consenting.show_beside(session.consenting.question)
    session.consenting.consent(ct, labels)
    assert names(session) == ["CT", "Organs"]


def test_labels_go_with_their_image_and_are_no_question_of_their_own(session):
    add(session, "CT", CT)
    mr = add(session, "MR", MR)
    session.document.insert(2, LabelLayer("Tumour", LabelMap(MR, np.zeros(MR.size[::-1], np.uint8))))
    assert [one.above for one in session.consenting.withheld(session.view.panes[0])] == [mr]


def test_a_picture_is_refused_in_words(session):
    ct = add(session, "CT", CT)
    picture = add(session, "Slide", PICTURE)
    question = session.consenting.question
    assert not question.may_consent and "picture" in question.says
    with pytest.raises(Refused, match="picture"):
        session.consenting.consent(ct, picture)
    with pytest.raises(Refused, match="picture"):
        session.comparing.start(CompareMode.SWIPE)


def test_consent_to_an_overlay_is_consent_to_comparing_and_back(session):
    ct, mr = add(session, "CT", CT), add(session, "MR", MR)
    asked = []
    session.comparing.asked.connect(asked.append)
    session.comparing.start(CompareMode.SWIPE)
    assert session.view.compare is None and len(asked) == 1
    session.comparing.consent()
    assert session.view.compare is not None and session.view.consented == ((ct.id, mr.id),)
    assert names(session) == ["CT", "MR"]


def test_consent_is_kept_with_the_work_and_goes_when_all_is_closed(session):
    ct, mr = add(session, "CT", CT), add(session, "MR", MR)
    session.consenting.consent(ct, mr)
    state, view = capture(session.document, session.view), ViewState()
    restore_view(state, view)
    assert view.consented == ((ct.id, mr.id),)
    session.close_all()
    assert session.view.consented == ()


def test_the_image_layer_of_a_removed_stranger_leaves_no_question(session):
    add(session, "CT", CT)
    mr = add(session, "MR", MR)
    assert isinstance(mr, ImageLayer)
    session.remove(mr)
    assert session.consenting.question is None
    session.undo()
    assert session.consenting.question is not None
