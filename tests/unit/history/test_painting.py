from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import phantoms
from pellucid.history.history import History
from pellucid.history.layers import AddLayer
from pellucid.history.painting import PatchLabels, replace_label
from pellucid.history.stroke import Stroke
from pellucid.model.document import Document
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label
from pellucid.model.layer import LabelLayer, Provenance, blank_labels
from pellucid.model.slicing import layer_plane, plane_frame
from pellucid.model.view import Plane

FINE = phantoms.grid((100, 90, 60), (0.5, 0.7, 1.0))
GRIDS = {
    "anisotropic": FINE,
    "oblique": phantoms.oblique(FINE),
    "sheared": phantoms.sheared(FINE, 20),
    "oblique and sheared": phantoms.sheared(phantoms.oblique(FINE), 20),
}
DOCUMENT = Document()


def layer_on(geometry: Geometry) -> LabelLayer:
    layer = LabelLayer("Labels", blank_labels(geometry))
    layer.labels.labels = (Label(1, "One", "#ff0000"), Label(2, "Two", "#00ff00"))
    return layer


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("kind", GRIDS)
def test_a_disc_has_its_area_in_mm_and_lies_in_the_slice_shown(kind: str, plane: Plane) -> None:
    geometry = GRIDS[kind]
    layer, frame = layer_on(geometry), plane_frame(geometry, plane)
    centre, diameter = geometry.centre(), 20.0
    index = frame.slice_index(centre)
    Stroke(layer, 1, frame, index).dab(centre, diameter)
    z, y, x = np.nonzero(layer.labels.array)
    assert set((x, y, z)[frame.normal_axis]) == {index}
    offsets = phantoms.positions(geometry)[z, y, x] - frame.origin
    u, v = frame.plane_coordinates(centre)
    radii = np.hypot(offsets @ frame.right - u, offsets @ frame.down - v)
    assert radii.max() <= diameter / 2 * (1 + 1e-9)
    in_plane = np.delete(geometry.axes * geometry.spacing, frame.normal_axis, axis=1)
    pixel = np.linalg.norm(np.cross(*in_plane.T))
    assert len(x) * pixel == pytest.approx(np.pi * diameter**2 / 4, rel=0.03)


@pytest.mark.parametrize("kind", GRIDS)
def test_a_ball_has_its_volume_in_mm(kind: str) -> None:
    geometry = GRIDS[kind]
    layer, frame = layer_on(geometry), plane_frame(geometry, Plane.AXIAL)
    centre = geometry.centre()
    Stroke(layer, 1, frame, frame.slice_index(centre)).dab(centre, 24.0, ball=True)
    np.testing.assert_array_equal(layer.labels.array, phantoms.sphere(geometry, centre, 12.0 * (1 + 1e-9)))
    assert geometry.voxel_volume is not None
    assert layer.labels.array.sum() * geometry.voxel_volume == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.02)


def test_a_ball_on_an_uneven_stack_is_round_in_the_world() -> None:
    geometry = phantoms.uneven(np.delete(np.arange(60) * 1.0, [25, 26, 31]), FINE)
    layer, frame = layer_on(geometry), plane_frame(geometry, Plane.AXIAL)
    centre = geometry.index_to_world((50, 45, 28))
    Stroke(layer, 1, frame, 28).dab(centre, 20.0, ball=True)
    np.testing.assert_array_equal(layer.labels.array, phantoms.sphere(geometry, centre, 10.0 * (1 + 1e-9)))


def test_a_stroke_covers_the_line_between_two_points() -> None:
    layer, frame = layer_on(FINE), plane_frame(FINE, Plane.AXIAL)
    start, end = frame.world_at(10, 15, 30), frame.world_at(35, 40, 30)
    stroke = Stroke(layer, 1, frame, 30)
    stroke.dab(start, 6.0)
    stroke.dab(end, 6.0)
    length = np.linalg.norm(end - start)
    area = layer.labels.array.sum() * 0.5 * 0.7
    assert area == pytest.approx(length * 6 + np.pi * 9, rel=0.03)


@pytest.mark.parametrize("ball", [False, True])
def test_a_brush_smaller_than_a_voxel_paints_the_voxel_under_it(ball: bool) -> None:
    layer, frame = layer_on(FINE), plane_frame(FINE, Plane.CORONAL)
    index = frame.slice_index(FINE.centre())
    point = FINE.index_to_world((30.4, index, 20.4))
    Stroke(layer, 2, frame, index).dab(point, 0.1, ball=ball)
    assert np.argwhere(layer.labels.array).tolist() == [[20, index, 30]]


def test_a_disc_on_a_layer_askew_colours_what_the_plane_shows_of_it() -> None:
    reference = FINE
    geometry = phantoms.oblique(FINE, 20, 30, 10)
    layer, frame = layer_on(geometry), plane_frame(reference, Plane.AXIAL)
    centre = geometry.centre()
    index = frame.slice_index(centre)
    Stroke(layer, 1, frame, index).dab(centre, 20.0)
    image = layer_plane(layer.labels.array, geometry, frame, index)
    assert image is not None
    painted = float(image.array.sum()) * image.transform[0] * image.transform[4]
    assert painted == pytest.approx(np.pi * 100, rel=0.05)


def test_nothing_is_painted_beside_the_layer() -> None:
    layer, frame = layer_on(FINE), plane_frame(replace(FINE, origin=(0, 0, 500)), Plane.AXIAL)
    stroke = Stroke(layer, 1, frame, 3)
    stroke.dab(frame.world_at(20, 20, 3), 10.0)
    stroke.dab(frame.world_at(20, 20, 3), 10.0, ball=True)
    here = plane_frame(FINE, Plane.AXIAL)
    beside = Stroke(layer, 1, here, 3)
    beside.dab(here.world_at(-500, 20, 3), 10.0)
    assert stroke.commit() is None
    assert beside.commit() is None
    assert not layer.labels.array.any()


@pytest.mark.parametrize("erase", [False, True])
def test_locked_labels_are_never_painted_over(erase: bool) -> None:
    layer, frame = layer_on(FINE), plane_frame(FINE, Plane.AXIAL)
    rng = np.random.default_rng(0)
    layer.labels.array[:] = rng.integers(0, 4, layer.labels.array.shape)
    layer.labels.edit_label(2, locked=True)
    layer.labels.edit_label(3, locked=True)
    before = layer.labels.array.copy()
    stroke = Stroke(layer, 1, frame, 30, erase=erase)
    stroke.dab(FINE.centre(), 30.0, ball=True)
    kept = np.isin(before, (2, 3))
    np.testing.assert_array_equal(layer.labels.array[kept], before[kept])
    inside = phantoms.sphere(FINE, FINE.centre(), 14.9).astype(bool) & ~kept
    assert (layer.labels.array[inside] == (0 if erase else 1)).all()


def test_a_locked_or_impossible_label_cannot_be_painted_with() -> None:
    layer, frame = layer_on(FINE), plane_frame(FINE, Plane.AXIAL)
    layer.labels.edit_label(1, locked=True)
    with pytest.raises(Refused, match="locked"):
        Stroke(layer, 1, frame, 0)
    with pytest.raises(Refused, match="does not fit"):
        Stroke(layer, 65_536, frame, 0)
    Stroke(layer, 1, frame, 0, erase=True)


def test_a_stroke_is_one_small_step_and_exact_both_ways() -> None:
    layer, frame = layer_on(FINE), plane_frame(FINE, Plane.SAGITTAL)
    document = Document()
    history = History(document)
    history.do(AddLayer(layer))
    layer.labels.array[:, 20:40, :50] = 2
    before = layer.labels.array.copy()
    stroke = Stroke(layer, 1, frame, 40)
    for n in range(30):
        stroke.dab(frame.world_at(10 + n, 20 + n / 2, 40), 8.0)
    after = layer.labels.array.copy()
    command = stroke.commit()
    assert command is not None
    history.do(command)
    np.testing.assert_array_equal(layer.labels.array, after)
    assert (history.undo_label, len(history.steps)) == ("Paint One", 2)
    assert command.nbytes < 20_000
    history.undo()
    np.testing.assert_array_equal(layer.labels.array, before)
    history.redo()
    np.testing.assert_array_equal(layer.labels.array, after)


def test_an_aborted_stroke_leaves_no_trace() -> None:
    layer, frame = layer_on(FINE), plane_frame(FINE, Plane.AXIAL)
    layer.labels.array[:] = np.random.default_rng(0).integers(0, 3, layer.labels.array.shape)
    before = layer.labels.array.copy()
    stroke = Stroke(layer, 1, frame, 30)
    stroke.dab(FINE.centre(), 25.0, ball=True)
    stroke.dab(FINE.centre() + 5, 25.0, ball=True)
    assert (layer.labels.array != before).any()
    stroke.abort()
    np.testing.assert_array_equal(layer.labels.array, before)
    assert stroke.commit() is None


def test_changed_boxes_cover_every_changed_voxel() -> None:
    layer, frame = layer_on(FINE), plane_frame(FINE, Plane.AXIAL)
    shadow = layer.labels.array.copy()

    def copy(box: tuple[slice, slice, slice]) -> None:
        shadow[box] = layer.labels.array[box]

    layer.labels.changed.connect(copy)
    stroke = Stroke(layer, 1, frame, 30)
    for n in range(5):
        stroke.dab(FINE.centre() + n, 9.0, ball=n % 2 == 0)
        np.testing.assert_array_equal(shadow, layer.labels.array)
    command = stroke.commit()
    assert command is not None
    command.undo(DOCUMENT)
    np.testing.assert_array_equal(shadow, layer.labels.array)
    command.do(DOCUMENT)
    np.testing.assert_array_equal(shadow, layer.labels.array)


def test_a_label_is_replaced_by_a_mask_around_locked_labels() -> None:
    layer = layer_on(FINE)
    rng = np.random.default_rng(1)
    before = rng.integers(0, 4, layer.labels.array.shape).astype(np.uint8)
    layer.labels.array[:] = before
    layer.labels.edit_label(3, locked=True)
    mask = rng.random(before.shape) < 0.4
    step = Provenance("threshold.range")
    command = replace_label(layer, 1, mask, "Threshold", provenance=(step,))
    assert isinstance(command, PatchLabels)
    np.testing.assert_array_equal(layer.labels.array, before)
    command.do(DOCUMENT)
    expected = np.where(before == 3, 3, np.where(mask, 1, np.where(before == 1, 0, before)))
    np.testing.assert_array_equal(layer.labels.array, expected)
    first, overwritten = layer.provenance
    assert first == step
    assert (overwritten.operation, overwritten.label, overwritten.parameters["how"]) == ("hand.edit", 2, "overwritten")
    left = before == 2
    for patch in overwritten.patches:
        patch.put_into(left)
    np.testing.assert_array_equal(left, expected == 2)
    command.undo(DOCUMENT)
    np.testing.assert_array_equal(layer.labels.array, before)
    assert layer.provenance == ()


def test_replacing_touches_the_bounding_box_only_and_nothing_when_equal() -> None:
    layer = layer_on(FINE)
    mask = np.zeros(layer.labels.array.shape, bool)
    assert replace_label(layer, 1, mask, "empty") is None
    mask[40:44, 10:20, 30:33] = True
    command = replace_label(layer, 1, mask, "small")
    assert command is not None
    assert [patch.box for patch in command.patches] == [(slice(40, 44), slice(10, 20), slice(30, 33))]
    layer.labels.edit_label(1, locked=True)
    with pytest.raises(Refused, match="locked"):
        replace_label(layer, 1, mask, "locked")
    with pytest.raises(ValueError, match="does not fit"):
        replace_label(layer, 2, mask[1:], "wrong grid")


@pytest.mark.parametrize("ball", [False, True])
@pytest.mark.parametrize("kind", GRIDS)
def test_a_dab_covers_what_is_near_its_line_voxel_by_voxel(kind: str, ball: bool) -> None:
    """Against the distance of every voxel from the line, in every direction the line can take."""
    from pellucid.history.brush import Brush

    geometry, rng = GRIDS[kind], np.random.default_rng(6)
    positions = phantoms.positions(geometry)
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        frame = plane_frame(geometry, plane)
        vectors = np.stack([frame.right, frame.down, *([frame.normal] if ball else [])])
        for _ in range(4):
            ends = [geometry.index_to_world(rng.integers((20, 20, 15), (80, 70, 45))) for _ in range(2)]
            index, radius = frame.slice_index(ends[1]), float(rng.uniform(2, 9))
            found = Brush(geometry, frame, index).between(ends[0], ends[1], radius, ball=ball)
            assert found is not None
            box, inside = found
            start, end = (vectors @ point for point in ends)
            line = end - start
            places = positions[box] @ vectors.T
            share = np.clip((places - start) @ line / max(float(line @ line), 1e-12), 0, 1)
            near = np.linalg.norm(places - start - share[..., None] * line, axis=-1)
            sure = np.abs(near - radius) > 1e-6
            np.testing.assert_array_equal(inside[sure], near[sure] < radius)
