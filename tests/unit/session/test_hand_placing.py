"""Layers moved by hand: what moves, what follows, how it composes with what was there, what undo brings back."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from tests.unit.model.test_placement import bent, points_inside, rigid, smooth_image

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.layer import ImageLayer, LabelLayer, blank_labels
from pellucid.model.placement import Placement
from pellucid.model.rigid_parts import about, shift, turn, turn_of
from pellucid.model.volume import Volume, geometry_of
from pellucid.session.placements import placement_of
from pellucid.session.session import Session


def sitting(fixed: sitk.Image | None = None, moving: sitk.Image | None = None) -> tuple[Session, ImageLayer]:
    """Return a session with a fixed and a moving image, and the moving layer, which is active."""
    session = Session()
    for name, image in (("fixed", fixed), ("moving", moving)):
        image = smooth_image((12, 12, 8)) if image is None else image
        session.document.insert(len(session.document), ImageLayer(name, (Volume(image, geometry_of(image)),)))
    layer = session.document.images[1]
    session.document.active = layer
    return session, layer


def apply(motion: Floats, points: Floats) -> Floats:
    return points @ motion[:3, :3].T + motion[:3, 3]


def transformed(transform: sitk.Transform, points: Floats) -> Floats:
    return np.array([transform.TransformPoint(p) for p in points.tolist()])


MOTIONS = [
    shift([3.0, -2, 1]), turn([0.6, 0, 0.8], 25.0, [4.0, 5, 6]),
    about(turn_of((5.0, 10, 15)) @ np.diag([1.1, 0.9, 1.2]), [1.0, 2, 3], [4.0, 0, -2]),
]  # fmt: skip


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("kind", ["none", "rigid", "bent"])
def test_a_motion_comes_after_what_a_placement_did_before(kind: str, motion: Floats) -> None:
    """What lay at p lies at motion(p): checked against the transforms themselves, by SimpleITK."""
    image = smooth_image()
    session, layer = sitting(image, image)
    own = geometry_of(image)
    transform = {"none": sitk.Transform(3, sitk.sitkIdentity), "rigid": rigid(), "bent": bent(image)}[kind]
    if kind != "none":
        session.placing.put(layer, placement_of(transform, own, own))
    before = layer.placement
    session.hand_placing.nudge(motion)
    placement = layer.placement
    assert placement is not None
    points = points_inside(own)
    expected = transformed(transform, points)
    there = apply(motion, points)
    np.testing.assert_allclose(transformed(placement.transform, there), expected, atol=1e-6)
    assert np.abs(placement.to_own(there) - expected).max() < (0.05 if kind == "bent" else 1e-9)
    assert np.abs(placement.to_common(expected) - there).max() < 0.08
    session.hand_placing.nudge(motion)
    assert np.abs(transformed(layer.placement.transform, apply(motion, there)) - expected).max() < 1e-6
    if kind == "bent":
        parts = sitk.CompositeTransform(layer.placement.transform).GetNumberOfTransforms()
        assert parts == 3, "matrices that follow each other are one"
        assert before.warp is not None and before.title == ""
    session.history.undo()
    assert layer.placement is before, "motions that follow each other are one step"


def test_a_shift_of_a_bent_layer_shares_the_displacements() -> None:
    image = smooth_image()
    session, layer = sitting(image, image)
    own = geometry_of(image)
    session.placing.put(layer, placement_of(bent(image), own, own))
    before: Placement = layer.placement  # type: ignore[assignment]
    session.hand_placing.nudge(shift([1.0, 0, 0]))
    assert layer.placement is not None and layer.placement.warp is not None and before.warp is not None
    assert layer.placement.warp.displacement is before.warp.displacement


def test_a_drag_is_one_step_and_takes_labels_and_annotations_along() -> None:
    session, layer = sitting()
    labels = LabelLayer("labels", blank_labels(layer.volume.geometry), made_for=layer.id)
    session.document.insert(2, labels)
    point = Annotation(Kind.POINT, ((1.0, 2.0, 3.0),), layer=layer.id)
    other = Annotation(Kind.POINT, ((1.0, 2.0, 3.0),), layer=session.document.images[0].id)
    session.document.annotations.insert(0, point)
    session.document.annotations.insert(1, other)
    session.hand_placing.take()
    for n in (1.0, 2.0, 3.0):
        session.hand_placing.move(shift([n, 0, 0]))
        assert session.history.steps == ()
        assert labels.placement is layer.placement
        assert session.document.annotations[0].points[0] == pytest.approx((1 + n, 2, 3))
    session.hand_placing.let_go()
    assert session.history.steps == ("Move moving by hand",)
    assert session.document.annotations[0].points[0] == pytest.approx((4, 2, 3))
    assert session.document.annotations[1] is other
    after = layer.placement
    session.undo()
    assert layer.placement is None and labels.placement is None
    assert session.document.annotations[0] is point
    session.redo()
    assert layer.placement is after is labels.placement


@pytest.mark.parametrize("motion", MOTIONS)
def test_what_is_drawn_goes_along_as_it_will_lie(motion: Floats) -> None:
    """While it is dragged a drawing is where the step puts it in the end."""
    image = smooth_image()
    session, layer = sitting(image, image)
    own = geometry_of(image)
    session.placing.put(layer, placement_of(bent(image), own, own))
    inside = points_inside(own, 3)
    drawn = Annotation(Kind.POLYGON, tuple(tuple(p) for p in inside), layer=layer.id)  # type: ignore[misc]
    session.document.annotations.insert(0, drawn)
    session.hand_placing.take()
    session.hand_placing.move(motion)
    shown = session.document.annotations[0]
    session.hand_placing.let_go()
    kept = session.document.annotations[0]
    for field in ("points", "right", "down", "normal"):
        np.testing.assert_allclose(getattr(shown, field), getattr(kept, field), atol=0.05)
    assert np.abs(np.subtract(shown.points, drawn.points)).max() > 0.5


def test_escape_puts_everything_back_and_leaves_no_step() -> None:
    session, layer = sitting()
    point = Annotation(Kind.POINT, ((1.0, 2.0, 3.0),), layer=layer.id)
    session.document.annotations.insert(0, point)
    session.hand_placing.take()
    session.hand_placing.move(shift([5.0, 0, 0]))
    session.hand_placing.put_back()
    assert layer.placement is None
    assert session.document.annotations[0] is point
    assert session.history.steps == ()
    session.hand_placing.move(shift([5.0, 0, 0]))
    session.hand_placing.let_go()
    assert layer.placement is None


def test_undo_while_something_is_in_the_hand_ends_that() -> None:
    session, layer = sitting()
    session.hand_placing.nudge(shift([1.0, 0, 0]))
    session.hand_placing.take()
    session.hand_placing.move(shift([5.0, 0, 0]))
    session.undo()
    session.hand_placing.move(shift([9.0, 0, 0]))
    session.hand_placing.let_go()
    assert layer.placement is None
    session.redo()
    np.testing.assert_allclose(layer.placement.matrix[:3, 3], [-1, 0, 0])  # type: ignore[union-attr]


def test_nudges_that_follow_each_other_are_one_step() -> None:
    session, layer = sitting()
    for _ in range(3):
        session.hand_placing.nudge(shift([1.0, 0, 0]))
    assert len(session.history.steps) == 1
    session.hand_placing.take()
    session.hand_placing.move(shift([1.0, 0, 0]))
    session.hand_placing.let_go()
    session.hand_placing.nudge(shift([1.0, 0, 0]))
    assert len(session.history.steps) == 3
    np.testing.assert_allclose(layer.placement.matrix[:3, 3], [-5, 0, 0])  # type: ignore[union-attr]


def test_numbers_are_those_that_were_set_and_reset_takes_them_back() -> None:
    session, layer = sitting()
    hand = session.hand_placing
    assert hand.parts(layer).shifts == (0, 0, 0)
    wanted = hand.parts(layer).__class__((3.0, -2.0, 1.0), (10.0, 20.0, -30.0), 1.2, hand.parts(layer).pivot)
    hand.set_parts(layer, wanted)
    found = hand.parts(layer)
    np.testing.assert_allclose(found.shifts, wanted.shifts, atol=1e-9)
    np.testing.assert_allclose(found.angles, wanted.angles, atol=1e-9)
    assert found.scale == pytest.approx(1.2)
    np.testing.assert_allclose(layer.geometry.centre() - layer.volume.geometry.centre(), wanted.shifts, atol=1e-9)
    with pytest.raises(Refused, match="more than 0"):
        hand.set_parts(layer, wanted.__class__(scale=0.0))
    hand.reset(layer)
    assert layer.placement is None
    hand.centre(layer)
    np.testing.assert_allclose(layer.geometry.centre(), session.document.images[0].geometry.centre(), atol=1e-9)


def test_numbers_of_a_bent_layer_change_its_linear_part_only() -> None:
    image = smooth_image()
    session, layer = sitting(image, image)
    own: Geometry = geometry_of(image)
    session.placing.put(layer, placement_of(bent(image), own, own))
    hand = session.hand_placing
    before, place = hand.parts(layer), layer.placement.to_common(points_inside(own))  # type: ignore[union-attr]
    hand.set_parts(layer, before.__class__((7.0, 0.0, 0.0), before.angles, before.scale, before.pivot, before.stretch))
    found = hand.parts(layer)
    np.testing.assert_allclose(found.shifts, (7, 0, 0), atol=1e-9)
    np.testing.assert_allclose(found.angles, before.angles, atol=1e-9)
    assert layer.placement is not None and layer.placement.warp is not None
    assert place.shape == (200, 3)


def test_pictures_are_moved_in_their_plane_by_transforms_of_two_dimensions() -> None:
    picture = sitk.Image(20, 10, sitk.sitkUInt8)
    session, layer = sitting(picture, picture)
    session.hand_placing.nudge(turn([0, 0, 1], 30.0, [5.0, 5, 0]))
    assert layer.placement is not None and layer.placement.transform.GetDimension() == 2
    assert session.hand_placing.is_planar(layer)
    assert session.hand_placing.parts(layer).angles == pytest.approx((0, 0, 30))


def test_the_image_that_is_to_be_registered_is_moved() -> None:
    session, layer = sitting()
    fixed = session.document.images[0]
    session.document.insert(2, ImageLayer("third", layer.frames))
    assert session.hand_placing.fixed_and_moving() == (fixed, layer)
    session.registering.choosing.choose(moving=session.document.images[2].id)
    assert session.hand_placing.moving() is session.document.images[2]
    session.remove(session.document.images[2])
    assert session.hand_placing.moving() is layer


def test_says_what_is_missing() -> None:
    session, layer = sitting()
    session.remove(layer)
    with pytest.raises(Refused, match="second image"):
        session.hand_placing.take()
    assert session.hand_placing.moving() is None
