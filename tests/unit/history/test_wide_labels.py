"""Label values above 255: the map becomes wider when one comes in, and undo brings the very values back."""

from __future__ import annotations

import numpy as np
import pytest

import phantoms
from pellucid.history.annotations import ReplaceLabelMap
from pellucid.history.history import History
from pellucid.history.labels import DropLabels
from pellucid.history.painting import Patch, PatchLabels, replace_label
from pellucid.history.stroke import Stroke
from pellucid.model.document import Document
from pellucid.model.findings import Refused
from pellucid.model.labels import MAX_VALUE, Label, LabelMap
from pellucid.model.layer import LabelLayer, blank_labels
from pellucid.model.slicing import plane_frame
from pellucid.model.view import Plane

GRID = phantoms.grid((40, 30, 20), (1.0, 1.0, 1.0))


@pytest.fixture
def layer() -> LabelLayer:
    layer = LabelLayer("Labels", blank_labels(GRID))
    layer.labels.labels = (Label(1, "One", "#ff0000"), Label(300, "Far", "#00ff00"), Label(301, "Farther", "#0000ff"))
    return layer


@pytest.fixture
def history() -> History:
    return History(Document())


def stroke(layer: LabelLayer, value: int, history: History, *, erase: bool = False) -> None:
    frame = plane_frame(GRID, Plane.AXIAL)
    painted = Stroke(layer, value, frame, 10, erase=erase)
    painted.dab(GRID.centre(), 12.0)
    command = painted.commit()
    assert command is not None
    history.do(command)


def test_painting_a_label_above_255_makes_the_map_wider_and_undo_brings_the_values_back(
    layer: LabelLayer, history: History
) -> None:
    stroke(layer, 1, history)
    before = layer.labels.array.copy()
    assert before.dtype == np.uint8
    stroke(layer, 300, history)
    after = layer.labels.array.copy()
    assert after.dtype == np.uint16
    assert set(np.unique(after)) == {0, 300}
    history.undo()
    np.testing.assert_array_equal(layer.labels.array, before)
    history.undo()
    assert not layer.labels.array.any()
    history.redo()
    np.testing.assert_array_equal(layer.labels.array, before)
    history.redo()
    np.testing.assert_array_equal(layer.labels.array, after)


def test_steps_before_the_widening_are_undone_after_it(layer: LabelLayer, history: History) -> None:
    stroke(layer, 1, history)
    stroke(layer, 301, history)
    stroke(layer, 300, history, erase=True)
    for _ in range(3):
        history.undo()
    assert not layer.labels.array.any()


def test_a_stroke_that_is_given_up_leaves_the_values(layer: LabelLayer, history: History) -> None:
    stroke(layer, 1, history)
    before = layer.labels.array.copy()
    painted = Stroke(layer, 300, plane_frame(GRID, Plane.AXIAL), 10)
    painted.dab(GRID.centre(), 6.0)
    painted.abort()
    np.testing.assert_array_equal(layer.labels.array, before)


def test_a_mask_becomes_a_label_above_255(layer: LabelLayer, history: History) -> None:
    stroke(layer, 1, history)
    before = layer.labels.array.copy()
    mask = np.zeros(layer.labels.shape, bool)
    mask[5:15, 5:15, 5:15] = True
    command = replace_label(layer, 300, mask, "Threshold")
    assert command is not None
    assert layer.labels.array.dtype == np.uint8, "a worker may ask for the step; only doing it may change the map"
    history.do(command)
    np.testing.assert_array_equal(layer.labels.mask(300), mask)
    np.testing.assert_array_equal(layer.labels.mask(1), (before == 1) & ~mask)
    history.undo()
    np.testing.assert_array_equal(layer.labels.array, before)


def test_locked_labels_above_255_keep_their_voxels(layer: LabelLayer, history: History) -> None:
    layer.labels.edit_label(301, locked=True)
    stroke(layer, 1, history)  # the row does not fit the narrow map yet, and is in nobody's way
    stroke(layer, 300, history)
    layer.labels.edit_label(300, locked=True)
    painted = Stroke(layer, 1, plane_frame(GRID, Plane.AXIAL), 10)
    painted.dab(GRID.centre(), 8.0)
    assert painted.commit() is None


def test_deleting_a_label_above_255_and_undo(layer: LabelLayer, history: History) -> None:
    stroke(layer, 300, history)
    before = layer.labels.array.copy()
    history.do(DropLabels(layer, {300}, "Delete label"))
    assert not layer.labels.array.any()
    history.undo()
    np.testing.assert_array_equal(layer.labels.array, before)


def test_a_patch_remembers_its_type(layer: LabelLayer) -> None:
    box = (slice(0, 1), slice(0, 2), slice(0, 2))
    wide = np.full((1, 2, 2), 700, np.uint16)
    command = PatchLabels(layer, [Patch.of(box, layer.labels.array[box], wide)], "Fill")
    command.do(Document())
    np.testing.assert_array_equal(layer.labels.array[box], wide)
    command.undo(Document())
    assert not layer.labels.array.any()


def test_values_beyond_what_voxels_can_hold_are_refused(layer: LabelLayer) -> None:
    layer.labels.set_label(Label(MAX_VALUE + 1, "Too far", "#123456"))
    with pytest.raises(Refused, match="65536"):
        Stroke(layer, MAX_VALUE + 1, plane_frame(GRID, Plane.AXIAL), 10)


def test_maps_that_share_voxels_share_the_wider_ones(layer: LabelLayer, history: History) -> None:
    calibrated = phantoms.grid((40, 30, 20), (2.0, 2.0, 1.0))
    history.do(ReplaceLabelMap(layer, LabelMap(calibrated, layer.labels.array, layer.labels.labels), "Calibrate"))
    history.do(_painted_box(layer, 1))
    history.do(_painted_box(layer, 300))
    for _ in range(3):
        history.undo()
    assert layer.geometry.same_grid(GRID)
    assert not layer.labels.array.any()
    for _ in range(3):
        history.redo()
    assert set(np.unique(layer.labels.array)) == {0, 300}


def _painted_box(layer: LabelLayer, value: int) -> PatchLabels:
    mask = np.zeros(layer.labels.shape, bool)
    mask[2:4, 2:4, 2:4] = True
    command = replace_label(layer, value, mask, "Box")
    assert command is not None
    return command


@pytest.mark.parametrize(
    ("values", "free"), [((), 1), ((1, 2, 3), 4), ((2, 3), 1), ((1, 3), 2), ((1, 2, 4, 5, 9), 3), ((5,), 1)]
)
def test_the_free_value_is_the_lowest_that_no_label_uses(values: tuple[int, ...], free: int) -> None:
    labels = blank_labels(GRID)
    labels.labels = tuple(Label(value, str(value), "#000000") for value in values)
    assert labels.free_value() == free


def test_the_table_is_the_same_object_until_it_changes(layer: LabelLayer) -> None:
    rows = layer.labels.labels
    assert layer.labels.labels is rows
    layer.labels.set_label(Label(7, "New", "#000000"))
    assert [row.value for row in layer.labels.labels] == [1, 7, 300, 301]
    layer.labels.edit_label(1, name="Other")
    assert layer.labels.labels[0].name == "Other"
