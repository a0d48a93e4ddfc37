"""Painting leaves steps that make the same label again; every label remembers what was done to it."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace

import numpy as np
import pytest

import phantoms
from pellucid.history.hand_steps import hand_bytes
from pellucid.history.history import History
from pellucid.history.labels import DropLabels
from pellucid.history.layers import AddLayer
from pellucid.history.painting import replace_label
from pellucid.history.stroke import Stroke
from pellucid.model.document import Document
from pellucid.model.hand_edits import HandPatch
from pellucid.model.labels import Label
from pellucid.model.layer import HAND_EDIT, LabelLayer, Provenance, blank_labels
from pellucid.model.slicing import plane_frame
from pellucid.model.view import Plane

GRID = phantoms.oblique(phantoms.grid((40, 150, 20), (1.0, 1.3, 2.0)))
FRAME = plane_frame(GRID, Plane.AXIAL)


@pytest.fixture
def layer() -> LabelLayer:
    layer = LabelLayer("Labels", blank_labels(GRID))
    layer.labels.labels = (Label(1, "One", "#ff0000"), Label(2, "Two", "#00ff00"))
    return layer


@pytest.fixture
def history(layer: LabelLayer) -> History:
    history = History(Document())
    history.do(AddLayer(layer))
    return history


def paint(history: History, layer: LabelLayer, value: int, *points: tuple[float, float], erase: bool = False) -> None:
    stroke = Stroke(layer, value, FRAME, 10, erase=erase)
    for point in points:
        stroke.dab(FRAME.world_at(*point, 10), 12.0, ball=True)
    command = stroke.commit()
    assert command is not None
    history.do(command)


def made_by_hand(layer: LabelLayer, value: int) -> np.ndarray:
    """Make a label again from nothing but its hand edits."""
    mask = np.zeros(layer.labels.shape, bool)
    for step in layer.provenance:
        if step.label == value:
            for patch in step.patches:
                patch.put_into(mask)
    return mask


def facts(layer: LabelLayer) -> list[tuple[int, object, object]]:
    return [(step.label, step.parameters.get("how"), step.parameters.get("strokes")) for step in layer.provenance]


def test_strokes_in_a_row_are_one_step_that_keeps_every_patch(history: History, layer: LabelLayer) -> None:
    for point in ((10, 20), (20, 120), (12, 22)):
        paint(history, layer, 1, point, (point[0] + 3, point[1] + 9))
    assert facts(layer) == [(1, "painted", 3)]
    assert layer.provenance[0].operation == HAND_EDIT
    assert np.array_equal(made_by_hand(layer, 1), layer.labels.mask(1)) and layer.labels.mask(1).any()
    history.undo()
    assert facts(layer) == [(1, "painted", 2)]
    assert np.array_equal(made_by_hand(layer, 1), layer.labels.mask(1))


def test_every_label_remembers_what_was_done_to_it(history: History, layer: LabelLayer) -> None:
    paint(history, layer, 1, (10, 20), (30, 60))
    paint(history, layer, 2, (20, 40))
    paint(history, layer, 1, (25, 45), erase=True)
    assert facts(layer) == [
        (1, "painted", 1), (1, "overwritten", 1), (2, "painted", 1), (1, "erased", 1), (2, "erased", 1)
    ]  # fmt: skip
    for value in (1, 2):
        assert np.array_equal(made_by_hand(layer, value), layer.labels.mask(value))


def test_a_mask_over_another_label_is_remembered_there_only(history: History, layer: LabelLayer) -> None:
    paint(history, layer, 2, (10, 20), (30, 60))
    mask = np.zeros(layer.labels.shape, bool)
    mask[:, :45] = True
    step = Provenance("threshold.range", label=1)
    command = replace_label(layer, 1, mask, "Threshold", provenance=(*layer.provenance, step))
    assert command is not None
    history.do(command)
    assert facts(layer) == [(2, "painted", 1), (1, None, None), (2, "overwritten", 1)]
    assert np.array_equal(made_by_hand(layer, 2), layer.labels.mask(2)) and layer.labels.mask(2).any()


def test_a_deleted_label_takes_its_steps_with_it_and_brings_them_back(history: History, layer: LabelLayer) -> None:
    paint(history, layer, 1, (10, 20))
    paint(history, layer, 2, (30, 90))
    before = layer.provenance
    history.do(DropLabels(layer, {1}, "Delete label"))
    assert [step.label for step in layer.provenance] == [2]
    history.undo()
    assert layer.provenance == before


def test_the_history_counts_the_patches(history: History, layer: LabelLayer) -> None:
    paint(history, layer, 1, (10, 20), (30, 60))
    first = history.nbytes
    assert first > hand_bytes(layer.provenance, ()) > 0
    paint(history, layer, 1, (10, 90))
    step = layer.provenance[0]
    assert history.nbytes - first < sum(patch.nbytes for patch in step.patches) + 4000


PATCH = HandPatch.of((1, 2, 3), np.ones((2, 3, 4), bool), (8, 8, 8), inside=True)


@pytest.mark.parametrize(
    "damaged",
    [
        {"voxels": "no base 64!"}, {"voxels": base64.b64encode(b"no zlib").decode()}, {"voxels": ""},
        {"voxels": base64.b64encode(zlib.compress(b"\0" * 10_000_000)).decode()},
        {"start": (7, 2, 3)}, {"start": (-1, 2, 3)}, {"shape": (2, 3, 400)}, {"shape": (0, 3, 4)},
    ],
)  # fmt: skip
def test_a_damaged_patch_is_found_out(damaged: dict[str, object]) -> None:
    assert PATCH.changed().all()
    with pytest.raises(ValueError, match=r"voxels|box"):
        replace(PATCH, **damaged).changed()
