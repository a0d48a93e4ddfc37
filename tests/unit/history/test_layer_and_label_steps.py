from __future__ import annotations

import numpy as np
import pytest

import phantoms
from pellucid.history.history import History
from pellucid.history.labels import DropLabels, SetLabelTable
from pellucid.history.layers import (
    AddLayer,
    MoveLayer,
    RemoveLayer,
    ReplaceVolume,
    SetLayerField,
)
from pellucid.model.document import Document
from pellucid.model.findings import Refused
from pellucid.model.labels import Label
from pellucid.model.layer import ImageLayer, LabelLayer, Provenance, blank_labels
from pellucid.model.volume import Volume

GRID = phantoms.grid()


def image(name: str, fill: int = 0) -> ImageLayer:
    return ImageLayer(name, (blank(fill),))


def blank(fill: int = 0) -> Volume:
    return phantoms.volume(np.full(GRID.size[::-1], fill, np.int16), GRID)


@pytest.fixture
def document() -> Document:
    return Document()


@pytest.fixture
def history(document: Document) -> History:
    return History(document)


def names(document: Document) -> list[str]:
    return [layer.name for layer in document.layers]


def test_layers_come_go_and_move_and_the_active_one_returns(document: Document, history: History) -> None:
    a, b, c = image("a"), image("b"), image("c")
    for layer in (a, b, c):
        history.do(AddLayer(layer))
    assert (names(document), document.active, history.undo_label) == (["a", "b", "c"], c, "Add c")
    history.do(MoveLayer(c, 0))
    document.active = a
    history.do(RemoveLayer(a))
    assert (names(document), document.active) == (["c", "b"], b)
    history.undo()
    assert (names(document), document.active) == (["c", "a", "b"], a)
    history.jump(2)
    assert (names(document), document.active) == (["a", "b"], a)
    history.jump(0)
    assert (names(document), document.active) == ([], None)
    history.jump(5)
    assert names(document) == ["c", "b"]


def test_steps_about_foreign_layers_are_refused_and_leave_no_trace(
    document: Document, history: History
) -> None:
    a = image("a")
    history.do(AddLayer(a))
    for wrong in (AddLayer(a), RemoveLayer(image("other")), MoveLayer(image("other"), 0)):
        with pytest.raises(ValueError, match="in the document"):
            history.do(wrong)
    assert (names(document), history.steps) == (["a"], ("Add a",))
    with pytest.raises(AttributeError):
        SetLayerField(a, "no such field", 1, "?")


def test_renaming_in_a_drag_is_one_step(document: Document, history: History) -> None:
    a = image("a")
    history.do(AddLayer(a))
    for name in ("ab", "abc"):
        history.do(SetLayerField(a, "name", name, f"Rename to {name}", merge_key="typing"))
    history.do(SetLayerField(a, "name", "abc", "nothing"))
    history.do(SetLayerField(a, "name", "z", "Rename"))
    assert history.steps == ("Add a", "Rename to abc", "Rename")
    history.jump(1)
    assert a.name == "a"
    history.jump(2)
    assert a.name == "abc"


def test_a_new_volume_costs_what_the_old_one_holds(document: Document, history: History) -> None:
    a = image("a")
    first, second = a.volume, blank(1)
    a.frames = (first, second)
    history.do(AddLayer(a))
    third, step = blank(2), Provenance("smoothing.gaussian", {"sigma": 2.0})
    history.do(ReplaceVolume(a, a.frames_with(third), (step,), "Gaussian (σ 2 mm)"))
    assert (a.frames, a.provenance, a.base) == ((third, second), (step,), (first, second))
    assert history.nbytes == pytest.approx(0, abs=1000), "the layer itself keeps what was before its first step"
    fourth = blank(3)
    history.do(ReplaceVolume(a, a.frames_with(fourth), (step, step), "Gaussian (σ 2 mm)"))
    assert a.base == (first, second)
    assert history.nbytes == pytest.approx(third.nbytes, abs=1000)
    history.undo()
    history.undo()
    assert (a.frames, a.provenance, a.base) == ((first, second), (), ())
    history.redo()
    assert (a.volume, a.base) == (third, (first, second))


def test_a_layer_whose_steps_came_without_a_base_gets_no_wrong_one(document: Document, history: History) -> None:
    a, step = image("a"), Provenance("smoothing.gaussian", {"sigma": 2.0})
    a.provenance = (step,)
    history.do(AddLayer(a))
    history.do(ReplaceVolume(a, (blank(1),), (step, step), "Again"))
    assert a.base == ()
    history.do(ReplaceVolume(a, (blank(2),), (), "As opened"))
    assert a.base == ()


def test_a_removed_layer_costs_what_it_holds(document: Document, history: History) -> None:
    a, labels = image("a"), LabelLayer("l", blank_labels(GRID))
    for layer in (a, labels):
        history.do(AddLayer(layer))
        before = history.nbytes
        history.do(RemoveLayer(layer))
        size = layer.volume.nbytes if isinstance(layer, ImageLayer) else layer.labels.array.nbytes
        assert history.nbytes - before == pytest.approx(size, abs=1000)


@pytest.fixture
def labels(history: History) -> LabelLayer:
    layer = LabelLayer("l", blank_labels(GRID))
    layer.labels.labels = (Label(1, "One", "#ff0000"), Label(2, "Two", "#00ff00"))
    layer.labels.array[3:6] = 1
    layer.labels.array[5:9, 4:8] = 2
    history.do(AddLayer(layer))
    return layer


def test_a_label_goes_with_its_voxels_and_returns_with_them(history: History, labels: LabelLayer) -> None:
    before, table = labels.labels.array.copy(), labels.labels.labels
    history.do(DropLabels(labels, {2}, "Delete label"))
    np.testing.assert_array_equal(labels.labels.array, np.where(before == 2, 0, before))
    assert [row.value for row in labels.labels.labels] == [1]
    history.undo()
    np.testing.assert_array_equal(labels.labels.array, before)
    assert labels.labels.labels == table
    labels.labels.edit_label(2, locked=True)
    with pytest.raises(Refused, match="Two"):
        DropLabels(labels, {2}, "Delete label")


def test_deleting_a_label_that_is_nowhere_is_no_step(history: History, labels: LabelLayer) -> None:
    history.do(DropLabels(labels, {77}, "Delete label"))
    assert len(history.steps) == 1
    history.do(SetLabelTable(labels, (*labels.labels.labels, Label(3, "Three", "#0000ff")), "Add label"))
    history.do(DropLabels(labels, {3}, "Delete label"))
    history.undo()
    assert [row.name for row in labels.labels.labels] == ["One", "Two", "Three"]


def test_what_is_hidden_stays_hidden_through_undo(history: History, labels: LabelLayer) -> None:
    rows = (Label(1, "Liver", "#ff0000"), Label(2, "Two", "#00ff00"))
    history.do(SetLabelTable(labels, rows, "Rename label"))
    labels.labels.edit_label(1, visible=False)
    for move in (history.undo, history.redo, history.undo):
        move()
        assert not labels.labels.label(1).visible
    assert labels.labels.label(1).name == "One"


def test_a_step_may_hide_and_then_undo_shows(history: History, labels: LabelLayer) -> None:
    rows = (Label(1, "One", "#ff0000", visible=False), Label(2, "Two", "#00ff00"))
    history.do(SetLabelTable(labels, rows, "Hide"))
    assert not labels.labels.label(1).visible
    history.undo()
    assert labels.labels.label(1).visible


def test_a_drag_through_colours_is_one_step(history: History, labels: LabelLayer) -> None:
    for color in ("#111111", "#222222", "#333333"):
        rows = (Label(1, "One", color), Label(2, "Two", "#00ff00"))
        history.do(SetLabelTable(labels, rows, "Recolour One", merge_key="colour 1"))
    assert history.steps == ("Add l", "Recolour One")
    history.undo()
    assert labels.labels.label(1).color == "#ff0000"
    history.redo()
    assert labels.labels.label(1).color == "#333333"
