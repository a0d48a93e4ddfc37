"""Jumping to a measurement: a pane looks at it again, however the planes were turned meanwhile."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.oblique import combined, turn_about
from pellucid.model.view import Layout, Plane, PlaneMode
from pellucid.model.volume import Volume, image_from_array
from pellucid.session import Session

TURN = combined(turn_about((0.0, 0.0, 1.0), 25.0), combined(turn_about((0.6, 0.8, 0.0), 10.0), IDENTITY))


@pytest.fixture
def session():
    session = Session()
    geometry = Geometry((30, 24, 20), (1.0, 1.5, 2.0), frame_of_reference="1.2.3")
    image = image_from_array(np.zeros((20, 24, 30), np.int16), geometry)
    session.document.insert(0, ImageLayer("CT", (Volume(image, geometry),)))
    session.centre_crosshair()
    yield session
    session.close()


def drawn(session, plane):
    """Return a length as it would be drawn on the slice a pane of a plane shows."""
    pane = next(pane for pane in session.view.shown if pane.plane is plane)
    frame, at = session.viewing.frame(pane), np.array(session.viewing.position(pane))
    ends = (at - 3 * frame.right, at + 4 * frame.down)
    vectors = [tuple(map(float, v)) for v in (*ends, frame.normal, frame.right, frame.down)]
    line = Annotation(Kind.LENGTH, tuple(vectors[:2]), *vectors[2:], layer=session.document.images[0].id)
    session.measuring.add(line)
    return line


def seen(session, line):
    """Return the panes whose slice holds all points of a measurement."""
    found = []
    for pane in session.view.shown:
        frame, at = session.viewing.frame(pane), np.array(session.viewing.position(pane))
        if not pane.information and all(abs((np.array(p) - at) @ frame.normal) < 1e-6 for p in line.points):
            found.append(pane.plane)
    return found


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL])
def test_planes_turn_back_to_what_was_drawn_on_turned_ones(session, plane):
    session.view.rotation = TURN
    line = drawn(session, plane)
    session.view.rotation = IDENTITY
    session.view.crosshair = (1.0, 2.0, 3.0)
    session.measuring.go_to(line)
    assert seen(session, line) == [plane]
    frame = session.viewing.frame(next(p for p in session.view.shown if p.plane is plane))
    assert abs(frame.normal @ np.array(line.normal)) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL])
def test_turned_planes_become_straight_for_what_was_drawn_on_straight_ones(session, plane):
    line = drawn(session, plane)
    session.view.rotation = TURN
    session.measuring.go_to(line)
    assert session.view.rotation == IDENTITY and plane in seen(session, line)


def test_a_single_pane_changes_its_plane(session):
    line = drawn(session, Plane.CORONAL)
    session.view.layout = Layout.SINGLE
    session.measuring.go_to(line)
    assert seen(session, line) == [Plane.CORONAL]
    assert session.view.rotation == IDENTITY


def test_planes_that_see_it_stay_as_they_are(session):
    session.view.rotation = TURN
    line = drawn(session, Plane.AXIAL)
    session.measuring.go_to(line)
    assert session.view.rotation == TURN


def test_what_was_drawn_in_another_mode_is_faced(session):
    oblique = Geometry((30, 24, 20), (1.0, 1.5, 2.0), direction=TURN)
    image = image_from_array(np.zeros((20, 24, 30), np.int16), oblique)
    session.document.insert(1, ImageLayer("MR", (Volume(image, oblique),)))
    session.document.remove(session.document.images[0])
    session.centre_crosshair()
    session.view.plane_mode = PlaneMode.ANATOMICAL
    line = drawn(session, Plane.SAGITTAL)
    session.view.plane_mode = PlaneMode.NEAREST
    session.measuring.go_to(line)
    assert Plane.SAGITTAL in seen(session, line)
