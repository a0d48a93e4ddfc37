"""Several rows of a label table at once: alone, locked, merged, deleted, found, from files and to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import phantoms
from pellucid.files.label_tables import presets, read_table
from pellucid.history.layers import AddLayer
from pellucid.model.findings import Refused
from pellucid.model.labels import Label, LabelMap, Status
from pellucid.model.layer import LabelLayer, Provenance
from pellucid.model.slicing import plane_frame
from pellucid.model.view import Plane
from pellucid.session import Session

GRID = phantoms.oblique(phantoms.grid((40, 30, 20), (1.0, 1.5, 2.0)))


@pytest.fixture
def session():
    session = Session()
    session.said = []
    session.notice.connect(lambda text, severity: session.said.append((severity, text)))
    yield session
    session.close()


@pytest.fixture
def layer(session: Session) -> LabelLayer:
    rows = tuple(Label(n, f"Label {n}", "#123456") for n in (1, 2, 3, 4, 300))
    labels = LabelMap(GRID, None, rows)
    labels.make_room(np.uint16)
    labels.array[2:8, 2:8, 2:8] = 1
    labels.array[10:14, 10:20, 5:9] = 2
    labels.array[12:16, 12:22, 20:30] = 300
    layer = LabelLayer("Organs", labels)
    session.history.do(AddLayer(layer))
    session.document.active = layer
    return layer


def drained(session: Session) -> None:
    assert session.jobs.drain(120)


def seen(layer: LabelLayer) -> list[int]:
    return [row.value for row in layer.labels.labels if row.visible]


def test_a_label_is_shown_alone_and_then_all_as_before(session: Session, layer: LabelLayer) -> None:
    session.labelling.edit_label(layer, 3, visible=False)
    steps = session.history.steps
    session.label_tables.solo(layer, 2)
    assert seen(layer) == [2] and session.label_tables.is_solo(layer, 2)
    session.label_tables.solo(layer, 300)
    assert seen(layer) == [300] and not session.label_tables.is_solo(layer, 2)
    session.label_tables.solo(layer, 300)
    assert seen(layer) == [1, 2, 4, 300]
    assert session.history.steps == steps, "what is seen is no step"


def test_an_eye_turned_meanwhile_ends_showing_alone(session: Session, layer: LabelLayer) -> None:
    session.label_tables.solo(layer, 2)
    session.labelling.edit_label(layer, 1, visible=True)
    assert not session.label_tables.is_solo(layer, 2)
    session.label_tables.solo(layer, 1)
    session.label_tables.solo(layer, 1)
    assert seen(layer) == [1, 2], "as it was before it was shown alone"
    session.label_tables.show_all(layer)
    assert seen(layer) == [1, 2, 3, 4, 300]


def test_labels_are_locked_together_as_one_step(session: Session, layer: LabelLayer) -> None:
    session.label_tables.lock_others(layer, {2})
    assert [row.value for row in layer.labels.labels if row.locked] == [1, 3, 4, 300]
    assert session.history.steps[-1] == "Lock all other labels"
    session.label_tables.lock(layer, {1, 3}, locked=False)
    assert session.history.steps[-1] == "Unlock 2 labels"
    session.undo()
    session.undo()
    assert not any(row.locked for row in layer.labels.labels)


def test_labels_are_merged_as_one_step(session: Session, layer: LabelLayer) -> None:
    layer.provenance = tuple(Provenance("threshold.range", {}, ("CT",), label=n) for n in (1, 2, 300))
    before, steps = layer.labels.array.copy(), layer.provenance
    layer.active_label = 300
    session.label_tables.merge(layer, {2, 300}, 1)
    drained(session)
    expected = np.where(np.isin(before, (2, 300)), 1, before)
    np.testing.assert_array_equal(layer.labels.array, expected)
    assert [row.value for row in layer.labels.labels] == [1, 3, 4] and layer.active_label == 1
    assert session.history.steps[-1] == "Merge 2 labels into Label 1"
    assert [(step.label, step.operation) for step in layer.provenance] == [(1, "threshold.range"), (1, "hand.edit")]
    mask = before == 1
    for patch in layer.provenance[-1].patches:
        patch.put_into(mask)
    np.testing.assert_array_equal(mask, expected == 1)
    session.undo()
    np.testing.assert_array_equal(layer.labels.array, before)
    assert layer.provenance == steps and [row.value for row in layer.labels.labels] == [1, 2, 3, 4, 300]
    session.redo()
    np.testing.assert_array_equal(layer.labels.array, expected)


def test_voxels_painted_while_labels_are_merged_are_merged_too(session: Session, layer: LabelLayer) -> None:
    session.label_tables.merge(layer, {2}, 1)
    session.view.brush_diameter = 6.0
    layer.active_label = 2
    centre = GRID.index_to_world((20, 5, 5))
    frame = plane_frame(GRID, Plane.AXIAL)
    session.labelling.begin_stroke(frame, frame.slice_index(centre))
    session.labelling.stroke_to(centre)
    session.labelling.end_stroke()
    assert layer.labels.array[5, 5, 20] == 2
    drained(session)
    assert layer.labels.array[5, 5, 20] == 1 and not (layer.labels.array == 2).any()


def test_labels_are_deleted_together(session: Session, layer: LabelLayer) -> None:
    before = layer.labels.array.copy()
    session.label_tables.delete(layer, {1, 300})
    drained(session)
    np.testing.assert_array_equal(layer.labels.array, np.where(before == 2, 2, 0))
    assert session.history.steps[-1] == "Delete 2 labels" and layer.active_label == 2
    session.undo()
    np.testing.assert_array_equal(layer.labels.array, before)


def test_locked_labels_are_neither_merged_nor_deleted(session: Session, layer: LabelLayer) -> None:
    session.labelling.edit_label(layer, 2, locked=True)
    for action in (
        lambda: session.label_tables.merge(layer, {2, 3}, 1), lambda: session.label_tables.merge(layer, {1}, 2),
        lambda: session.label_tables.delete(layer, {2, 3}),
    ):  # fmt: skip
        with pytest.raises(Refused, match="“Label 2” is locked"):
            action()
    with pytest.raises(Refused, match="Select the labels to merge"):
        session.label_tables.merge(layer, {1}, 1)


def test_empty_labels_go_and_locked_ones_stay(session: Session, layer: LabelLayer) -> None:
    session.labelling.edit_label(layer, 4, locked=True)
    session.label_tables.delete_empty(layer)
    drained(session)
    assert [row.value for row in layer.labels.labels] == [1, 2, 4, 300]
    assert session.history.steps[-1] == "Delete 1 empty label"
    session.label_tables.delete_empty(layer)
    drained(session)
    assert session.said[-1] == ("info", "Every label of “Organs” has voxels.")


def test_the_crosshair_goes_to_the_middle_of_a_label(session: Session, layer: LabelLayer) -> None:
    session.label_tables.centre_on(layer, 300)
    drained(session)
    z, y, x = np.argwhere(layer.labels.array == 300).mean(axis=0)
    index = GRID.world_to_index(session.view.crosshair)
    assert np.abs(index - (x, y, z)).max() <= 0.5 + 1e-6
    session.label_tables.centre_on(layer, 3)
    drained(session)
    assert session.said[-1] == ("info", "“Label 3” has no voxels yet.")


def test_the_crosshair_goes_onto_a_ring_not_into_its_hole(session: Session, layer: LabelLayer) -> None:
    y, x = np.mgrid[:30, :40]
    ring = np.abs(np.hypot(x - 20.0, (y - 15) * 1.5) - 12) < 1
    layer.labels.array[9][ring] = 4
    session.label_tables.centre_on(layer, 4)
    drained(session)
    assert layer.labels.value_at(session.view.crosshair) == 4
    places = np.argwhere(layer.labels.array == 4)[:, ::-1]
    world = GRID.index_to_world(places)
    apart = np.linalg.norm(world - world.mean(axis=0), axis=1)
    assert np.linalg.norm(np.array(session.view.crosshair) - world.mean(axis=0)) == pytest.approx(apart.min())


def test_a_table_to_begin_with_is_one_step_and_keeps_other_rows(session: Session, layer: LabelLayer) -> None:
    preset = presets()[0]
    before = layer.labels.labels
    session.label_tables.take(layer, preset.labels, "Apply preset")
    assert layer.labels.labels[0] == preset.labels[0] and layer.labels.label(300).name == "Label 300"
    session.undo()
    assert layer.labels.labels == before


def test_tables_go_to_files_and_come_back(session: Session, layer: LabelLayer, tmp_path: Path) -> None:
    session.labelling.edit_label(layer, 2, status=Status.COMPLETED, notes="seen")
    assert session.history.steps[-1] == "Details of label Label 2"
    session.label_tables.write(layer, tmp_path / "t.csv")
    drained(session)
    assert read_table(tmp_path / "t.csv") == layer.labels.labels
    before = layer.labels.labels
    session.labelling.edit_label(layer, 2, name="Other")
    session.label_tables.read(layer, tmp_path / "t.csv")
    drained(session)
    assert layer.labels.labels == before and session.history.steps[-1] == "Import label table t.csv"
    (tmp_path / "bad.csv").write_text("value,name\nx,y\n")
    session.label_tables.read(layer, tmp_path / "bad.csv")
    drained(session)
    assert session.said[-1] == ("error", "bad.csv, line 2: “x” is not a whole number.")


def test_the_label_before_the_first_is_the_last(session: Session, layer: LabelLayer) -> None:
    for step, value in ((-1, 300), (-1, 4), (1, 300), (1, 1)):
        session.label_tables.step(layer, step)
        assert layer.active_label == value
