"""Operations with several inputs, and answers that are no image: in the session, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from operation_making import declared
from pellucid.model.annotations import Kind
from pellucid.model.findings import Refused
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer, Source
from pellucid.model.volume import Volume, geometry_of
from pellucid.session import Session
from pellucid.session.answers import MOST_POINTS
from pellucid.session.opening import Loaded

A = np.deg2rad(30)
TURNED = (np.cos(A), -np.sin(A), 0, np.sin(A), np.cos(A), 0, 0, 0, 1)


@pytest.fixture
def session():
    with declared():
        session = Session()
        yield session
        session.close()


def volume(array: np.ndarray, frame_of_reference: str = "") -> Volume:
    image = sitk.GetImageFromArray(array.astype(np.int16))
    image.SetSpacing((0.5, 0.75, 2.0))
    image.SetOrigin((-10.0, 5.0, 30.0))
    image.SetDirection(TURNED)
    return Volume(image, replace(geometry_of(image), frame_of_reference=frame_of_reference), unit="HU")


def add(session: Session, one: Volume, name: str) -> ImageLayer:
    return session.loading.add(Loaded((one,), (0.0, 400.0), name, Source()), replace=False)


def ramp(shape=(6, 8, 10)) -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape)


def test_any_number_of_images_are_named_in_the_recipe(session):
    layers = [add(session, volume(ramp() + n), f"CT {n}") for n in range(3)]
    session.document.active = layers[0]
    operation = session.running.operations()["test.sum"]
    offered = session.running.choices("test.sum", operation.ports[1])
    assert [title for title, _ in offered] == ["CT 1", "CT 2"]
    said = []
    session.notice.connect(lambda text, kind: said.append((text, kind)))
    session.running.apply("test.sum", {}, others=[choice for _, choice in offered])
    assert session.jobs.drain(120)
    assert np.array_equal(layers[0].volume.array, 3 * ramp() + 3)
    assert layers[0].provenance[-1].inputs == ("CT 0", "CT 1", "CT 2")
    assert said == [("Added.", "info")]


def test_images_of_another_grid_are_not_offered_where_the_grid_must_be_the_same(session):
    first = add(session, volume(ramp()), "CT")
    add(session, volume(ramp((6, 8, 11))), "wider")
    session.document.active = first
    assert session.running.choices("test.sum", session.running.operations()["test.sum"].ports[1]) == ()
    with pytest.raises(Refused, match="needs a second image"):
        session.running.apply("test.sum", {})


def test_points_become_annotations_in_one_step(session):
    array = np.zeros((6, 8, 10))
    array[2, 3, 4] = array[5, 7, 9] = 100
    layer = add(session, volume(array), "CT")
    session.running.apply("test.brightest", {})
    assert session.jobs.drain(120)
    made = list(session.document.annotations)
    assert [one.kind for one in made] == [Kind.ELLIPSE] * 2 and [one.name for one in made] == ["Spot 1", "Spot 2"]
    corners = np.array(made[0].points)
    centre = layer.volume.image.TransformIndexToPhysicalPoint((4, 3, 2))
    np.testing.assert_allclose(corners.mean(axis=0), centre)
    across = np.array(made[0].right), np.array(made[0].down)
    for axis in across:
        assert abs((corners[1] - corners[0]) @ axis) == pytest.approx(5.0)
    np.testing.assert_allclose(np.cross(*across), made[0].normal)
    assert len(session.history.steps) == 2
    session.undo()
    assert len(session.document.annotations) == 0


def test_too_many_points_are_cut_and_said(session):
    add(session, volume(np.ones((6, 10, 10))), "CT")
    said = []
    session.notice.connect(lambda text, _kind: said.append(text))
    session.running.apply("test.brightest", {})
    assert session.jobs.drain(120)
    assert len(session.document.annotations) == MOST_POINTS and "600 places; the 500 strongest" in said[0]


def test_points_are_previewed_where_they_lie(session):
    array = np.zeros((6, 20, 24))
    array[2, 8, 14] = 100
    layer = add(session, volume(array), "CT")
    session.visible_slices = lambda: ((2, 2), (2, 5), (1, 8), (0, 14))
    session.running.preview("test.brightest", {})
    assert session.jobs.drain(120)
    shown = layer.preview.slices
    assert layer.preview.is_mask and not shown[2, 5].any()
    for key, place in {(2, 2): (8, 14), (1, 8): (2, 14), (0, 14): (2, 8)}.items():
        assert shown[key][place], key
    rows, columns = np.nonzero(shown[2, 2])
    assert np.ptp(columns) * 0.5 == pytest.approx(5.0, abs=0.5), "a radius of 2.5 mm"
    assert np.ptp(rows) * 0.75 == pytest.approx(5.0, abs=0.75)
    assert session.history.steps == ("Open CT",)


def test_a_table_is_answered_live_and_with_a_mask(session):
    layer = add(session, volume(ramp()), "CT")
    labels = np.zeros((6, 8, 10), np.uint8)
    labels[3] = 1
    made = LabelLayer("Labels", LabelMap(layer.geometry, labels, (Label(1, "Liver", "#ff0000"),)))
    session.document.insert(1, made)
    session.document.active = layer
    session.visible_slices = lambda: ()
    tables = []
    session.running.answered.connect(tables.append)
    session.running.preview("test.mean", {})
    assert session.jobs.drain(120)
    operation = session.running.operations()["test.mean"]
    ((title, choice),) = session.running.choices("test.mean", operation.ports[1])
    assert title == "Liver – Labels"
    session.running.preview("test.mean", {}, (choice,))
    assert session.jobs.drain(120)
    session.running.apply("test.mean", {}, others=(choice,))
    assert session.jobs.drain(120)
    values = [table["mean"] for table in tables]
    assert values == pytest.approx([ramp().mean(), ramp()[3].mean(), ramp()[3].mean()])
    assert session.history.steps == ("Open CT",) and not layer.provenance


def test_another_space_is_no_partner_by_position(session, monkeypatch):
    operation = session.running.operations()["test.sum"]
    monkeypatch.setattr(session.running, "operations", lambda: {"test.sum": replace(operation, grids="aligned")})
    first = add(session, volume(ramp(), "1.2.3"), "CT")
    add(session, volume(ramp((6, 8, 11)), "1.2.4"), "MR")
    session.document.active = first
    ((title, choice),) = session.running.choices("test.sum", operation.ports[1])
    assert title == "MR (another grid)"
    with pytest.raises(Refused, match="different frames of reference"):
        session.running.apply("test.sum", {}, others=(choice,))
